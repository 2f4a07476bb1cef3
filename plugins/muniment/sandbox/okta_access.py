"""What decides about access in the company's Okta: groups, applications, policies, at an instant.

The tenant is an Identity Engine. The session's rule asks everybody for a second factor, the
dashboard's for none beside it, so that a weak rule for the session lets its group in with a
password alone. Each thing bears the id by which the API knows it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from muniment.sandbox.accounts import TENANT_URL, Accounts
from muniment.sandbox.people import Company, Person
from muniment.sandbox.plan import Plan
from muniment.sandbox.times import at, dice, iso_ms

Json = dict[str, Any]
#: made with the tenant
_BEGIN = at(date(2023, 1, 2), 8)
EVERYONE, VENDORS, ADMINISTRATORS, CONFERENCE = "everyone", "vendors", "administrators", "loan"
_GROUPS = {
    EVERYONE: ("Everyone", "All users in your organization"),
    VENDORS: ("Vendor staff", "People of the two vendors"),
    ADMINISTRATORS: ("IT administrators", "Hold an administrator role"),
    CONFERENCE: ("Conference loan devices", "Sign in on devices that are lent"),
}
#: name in Okta's catalogue -> (label, sign-on mode, the policy that asks)
_APPLICATIONS = {
    "okta_enduser": ("Okta Dashboard", "OPENID_CONNECT", "dashboard"),
    "saasure": ("Okta Admin Console", "OPENID_CONNECT", "administration"),
    "githubcloud": ("GitHub Enterprise Cloud", "SAML_2_0", "two_factors"),
    "harbourline_claims_1": ("Claims portal", "OPENID_CONNECT", "two_factors"),
}
_OPEN_TO = {
    "okta_enduser": EVERYONE, "saasure": ADMINISTRATORS, "githubcloud": EVERYONE,
    "harbourline_claims_1": VENDORS,
}  # fmt: skip


def native_id(prefix: str, name: str) -> str:
    """Okta's id of a thing: the prefix says its kind."""
    return f"{prefix}{dice('okta access', prefix, name).getrandbits(80):017x}"[:20]


class OktaAccess:
    """Groups, applications and policies; each question says for which instant it asks."""

    def __init__(self, company: Company, accounts: Accounts, plan: Plan) -> None:
        """`plan` says when the weak rule is in force and when a vendor administers."""
        self.company, self.accounts, self.plan = company, accounts, plan
        self.groups = {native_id("00g", name): name for name in _GROUPS}
        self.applications = {native_id("0oa", name): name for name in _APPLICATIONS}

    def members(self, name: str, moment: datetime) -> list[Person]:
        """Who is in a group then, in the order of ids."""
        return [person for person in self._living(moment) if self._is_in(person, name, moment)]

    def group(self, group_id: str) -> Json:
        """One group as the API gives it."""
        title, description = _GROUPS[self.groups[group_id]]
        is_everyone = self.groups[group_id] == EVERYONE
        return {
            "id": group_id, "created": iso_ms(_BEGIN), "lastUpdated": iso_ms(_BEGIN),
            "lastMembershipUpdated": iso_ms(_BEGIN), "objectClass": ["okta:user_group"],
            "type": "BUILT_IN" if is_everyone else "OKTA_GROUP",
            "profile": {"name": title, "description": description},
        }  # fmt: skip

    def group_roles(self, group_id: str) -> list[Json]:
        """Administrator roles that a group holds."""
        if self.groups[group_id] != ADMINISTRATORS:
            return []
        return [_role("HELP_DESK_ADMIN", "Help Desk Administrator", "GROUP")]

    def administrators(self, moment: datetime) -> list[Person]:
        """Whoever holds an administrator role, direct or by a group."""
        return self.members(ADMINISTRATORS, moment)

    def user_roles(self, person: Person, moment: datetime) -> list[Json]:
        """Administrator roles of one account, those of its groups among them."""
        roles = self.accounts.roles(person)
        if self._is_in(person, ADMINISTRATORS, moment):
            roles = [*roles, _role("HELP_DESK_ADMIN", "Help Desk Administrator", "GROUP")]
        return roles

    def application(self, application_id: str) -> Json:
        """One application as the API gives it."""
        label, mode, policy = _APPLICATIONS[self.applications[application_id]]
        return {
            "id": application_id, "name": self.applications[application_id], "label": label,
            "status": "ACTIVE", "created": iso_ms(_BEGIN), "lastUpdated": iso_ms(_BEGIN),
            "signOnMode": mode, "features": [],
            "visibility": {"autoSubmitToolbar": False, "hide": {"iOS": False, "web": False}},
            "_links": {
                "accessPolicy": {"href": f"{TENANT_URL}/api/v1/policies/{native_id('rst', policy)}"}
            },
        }  # fmt: skip

    def application_users(self, application_id: str, moment: datetime) -> list[tuple[str, Json]]:
        """Accounts that a group assigns to an application, by id."""
        group = _OPEN_TO[self.applications[application_id]]
        return [(p.okta_id, _assigned(p)) for p in self.members(group, moment)]

    def application_groups(self, application_id: str) -> list[Json]:
        """The one group that an application is open to."""
        group_id = native_id("00g", _OPEN_TO[self.applications[application_id]])
        return [{"id": group_id, "priority": 0, "lastUpdated": iso_ms(_BEGIN), "profile": {}}]

    def is_weak(self, moment: datetime) -> bool:
        """Whether the rule for lent devices asks for a password alone; from half past eleven."""
        early = timedelta(minutes=30)
        return any(
            at(first, 0) - early <= moment < at(end, 0) - early
            for first, end in self.plan.weak_rules
        )

    def _living(self, moment: datetime) -> list[Person]:
        return [
            person for person in self.accounts.existing(moment)
            if self.accounts.status(person, moment)[0] != "DEPROVISIONED"
        ]  # fmt: skip

    def _is_in(self, person: Person, name: str, moment: datetime) -> bool:
        if name == VENDORS:
            return person.employer.vendor_id is not None
        if name == CONFERENCE:
            return person.person_id == self.company.staff[5].person_id
        if name == ADMINISTRATORS:
            staff = {self.company.security_lead.person_id, self.company.administrator.person_id}
            lent = moment.date() in self.plan.lent_rights
            return person.person_id in staff or (
                lent and person.person_id == self.company.staff[7].person_id
            )
        return True


def _role(role_type: str, label: str, assigned: str) -> Json:
    return {
        "id": native_id("gra", role_type), "label": label, "type": role_type, "status": "ACTIVE",
        "created": iso_ms(_BEGIN), "lastUpdated": iso_ms(_BEGIN), "assignmentType": assigned,
    }  # fmt: skip


def _assigned(person: Person) -> Json:
    assigned_at = iso_ms(person.spells[0].account_from)
    return {
        "id": person.okta_id, "created": assigned_at,
        "lastUpdated": assigned_at, "scope": "GROUP", "status": "ACTIVE",
        "statusChanged": assigned_at, "passwordChanged": None, "syncState": "DISABLED",
        "credentials": {"userName": person.email}, "profile": {},
    }  # fmt: skip
