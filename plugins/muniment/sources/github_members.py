"""Who belongs to a GitHub organisation: members, owners, outside collaborators, and who of them has
no second factor. A snapshot of the day on which it is taken.

GitHub names nobody's factors; to owners alone it lists who has none. Where that list is refused,
nothing is known of second factors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlsplit

from requests.utils import parse_header_links

from muniment import snapshots
from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.errors import SourceError
from muniment.sources.spec import Shape, SourceSpec
from muniment.transport import Response
from muniment.vendors import github
from muniment.vendors.github import GitHub
from muniment.vendors.unread import UNREAD

ACCOUNT, FACTOR, ROLE = "identities.account", "identities.factor", "identities.role"
MEMBERS, OUTSIDE, PUBLIC = "members", "outside_collaborators", "public_members"
#: list -> address below the organisation, and what it is narrowed to
LISTS: dict[str, tuple[str, dict[str, str]]] = {
    MEMBERS: ("members", {}),
    OUTSIDE: ("outside_collaborators", {}),
    "owners": ("members", {"role": "admin"}),
    "members_without_second_factor": ("members", {"filter": "2fa_disabled"}),
    "outside_without_second_factor": ("outside_collaborators", {"filter": "2fa_disabled"}),
}
FACTOR_LISTS = ("members_without_second_factor", "outside_without_second_factor")
#: 403 and 422: the filter is for owners; 404: hidden from the credential
_REFUSED = (403, 404, 422)

SPEC = SourceSpec(
    kind="github_members",
    title="GitHub organisation members",
    mode="state",
    needs="connection",
    shapes=(
        Shape("members", "array", "member", native_id=("/id",)),
        Shape("members_counted", "array", "member_counted"),
        github.ORGANISATION,
        UNREAD,
    ),
    feeds={"member": (ACCOUNT, FACTOR, ROLE), "member_counted": ()},
    options=github.OrganisationOptions,
    seen=github.seen,
    basis=("snapshot_count", "not_provable"),
    permissions=(
        "Members: read (fine-grained or GitHub App), or scope read:org, of an owner of the "
        "organisation: GitHub lists accounts without second factor to owners alone.",
    ),
    limits=(*github.LIMITS, "Five lists of 100 names a page, and two requests that count."),
    blind_spots=(
        "GitHub does not say which second factors somebody has, only who has none; where it "
        "refuses that list (403, 422: the credential is no owner's), second factors are "
        "NOT_PROVABLE.",
        "To a credential outside the organisation GitHub lists only members who show themselves; "
        "where the list of accounts without second factor is refused, and no other members were "
        "listed, accounts and owners are NOT_PROVABLE.",
        "Whether an account is a person's: GitHub calls machine users User too. Invitations that "
        "nobody has accepted are no members.",
    ),
)


@dataclass
class _Seen:
    """What was listed, by list, and what was refused."""

    hub: GitHub
    lists: dict[str, list[bytes]] = field(default_factory=dict)
    holes: dict[str, str] = field(default_factory=dict)

    def read(self, name: str) -> None:
        """Keeps one list, or that it was refused."""
        below, narrowed = LISTS[name]
        found = self.hub.listing_if_there(
            f"/orgs/{quote(self.hub.organisation, safe='')}/{below}", "/orgs/{org}/" + below,
            "members", {"list": name}, narrowed, absent=() if name == MEMBERS else _REFUSED,
        )  # fmt: skip
        if found is not None:
            self.lists[name] = [canonical(item) for item in found]
            return
        stream = FACTOR if name in FACTOR_LISTS else ROLE if name == "owners" else ACCOUNT
        self.holes[stream] = (
            f"GitHub refused the list '{name.replace('_', ' ')}' (HTTP 403, 404 or 422): it is "
            "for owners of the organisation."
        )

    def distinct(self, *names: str) -> int:
        """Records of these lists, told apart by content."""
        return len({item for name in names for item in self.lists.get(name, ())})


def collect(ask: Ask) -> None:
    """Reads the five lists and compares the members with GitHub's own count. Raises SourceError."""
    assert isinstance(ask.options, github.OrganisationOptions)  # validated against SPEC.options
    seen = _Seen(github.connect(ask, ask.options))
    before = _counted(seen.hub, MEMBERS)
    for name in LISTS:
        seen.read(name)
    counted, listed = _counted(seen.hub, MEMBERS), seen.distinct(MEMBERS)
    if FACTOR in seen.holes and _counted(seen.hub, PUBLIC) >= counted:
        reason = (
            "GitHub lists the members who show themselves to everybody and no others: to a "
            "credential outside the organisation it hides those who do not."
        )
        seen.holes |= {ACCOUNT: reason, ROLE: reason}
    if counted != listed:
        seen.holes[ACCOUNT] = f"GitHub counts {counted} members, and {listed} were listed."
    elif before != counted:
        seen.holes[ACCOUNT] = (
            f"GitHub counted {before} members before the list and {counted} after it: somebody "
            "came or went while it was read, and another may have slipped past its pages."
        )
    for hole in seen.holes.values():
        ask.warn(hole)
    everything = seen.distinct(*LISTS)
    snapshots.prove(
        ask, {ACCOUNT: everything, FACTOR: everything, ROLE: everything},
        f"{listed} members, {seen.distinct(OUTSIDE)} outside collaborators and "
        f"{seen.distinct('owners')} owners were listed; {seen.distinct(*FACTOR_LISTS)} accounts "
        f"without second factor. GitHub counts {counted} members.",
        never_empty=frozenset({ACCOUNT, ROLE}), holes=seen.holes,
    )  # fmt: skip


def _counted(hub: GitHub, below: str) -> int:
    """How many members there are: with one a page, the number of the last page."""
    path = f"/orgs/{quote(hub.organisation, safe='')}/{below}"
    response = hub.client.get(path, "/orgs/{org}/" + below, {"per_page": "1"})
    hub.ask.keep_response(response, "members_counted")
    links = parse_header_links(response.headers.get("Link", ""))
    for link in links:
        if link.get("rel") == "last":
            return _page_number(response, link["url"])
    return len(response.array())


def _page_number(response: Response, url: str) -> int:
    page = dict(parse_qsl(urlsplit(url).query)).get("page", "")
    if not page.isdigit():
        raise SourceError(f"GET {response.template}: the link to the last page names no page.")
    return int(page)
