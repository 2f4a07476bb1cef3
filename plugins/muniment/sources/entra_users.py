"""Microsoft Entra users, their second factors and directory roles: a snapshot of its own day.

Graph's count of the directory is compared with what it listed. The registration report leaves out
disabled users and lags behind, so an account that it does not list is unread, never without
factor. A report or role that Graph refuses makes its stream not provable, said so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote

from muniment import snapshots
from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.sources.spec import SourceSpec
from muniment.transport import Client
from muniment.vendors import microsoft
from muniment.vendors.microsoft import Json
from muniment.vendors.unread import UNREAD

ACCOUNT, FACTOR, ROLE = "identities.account", "identities.factor", "identities.role"
USERS = "/v1.0/users"
DELETED = "/v1.0/directory/deletedItems/microsoft.graph.user"
REGISTRATIONS = "/v1.0/reports/authenticationMethods/userRegistrationDetails"
ROLES = "/v1.0/directoryRoles"
GROUP_MEMBERS = "/v1.0/groups/{id}/transitiveMembers"
_SELECTED = (
    "id,userPrincipalName,mail,accountEnabled,userType,creationType,externalUserState,"
    "onPremisesSyncEnabled,createdDateTime,deletedDateTime"
)
#: Graph's largest page; with signInActivity it is smaller
PAGE_SIZE, PAGE_SIZE_WITH_ACTIVITY = 999, 120
_GROUP = "#microsoft.graph.group"
_REFUSED = (403, 404)


class EntraUsersOptions(microsoft.MicrosoftOptions):
    """sign_in_activity: ask for the time of the last sign-in too (Entra ID P1 or P2)."""

    sign_in_activity: bool = True


SPEC = SourceSpec(
    kind="entra_users",
    title="Microsoft Entra users, factors and directory roles",
    mode="state",
    needs="connection",
    shapes=(
        microsoft.page_shape("users", "account", native_id=("/id",)),
        microsoft.page_shape("registrations", "factor", native_id=("/id",)),
        microsoft.page_shape("roles", "role", native_id=("/id",)),
        microsoft.page_shape("members", "role_member", native_id=("/id",)),
        microsoft.ORGANISATION,
        UNREAD,
    ),
    feeds={
        "account": (ACCOUNT,), "factor": (FACTOR,), "role": (ROLE,), "role_member": (ROLE,),
    },
    options=EntraUsersOptions,
    basis=("total_count", "snapshot_count", "not_provable"),
    seen=microsoft.seen_by_graph,
    permissions=(
        "User.Read.All and Directory.Read.All: users, deleted users, roles and their members",
        "AuditLog.Read.All: who registered which methods, and (with `sign_in_activity`) the last "
        "sign-in; both need an Entra ID P1 or P2 licence",
    ),
    limits=(
        *microsoft.LIMITS,
        "Every role that somebody ever held costs one request, and so does every group that holds "
        "one.",
    ),
    blind_spots=(
        "Graph's report of registered methods leaves out disabled users and is hours old: its own "
        "`lastUpdatedDateTime` is kept.",
        "Deleted users can be listed for 30 days; afterwards they are gone.",
        "Roles that may be taken up for a time but are not active now (PIM), custom roles, and "
        "roles over one administrative unit are not listed: taking them up is in `entra_audit`.",
        "Whether a domain signs in through another identity provider is not stated of a user.",
    ),
)  # fmt: skip


@dataclass
class _Snapshot:
    """What one run listed, told apart by content: Bronze must hold as many."""

    ask: Ask
    client: Client
    listed: dict[str, set[bytes]] = field(
        default_factory=lambda: {ACCOUNT: set(), FACTOR: set(), ROLE: set()}
    )
    holes: dict[str, str] = field(default_factory=dict)
    total: object = None

    def read(
        self, path: str, template: str, shape: str, stream: str,
        params: dict[str, str] | None = None, context: dict[str, str] | None = None,
        ok: tuple[int, ...] = (200,),
    ) -> list[Json] | None:  # fmt: skip
        """Everything of one list, kept; None where Graph answers with another status in `ok`.

        `total` is then what Graph counts of it, where that was asked for.
        """
        found: list[Json] = []
        self.total = None
        pages = microsoft.listing(self.ask, self.client, path, template, shape, params, context, ok)
        for response in pages:
            if response.status != 200:
                self.ask.keep_response(response, UNREAD.name, context=context)
                return None
            self.total = response.object().get("@odata.count", self.total)
            found += microsoft.items(response)
        self.listed[stream].update(canonical(item) for item in found)
        return found

    def hole(self, stream: str, reason: str) -> None:
        """Notes why a stream was not read in full; the first reason stands."""
        self.holes.setdefault(stream, reason)
        self.ask.warn(reason)


def collect(ask: Ask) -> None:
    """Lists everybody, then what they registered, then who holds which role. Raises SourceError."""
    assert isinstance(ask.options, EntraUsersOptions)  # validated against SPEC.options
    client = microsoft.connect_graph(ask, ask.options, {"ConsistencyLevel": "eventual"})
    snapshot = _Snapshot(ask, client)
    users = _read_users(snapshot, ask.options)
    _read_registrations(snapshot)
    _read_roles(snapshot)
    counted = {stream: len(found) for stream, found in snapshot.listed.items()}
    snapshots.prove(
        ask,
        counted,
        f"{users} users and {counted[ACCOUNT] - users} deleted ones listed; {counted[FACTOR]} "
        f"registration details; {counted[ROLE]} roles and members.",
        never_empty=frozenset({ACCOUNT, ROLE}),
        holes=snapshot.holes,
        basis={ACCOUNT: "total_count"},
    )


def _read_users(snapshot: _Snapshot, options: EntraUsersOptions) -> int:
    """Lists users and deleted ones and compares each list with Graph's count; how many users."""
    has_activity = options.sign_in_activity
    size = PAGE_SIZE_WITH_ACTIVITY if has_activity else PAGE_SIZE
    lists = {
        USERS: {"$select": _SELECTED + ",signInActivity" * has_activity, "$top": str(size)},
        DELETED: {"$select": _SELECTED, "$top": str(PAGE_SIZE)},
    }
    counts = []
    for path, params in lists.items():
        found = snapshot.read(path, path, "users", ACCOUNT, {**params, "$count": "true"})
        assert found is not None  # no status is accepted but 200
        counts.append(len({str(item.get("id")) for item in found}))
        _compare(snapshot, path, counts[-1], snapshot.total)
    return counts[0]


