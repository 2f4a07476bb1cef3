"""CISA's catalogue of known exploited vulnerabilities: the feed whole, once a day.

The feed is public, so the connection needs no token. It states how many entries it holds, and when
each was added: what it says of earlier days counts for them too (design rule 12).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from muniment import snapshots
from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.errors import SourceError
from muniment.sources.spec import Options, Shape, SourceSpec

#: where CISA publishes it, below https://www.cisa.gov; mirrors have other paths
FEED = "/sites/default/files/feeds/known_exploited_vulnerabilities.json"
KEV = "kev"
#: CISA adds entries several times a week (project default, no figure of CISA's)
STALE_AFTER_DAYS = 14


class KevOptions(Options):
    """path: of the feed on the connection's host. stale_after_days: a release older than this is
    warned of."""

    path: str = Field(default=FEED, pattern="^/")
    stale_after_days: int = Field(default=STALE_AFTER_DAYS, ge=1)


SPEC = SourceSpec(
    kind="cisa_kev",
    title="CISA's catalogue of known exploited vulnerabilities",
    mode="state",
    needs="connection",
    shapes=(
        Shape(
            "catalogue", "document", "vulnerability", ("/vulnerabilities/*",), rest="catalogue",
            native_id=("/cveID",), marks=(("/catalogVersion", ".+"), ("/count", r"\d+")),
        ),
    ),
    feeds={"vulnerability": (KEV,), "catalogue": ()},
    options=KevOptions,
    basis=("total_count", "not_provable"),
    permissions=(
        "None: the feed is public. The connection names its host (`https://www.cisa.gov`, or a "
        "mirror's) and holds no token.",
    ),
    limits=("One request a day, for the whole catalogue (about 1.5 MB).",),
    blind_spots=(
        "The catalogue holds what CISA knows to be exploited; what is not on it may be exploited "
        "too.",
        "Entries name CVEs. A finding that its scanner names in another way only (GHSA, a vendor's "
        "advisory) is not looked up.",
        "An entry that CISA takes back is gone from the feed without a word; a day's catalogue "
        "shows that, the days before it do not.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Keeps the feed and compares its entries with its own count. Raises SourceError."""
    assert isinstance(ask.options, KevOptions)  # validated against SPEC.options
    response = ask.client.get(ask.options.path, ask.options.path)
    catalogue = response.object()
    entries = catalogue.get("vulnerabilities")
    count = catalogue.get("count")
    if not isinstance(entries, list) or not isinstance(count, int):
        raise SourceError(
            f"GET {ask.options.path}: expected CISA's catalogue (`count` and `vulnerabilities`), "
            "found other JSON. Look up the feed's address, and name it as options.path."
        )
    ask.keep_response(response, "catalogue")
    ask.set_tenant("CISA KEV")
    _warn_of_age(ask, catalogue.get("dateReleased"), ask.options.stale_after_days)
    said = (
        f"Catalogue {catalogue.get('catalogVersion')}, released {catalogue.get('dateReleased')}: "
        f"it counts {count} entries, {len(entries)} are listed."
    )
    different = len({canonical(entry) for entry in entries})
    if different < len(entries):
        ask.warn(f"{len(entries) - different} entries of the catalogue are there twice.")
    snapshots.prove(ask, {KEV: count}, said, never_empty=frozenset({KEV}), basis="total_count")


def _warn_of_age(ask: Ask, released: Any, limit_days: int) -> None:
    """An old release may be a mirror, or a copy on the way, that nobody renews."""
    try:
        moment = datetime.fromisoformat(str(released))
    except ValueError:
        ask.warn(f"The catalogue does not say when it was released (dateReleased: {released!r}).")
        return
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    age = ask.started_at - moment
    if age > timedelta(days=limit_days):
        ask.warn(
            f"The catalogue was released on {moment.date()}, {age.days} days ago. CISA adds "
            "entries several times a week: is this still the feed itself?"
        )
