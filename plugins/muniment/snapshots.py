"""A snapshot of a state source: what was read of it, and the one day that this proves.

It proves its own day and no other (design rule 12): begun on one day and ended on another, it shows
no single day. An empty list counts only where nothing can be right: what always holds something (a
tenant has users) is not proven by an empty answer.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.sources.spec import Basis
from muniment.transport import Client
from muniment.vendors.unread import UNREAD

_DAY = timedelta(days=1)


@dataclass
class Reading:
    """One snapshot's conversation: every answer kept, every record counted as Bronze counts it.

    total_header: where the source says how many items a list has; '' where it never does.
    """

    ask: Ask
    client: Client
    total_header: str = ""
    #: shape -> lists that were asked for, that the source refused, whose total is another
    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unequal: Counter[str] = field(default_factory=Counter)
    _contents: defaultdict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))

    def listing(
        self, path: str, template: str, shape: str, *, params: Mapping[str, str] | None = None,
        context: dict[str, str] | None = None, refusals: tuple[int, ...] = (),
    ) -> list[dict[str, Any]] | None:  # fmt: skip
        """All items of a list, each page kept; None where the first page's status is a refusal.

        Raises SourceError where the source answers in any other way.
        """
        self.asked[shape] += 1
        found: list[dict[str, Any]] = []
        totals: set[str] = set()
        pages = self.client.pages(path, template, params, ok=(200, *refusals))
        for page, response in enumerate(pages, start=1):
            if response.status != 200:
                self.ask.keep_response(response, UNREAD.name, context=context)
                self.refused[shape] += 1
                return None
            self.ask.keep_response(response, shape, page=page, context=context)
            found += response.array()
            if self.total_header:
                totals.add(response.headers.get(self.total_header, ""))
        # an item that slipped past the pages is made up for, in number, by one that came twice
        different = len({_digest(item) for item in found})
        if any(total.isdigit() and int(total) != different for total in totals):
            self.unequal[shape] += 1
        self._count(shape, found)
        return found

    def document(
        self, path: str, template: str, shape: str, *, context: dict[str, str] | None = None,
        refusals: tuple[int, ...] = (),
    ) -> dict[str, Any] | None:  # fmt: skip
        """One object, kept; None where the answer's status is a refusal. Raises SourceError."""
        self.asked[shape] += 1
        response = self.client.get(path, template, ok=(200, *refusals))
        is_read = response.status == 200
        self.ask.keep_response(response, shape if is_read else UNREAD.name, context=context)
        if not is_read:
            self.refused[shape] += 1
            return None
        found = response.object()
        self._count(shape, [found])
        return found

    def read(self, shape: str) -> str:
        """How many of the lists of a shape were given, in words: `3 of 4`."""
        return f"{self.asked[shape] - self.refused[shape]} of {self.asked[shape]}"

    def counted(self) -> dict[str, int]:
        """Ledger stream -> records, told apart by content within each Bronze stream."""
        counts: Counter[str] = Counter()
        for bronze, streams in self.ask.spec.feeds.items():
            for stream in streams:
                counts[stream] += len(self._contents[bronze])
        return dict(counts)

    def _count(self, shape: str, records: list[dict[str, Any]]) -> None:
        contents = self._contents[self.ask.spec.shape(shape).stream]
        contents.update(map(_digest, records))


def _digest(record: dict[str, Any]) -> bytes:
    return hashlib.blake2b(canonical(record), digest_size=16).digest()


def prove(
    ask: Ask,
    counted: Mapping[str, int],
    said: str,
    *,
    never_empty: frozenset[str] = frozenset(),
    holes: Mapping[str, str] | None = None,
    basis: Basis | Mapping[str, Basis] = "snapshot_count",
) -> None:
    """States for the day on which the collection began what was listed in full.

    counted: ledger stream -> records, told apart by content, that Bronze must hold of it.
    said: one sentence with the figures, for the receipt. never_empty: streams of which zero records
    are no proof. holes: stream -> why it was not read in full. basis: of all streams, or of
    those that rest on more than the snapshot (the source's own total, which the caller compared).
    A stream that the source feeds with these options and that `counted` leaves out is said to be
    not proven.
    """
    day, finished = ask.started_at.date(), ask.clock().date()
    if finished != day:
        ask.prove_all(
            "not_provable", day, day + _DAY,
            reason=f"The snapshot was begun on {day} and ended on {finished}: it shows no single "
            f"day. {said} Collect again at another hour.",
        )  # fmt: skip
        return
    bases = basis if isinstance(basis, Mapping) else {}
    usual: Basis = "snapshot_count" if isinstance(basis, Mapping) else basis
    for stream in ask.spec.ledger_streams(ask.options):
        reason = _unproven(stream, counted.get(stream), never_empty, holes or {})
        ask.prove(
            stream, "not_provable" if reason else bases.get(stream, usual),
            day, day + _DAY,
            expected=counted.get(stream), reason=f"{reason} {said}" if reason else said,
        )  # fmt: skip


def _unproven(
    stream: str, count: int | None, never_empty: frozenset[str], holes: Mapping[str, str]
) -> str | None:
    """Why a stream is not proven; None where it is."""
    if stream in holes:
        return holes[stream]
    if count is None:
        return f"{stream} was not asked for."
    if not count and stream in never_empty:
        return f"The source lists nothing for {stream}, which is never empty."
    return None
