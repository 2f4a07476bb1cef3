"""Okta applications, and who is assigned to each, directly or by a group: a snapshot of its day."""

from __future__ import annotations

from urllib.parse import quote

from muniment import snapshots
from muniment.collecting import Ask
from muniment.snapshots import Reading
from muniment.sources.spec import Shape, SourceSpec
from muniment.vendors import okta
from muniment.vendors.unread import UNREAD

INVENTORY, ROLE = "assets.inventory", "identities.role"
USERS, GROUPS = "application_users", "application_groups"
#: gone meanwhile, or not for this credential
_REFUSALS = (403, 404)

SPEC = SourceSpec(
    kind="okta_apps",
    title="Okta applications and their assignments",
    mode="state",
    needs="connection",
    shapes=(
        okta.APPLICATIONS,
        Shape(USERS, "array", "application_user", native_id=("/id",)),
        Shape(GROUPS, "array", "application_group", native_id=("/id",)),
        okta.ORGANISATION,
        UNREAD,
    ),
    feeds={
        "application": (INVENTORY,),
        "application_user": (ROLE,),
        "application_group": (ROLE,),
    },
    options=okta.OktaOptions,
    seen=okta.seen,
    basis=("snapshot_count", "not_provable"),
    permissions=(
        "okta.apps.read, for applications and their assignments (OAuth scope, or an API token of a "
        "read-only administrator)",
    ),
    limits=okta.LIMITS,
    blind_spots=(
        "An administrator of some applications only is given those alone, without a word: the "
        "credential must see all of them.",
        "What an account may do within an application is the application's own matter; a role "
        "that its profile names is kept in the record, not interpreted.",
        "Okta's list gives one administrator's view: applications that Okta hides from every "
        "administrator (its internal ones) are not in it.",
    ),
)


def collect(ask: Ask) -> None:
    """Lists the applications, then the users and groups of each. Raises SourceError."""
    assert isinstance(ask.options, okta.OktaOptions)  # validated against SPEC.options
    reading = Reading(ask, okta.connect(ask, ask.options))
    for application in okta.list_applications(reading):
        _assignments(reading, str(application.get("id")))
    _prove(reading)


def _assignments(reading: Reading, application_id: str) -> None:
    context = {"application_id": application_id}
    for shape, last in ((USERS, "users"), (GROUPS, "groups")):
        reading.listing(
            f"{okta.APPS}/{quote(application_id, safe='')}/{last}", f"{okta.APPS}/{{appId}}/{last}",
            shape, params=okta.PAGE, context=context, refusals=_REFUSALS,
        )  # fmt: skip


def _prove(reading: Reading) -> None:
    holes: dict[str, str] = {}
    if reading.refused[okta.APPLICATIONS.name]:
        holes = dict.fromkeys((INVENTORY, ROLE), "Okta refused the list of applications.")
    elif reading.refused[USERS] or reading.refused[GROUPS]:
        holes[ROLE] = "Okta refused (HTTP 403 or 404) the assignments of some applications."
    for reason in dict.fromkeys(holes.values()):
        reading.ask.warn(reason)
    said = (
        f"{reading.asked[USERS]} applications listed, {reading.read(USERS)} lists of users and "
        f"{reading.read(GROUPS)} lists of groups read."
    )
    # every tenant has Okta's own applications; that nobody is assigned to any is possible
    snapshots.prove(
        reading.ask, reading.counted(), said, never_empty=frozenset({INVENTORY}), holes=holes
    )
