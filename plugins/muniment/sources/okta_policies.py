"""Okta's policies with their rules, and whom and what they apply to: a snapshot of its day.

Which rule decides about an account hangs on groups and on the application that is opened, so the
members of every group that a policy names are read here too, and which policy each application
has. The group of everybody is known by what it is, not by a list of all accounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from muniment import snapshots
from muniment.collecting import Ask
from muniment.snapshots import Reading
from muniment.sources.spec import Shape, SourceSpec
from muniment.vendors import okta
from muniment.vendors.unread import UNREAD

POLICIES = "/api/v1/policies"
RULES = "/api/v1/policies/{policyId}/rules"
POLICY = "access_policies"
SESSION, APPLICATION = "OKTA_SIGN_ON", "ACCESS_POLICY"
#: every type that says how somebody signs in; Classic Engine has no policies of applications
_TYPES = (SESSION, APPLICATION, "MFA_ENROLL", "PASSWORD")
_IDENTITY_ENGINE = "idx"
#: gone meanwhile, or a type or list that this credential may not see
_REFUSALS = (403, 404)

SPEC = SourceSpec(
    kind="okta_policies",
    title="Okta sign-on, authentication, enrolment and password policies",
    mode="state",
    needs="connection",
    shapes=(
        Shape("policies", "array", "policy", native_id=("/id",)),
        Shape("policy_rules", "array", "policy_rule", native_id=("/id",)),
        okta.APPLICATIONS,
        okta.GROUP,
        okta.GROUP_MEMBERS,
        okta.ORGANISATION,
        UNREAD,
    ),
    feeds={
        "policy": (POLICY,),
        "policy_rule": (POLICY,),
        "application": (POLICY,),
        "group": (POLICY,),
        "group_member": (POLICY,),
    },
    options=okta.OktaOptions,
    seen=okta.seen,
    basis=("snapshot_count", "not_provable"),
    permissions=(
        "okta.policies.read, for policies and rules",
        "okta.apps.read, for the policy of each application",
        "okta.groups.read, for the members of the groups that policies name (OAuth scopes; an API "
        "token of a read-only administrator has all three)",
    ),
    limits=okta.LIMITS,
    blind_spots=(
        "Conditions that only a sign-in can meet (network zone, device, risk, an expression) are "
        "kept and not evaluated: where the answer hangs on one, the account is NOT_TESTED.",
        "Policies of other types (identity provider routing, session protection, profile "
        "enrolment) are not asked for.",
        "What a policy was between two snapshots is not known; the System Log tells that it was "
        "changed, not what it was.",
    ),
)


def collect(ask: Ask) -> None:
    """Lists policies, rules, applications, and the groups that rules name. Raises SourceError."""
    assert isinstance(ask.options, okta.OktaOptions)  # validated against SPEC.options
    client, organisation = okta.enter(ask, ask.options)
    reading = Reading(ask, client)
    is_identity_engine = organisation.get("pipeline") == _IDENTITY_ENGINE
    named: dict[str, None] = {}
    counts = {
        policy_type: _policies(reading, policy_type, named)
        for policy_type in _TYPES
        if policy_type != APPLICATION or is_identity_engine
    }
    if is_identity_engine:
        okta.list_applications(reading)
    for group_id in named:
        _group(reading, group_id)
    _prove(reading, counts[SESSION])


def _policies(reading: Reading, policy_type: str, named: dict[str, None]) -> int:
    """Reads the policies of one type with their rules, and notes the groups that they name."""
    context = {"policy_type": policy_type}
    policies = reading.listing(
        POLICIES, POLICIES, "policies", params={"type": policy_type}, context=context,
        refusals=_REFUSALS,
    )  # fmt: skip
    for policy in policies or ():
        named.update(dict.fromkeys(_groups_of(policy)))
        policy_id = str(policy.get("id"))
        rules = reading.listing(
            f"{POLICIES}/{quote(policy_id, safe='')}/rules", RULES, "policy_rules",
            context={"policy_id": policy_id}, refusals=_REFUSALS,
        )  # fmt: skip
        for rule in rules or ():
            named.update(dict.fromkeys(_groups_of(rule)))
    return len(policies or ())


def _groups_of(item: dict[str, Any]) -> Iterator[str]:
    """Ids of the groups in a policy's or rule's condition on people; lenient, as Okta's forms."""
    part: Any = item
    for name in ("conditions", "people", "groups"):
        part = part.get(name) if isinstance(part, dict) else None
    for name in ("include", "exclude"):
        ids = part.get(name) if isinstance(part, dict) else None
        yield from map(str, ids if isinstance(ids, list) else ())


def _group(reading: Reading, group_id: str) -> None:
    context = {"group_id": group_id}
    path = f"{okta.GROUPS}/{quote(group_id, safe='')}"
    group = reading.document(
        path, okta.GROUPS + "/{groupId}", okta.GROUP.name, context=context, refusals=_REFUSALS
    )
    if group is not None and not okta.is_everyone(group):
        okta.list_members(reading, group_id)


def _prove(reading: Reading, session_policies: int) -> None:
    """Every tenant has a policy for the session: without one, the list was not whole."""
    holes: dict[str, str] = {}
    if not session_policies:
        holes[POLICY] = f"Okta lists no policy of type {SESSION}, of which every tenant has one."
    hidden = [
        name for name in ("policies", "policy_rules", okta.APPLICATIONS.name)
        if reading.refused[name]
    ]  # fmt: skip
    if hidden:
        holes[POLICY] = (
            f"Okta refused (HTTP 403 or 404) lists of {' and '.join(hidden)}: a rule that decides "
            "may be among them. Give the credential the permissions that this kind names."
        )
        reading.ask.warn(holes[POLICY])
    unseen = reading.refused[okta.GROUP.name] + reading.refused[okta.GROUP_MEMBERS.name]
    if unseen:
        reading.ask.warn(
            f"{unseen} groups that policies name could not be read (HTTP 403 or 404): whom these "
            "rules apply to is not known."
        )
    said = (
        f"{reading.read('policies')} lists of policies, {reading.read('policy_rules')} lists of "
        f"rules, {reading.read(okta.GROUP.name)} groups and "
        f"{reading.read(okta.GROUP_MEMBERS.name)} lists of members read."
    )
    snapshots.prove(reading.ask, reading.counted(), said, holes=holes)
