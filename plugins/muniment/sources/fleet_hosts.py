"""Fleet: the managed devices, as its server lists them on one day.

The list has pages by number and says no total; Fleet's own count stands beside it, and both must
agree. A credential that belongs to teams sees only their hosts, in list and count alike, so whose
it is is asked first.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from muniment import snapshots
from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.errors import SourceError
from muniment.sources.spec import Options, Shape, SourceSpec

HOSTS, COUNT, ME = "/api/v1/fleet/hosts", "/api/v1/fleet/hosts/count", "/api/v1/fleet/me"
DEVICE = "assets.device"
PAGE_SIZE = 100
#: hosts at this size of page: far beyond any fleet, and an end for a server that repeats itself
MAX_PAGES = 10_000


class FleetOptions(Options):
    """all_teams: whether a credential that sees the hosts of some teams alone leaves the list
    unproven; false where that is what is meant."""

    all_teams: bool = True


SPEC = SourceSpec(
    kind="fleet_hosts",
    title="Fleet hosts",
    mode="state",
    needs="connection",
    shapes=(
        Shape("hosts", "document", "host", ("/hosts/*",), rest="page", native_id=("/id",),
              marks=(("/hosts", ".*"),)),
        Shape("count", "document", "count"),
        Shape("viewer", "document", "viewer", native_id=("/user/id",)),
    ),
    feeds={"host": (DEVICE,), "page": (), "count": (), "viewer": ()},
    options=FleetOptions,
    basis=("total_count", "not_provable"),
    permissions=("the global role observer, for an API-only user",),
    limits=(f"Pages of {PAGE_SIZE} hosts.",),
    blind_spots=(
        "A device that was never enrolled, or was removed, is not listed.",
        "What a host says of itself is as old as its last check-in (`detail_updated_at`).",
        "Disk encryption is unknown where Fleet does not report it for the platform: it stays "
        "unknown, never off.",
        "Screen lock and malware protection are no fields of a host: osquery_results can ask.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Lists every host between two counts. Raises SourceError."""
    assert isinstance(ask.options, FleetOptions)  # validated against SPEC.options
    ask.set_tenant(urlsplit(ask.client.connection.base_url).netloc)
    teams = _teams(ask)
    before = _count(ask)
    hosts = _hosts(ask)
    after = _count(ask)
    said = f"Fleet counted {before} hosts before the list and {after} after it; {hosts} are listed."
    holes: dict[str, str] = {}
    if before != after:
        holes[DEVICE] = "Hosts came or went while the list was read: it may lack some of them."
    if teams is not None:
        reason = f"The credential sees the hosts of {teams} teams alone, not of the whole fleet."
        ask.warn(reason)
        if ask.options.all_teams:
            holes[DEVICE] = reason
    snapshots.prove(ask, {DEVICE: after}, said, holes=holes, basis="total_count")


def _teams(ask: Ask) -> int | None:
    """How many teams the credential is confined to; None for a global role."""
    response = ask.client.get(ME, ME)
    user = response.object().get("user")
    if not isinstance(user, dict):
        raise SourceError(f"GET {ME}: expected a Fleet user, found another shape.")
    ask.keep_response(response, "viewer")
    return None if user.get("global_role") else len(user.get("teams") or [])


def _count(ask: Ask) -> int:
    response = ask.client.get(COUNT, COUNT)
    count = response.object().get("count")
    if not isinstance(count, int):
        raise SourceError(f"GET {COUNT}: expected the number of hosts, found another shape.")
    ask.keep_response(response, "count")
    return count


def _hosts(ask: Ask) -> int:
    """Keeps every page; how many different hosts they list. The first empty or short page ends."""
    found: set[bytes] = set()
    for number in range(MAX_PAGES):
        parameters = {
            "page": str(number), "per_page": str(PAGE_SIZE),
            "order_key": "id", "order_direction": "asc",
        }  # fmt: skip
        response = ask.client.get(HOSTS, HOSTS, parameters)
        items: Any = response.object().get("hosts")
        if items is None:
            items = []
        if not isinstance(items, list):
            raise SourceError(f"GET {HOSTS}: expected a list of hosts, found another shape.")
        known = len(found)
        found.update(canonical(item) for item in items)
        if items and len(found) == known:
            raise SourceError(f"GET {HOSTS}: page {number} repeats earlier hosts only.")
        ask.keep_response(response, "hosts", page=number + 1)
        if len(items) < PAGE_SIZE:
            return len(found)
    raise SourceError(f"GET {HOSTS}: more than {MAX_PAGES} pages.")
