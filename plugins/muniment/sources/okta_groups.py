"""Okta groups with their members, and who administers the tenant: a snapshot of its day.

Administrators are asked for in Okta's own list of them, then each one's roles; a group that holds
a role gives it to its members. The group of everybody is known by what it is: its members are the
accounts of `okta_users`, and are not listed a second time.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from muniment import snapshots
from muniment.collecting import Ask
from muniment.errors import SourceError
from muniment.snapshots import Reading
from muniment.sources.spec import Shape, SourceSpec
from muniment.transport import Response
from muniment.vendors import okta
from muniment.vendors.unread import UNREAD

ROLE = "identities.role"
ASSIGNEES = "/api/v1/iam/assignees/users"
#: Okta gives at most 100 administrators a page
_ASSIGNEE_PAGE = {"limit": "100"}
#: gone meanwhile, or not for this credential
_REFUSALS = (403, 404)

SPEC = SourceSpec(
    kind="okta_groups",
    title="Okta groups, members and administrator roles",
    mode="state",
    needs="connection",
    shapes=(
        okta.GROUP_LIST,
        okta.GROUP_MEMBERS,
        Shape("group_roles", "array", "group_role", native_id=("/id",)),
        Shape("administrators", "document", "administrator_page"),
        Shape("user_roles", "array", "user_role", native_id=("/id",)),
        okta.ORGANISATION,
        UNREAD,
    ),
    feeds={
        "group": (ROLE,),
        "group_member": (ROLE,),
        "group_role": (ROLE,),
        "user_role": (ROLE,),
    },
    options=okta.OktaOptions,
    seen=okta.seen,
    basis=("snapshot_count", "not_provable"),
    permissions=(
        "okta.groups.read, for groups and members",
        "okta.roles.read, for the roles of groups and administrators (OAuth scopes; an API token "
        "needs an administrator who may see both)",
    ),
    limits=okta.LIMITS,
    blind_spots=(
        "Custom administrator roles are listed with their name; which permissions they hold is not "
        "asked for, so each counts as privileged.",
        "The members of the built-in group of everybody are not listed: they are all accounts.",
        "An administrator of some groups only is given those alone, without a word: the credential "
        "must see all of them.",
    ),
)


def collect(ask: Ask) -> None:
    """Lists groups, members, and roles of groups and of administrators. Raises SourceError."""
    assert isinstance(ask.options, okta.OktaOptions)  # validated against SPEC.options
    reading = Reading(ask, okta.connect(ask, ask.options))
    groups = reading.listing(
        okta.GROUPS, okta.GROUPS, okta.GROUP_LIST.name, params=okta.PAGE, refusals=_REFUSALS
    )
    for group in groups or ():
        group_id = str(group.get("id"))
        if not okta.is_everyone(group):
            okta.list_members(reading, group_id)
        _roles(reading, okta.GROUPS, "groupId", group_id, "group_roles", "group_id")
    for account_id in _administrators(reading):
        _roles(reading, "/api/v1/users", "userId", account_id, "user_roles", "account_id")
    _prove(reading)


def _roles(reading: Reading, base: str, name: str, native_id: str, shape: str, key: str) -> None:
    reading.listing(
        f"{base}/{quote(native_id, safe='')}/roles", f"{base}/{{{name}}}/roles", shape,
        context={key: native_id}, refusals=_REFUSALS,
    )  # fmt: skip


def _administrators(reading: Reading) -> list[str]:
    """Ids of all accounts with an administrator role, direct or by a group; pages kept."""
    reading.asked["administrators"] += 1
    found: dict[str, None] = {}
    pages = reading.client.pages(
        ASSIGNEES, ASSIGNEES, _ASSIGNEE_PAGE, ok=(200, *_REFUSALS), follow=_next_in_body
    )
    for page, response in enumerate(pages, start=1):
        is_read = response.status == 200
        reading.ask.keep_response(response, "administrators" if is_read else UNREAD.name, page=page)
        if not is_read:
            reading.refused["administrators"] += 1
            break
        found.update(dict.fromkeys(_ids(response)))
    return list(found)


def _ids(response: Response) -> list[str]:
    value = response.object().get("value")
    if not isinstance(value, list) or not all(isinstance(v, dict) and v.get("id") for v in value):
        raise SourceError(f"GET {ASSIGNEES}: expected a list `value` of accounts with their ids.")
    return [str(account["id"]) for account in value]


def _next_in_body(response: Response) -> str | None:
    """This list says in its body where the next page is, unlike Okta's others."""
    links = response.object().get("_links")
    following = links.get("next") if isinstance(links, dict) else None
    href = following.get("href") if isinstance(following, dict) else None
    return str(href) if href and urlsplit(str(href)).path else None


def _prove(reading: Reading) -> None:
    names = ("groups", "group_members", "group_roles", "administrators", "user_roles")
    refused = [name for name in names if reading.refused[name]]
    holes: dict[str, str] = {}
    if refused:
        holes[ROLE] = (
            f"Okta refused (HTTP 403 or 404) lists of {', '.join(refused)}: a role may be missing. "
            "Give the credential the permissions that this kind names."
        )
        reading.ask.warn(holes[ROLE])
    said = "Lists read: " + ", ".join(f"{name} {reading.read(name)}" for name in names) + "."
    snapshots.prove(
        reading.ask, reading.counted(), said, never_empty=frozenset({ROLE}), holes=holes
    )