def _compare(snapshot: _Snapshot, path: str, listed: int, total: object) -> None:
    if not isinstance(total, int):
        snapshot.hole(ACCOUNT, f"GET {path}: Graph listed {listed} and gave no count to compare.")
    elif total != listed:
        snapshot.hole(
            ACCOUNT,
            f"GET {path}: Graph counts {total} and listed {listed}: somebody came or went while "
            "it was read, or rows were left out. Collect again.",
        )


def _read_registrations(snapshot: _Snapshot) -> None:
    params = {"$top": str(PAGE_SIZE)}
    found = snapshot.read(
        REGISTRATIONS, REGISTRATIONS, "registrations", FACTOR, params, ok=(200, *_REFUSED)
    )
    if found is None:
        snapshot.hole(
            FACTOR,
            f"GET {REGISTRATIONS} was refused: nothing is known of second factors. It needs "
            "AuditLog.Read.All and an Entra ID P1 or P2 licence.",
        )


def _read_roles(snapshot: _Snapshot) -> None:
    """Every role that was ever held, its members, and the members of groups among these."""
    roles = snapshot.read(ROLES, ROLES, "roles", ROLE, ok=(200, *_REFUSED))
    if roles is None:
        snapshot.hole(
            ROLE,
            f"GET {ROLES} was refused: nothing is known of roles. It needs Directory.Read.All.",
        )
        return
    for role in roles:
        role_id, params = str(role.get("id")), {"$select": "id"}
        context = {"role_id": role_id, "role_name": str(role.get("displayName") or "")}
        context["role_template_id"] = str(role.get("roleTemplateId") or "")
        path = f"{ROLES}/{quote(role_id, safe='')}/members"
        for member in _members(snapshot, path, ROLES + "/{id}/members", params, context):
            if member.get("@odata.type") == _GROUP:
                group = str(member.get("id"))
                via = {**context, "group_id": group}
                path = GROUP_MEMBERS.replace("{id}", quote(group, safe=""))
                _members(snapshot, path, GROUP_MEMBERS, params, via)


def _members(
    snapshot: _Snapshot, path: str, template: str, params: dict[str, str], context: dict[str, str]
) -> list[Json]:
    found = snapshot.read(path, template, "members", ROLE, params, context, ok=(200, *_REFUSED))
    if found is None:
        snapshot.hole(ROLE, f"GET {template} was refused: who holds a role is not known in full.")
    return found or []
