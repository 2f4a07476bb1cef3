"""The policies of the company's Okta with their rules, as they stood at an instant."""

from __future__ import annotations

from datetime import date
from typing import Any

from muniment.sandbox.okta_access import ADMINISTRATORS, CONFERENCE, EVERYONE, VENDORS, native_id
from muniment.sandbox.times import at, iso_ms

Json = dict[str, Any]
_BEGIN = iso_ms(at(date(2023, 1, 2), 8))
ANYWHERE = {"network": {"connection": "ANYWHERE"}}
_PASSWORD = [{"knowledge": {"types": ["password"], "reauthenticateIn": "PT2H"}}]
_KEY = [{"possession": {"phishingResistant": "REQUIRED", "userPresence": "REQUIRED"}}]
#: type -> (name of its id, title, group that it is for) in the order of evaluation
_POLICIES: dict[str, tuple[tuple[str, str, str | None], ...]] = {
    "OKTA_SIGN_ON": (("conference", "Lent devices", CONFERENCE), ("default", "Default", EVERYONE)),
    "ACCESS_POLICY": (
        ("dashboard", "Okta Dashboard", None), ("administration", "Okta Admin Console", None),
        ("two_factors", "Any two factors", None),
    ),
    "MFA_ENROLL": (("enrolment", "Default Policy", EVERYONE),),
    "PASSWORD": (("password", "Default Policy", EVERYONE),),
}  # fmt: skip
_PREFIX = {"ACCESS_POLICY": "rst"}


def policies(policy_type: str) -> list[Json]:
    """Every policy of a type as the API gives it; none of a type that there is not."""
    return [
        {
            "id": native_id(_PREFIX.get(policy_type, "00p"), name), "type": policy_type,
            "name": title, "status": "ACTIVE", "system": title.startswith("Default"),
            "description": title, "created": _BEGIN, "lastUpdated": _BEGIN,
            "priority": 1 if policy_type == "ACCESS_POLICY" else place,
            "conditions": _people(group) if group else None,
        }
        for place, (name, title, group) in enumerate(_POLICIES.get(policy_type, ()), start=1)
    ]  # fmt: skip


def rules(policy_id: str, is_weak: bool) -> list[Json] | None:
    """The rules of one policy; None where there is no such policy."""
    for policy_type, found in _POLICIES.items():
        for name, _, _ in found:
            if native_id(_PREFIX.get(policy_type, "00p"), name) == policy_id:
                return _rules(policy_type, name, is_weak)
    return None


def _rules(policy_type: str, name: str, is_weak: bool) -> list[Json]:
    if policy_type == "OKTA_SIGN_ON":
        return _session_rules(name, is_weak)
    if policy_type == "ACCESS_POLICY":
        return _application_rules(name)
    return [_rule(f"{name} default", "Default Rule", policy_type, 1, {}, is_system=True)]


def _session_rules(name: str, is_weak: bool) -> list[Json]:
    if name == "conference":
        rule = _rule(
            "conference password", "Password on lent devices", "SIGN_ON", 1, _signon(False)
        )
        return [{**rule, "status": "ACTIVE" if is_weak else "INACTIVE"}]
    return [
        _rule("vendors", "Vendor staff", "SIGN_ON", 1, _signon(True), _people(VENDORS)),
        _rule("default", "Default Rule", "SIGN_ON", 2, _signon(True), is_system=True),
    ]


def _application_rules(name: str) -> list[Json]:
    catch_all = {
        "dashboard": _app_sign_on("1FA", _PASSWORD),
        "administration": _app_sign_on("2FA", _KEY),
        "two_factors": _app_sign_on("2FA", []),
    }[name]
    found = [
        _rule(f"{name} rest", "Catch-all Rule", "ACCESS_POLICY", 99, catch_all, is_system=True)
    ]
    if name == "dashboard":
        keys = _app_sign_on("2FA", _KEY)
        administrators = _people(ADMINISTRATORS)
        found.insert(
            0, _rule("dashboard keys", "Administrators", "ACCESS_POLICY", 0, keys, administrators)
        )
    return found


def _rule(
    key: str, title: str, rule_type: str, priority: int, actions: Json,
    conditions: Json | None = None, *, is_system: bool = False,
) -> Json:  # fmt: skip
    prefix = "rul" if rule_type == "ACCESS_POLICY" else "0pr"
    return {
        "id": native_id(prefix, key), "type": rule_type, "name": title, "status": "ACTIVE",
        "priority": priority, "system": is_system, "created": _BEGIN, "lastUpdated": _BEGIN,
        "conditions": {**ANYWHERE, **(conditions or {})}, "actions": actions,
    }  # fmt: skip


def _people(group: str) -> Json:
    return {"people": {"groups": {"include": [native_id("00g", group)]}}}


def _signon(requires_factor: bool) -> Json:
    return {
        "signon": {
            "access": "ALLOW", "requireFactor": requires_factor, "primaryFactor": "PASSWORD_IDP",
            "rememberDeviceByDefault": False,
            **({"factorPromptMode": "ALWAYS"} if requires_factor else {}),
            "session": {"usePersistentCookie": False, "maxSessionIdleMinutes": 120},
        }
    }  # fmt: skip


def _app_sign_on(mode: str, constraints: list[Json]) -> Json:
    method = {"type": "ASSURANCE", "factorMode": mode, "reauthenticateIn": "PT2H",
              "constraints": constraints}  # fmt: skip
    return {"appSignOn": {"access": "ALLOW", "verificationMethod": method}}
