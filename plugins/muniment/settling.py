"""Events read in bounded windows from a source that delivers late: which days a read proves.

A source that filters by when something happened may deliver events of a day after it was read. So
a bounded read proves only days that have settled, or that two reads agree on; older days than the
source keeps are never proven by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from muniment.claims import UNSETTLED
from muniment.collecting import Ask
from muniment.collection import day_of
from muniment.receipts import Receipt

DAY = timedelta(days=1)
#: two reads in a row say nothing of what is delivered late (project default)
APART = timedelta(hours=1)
#: (native id, time of the event as the source writes it) of every event in one kept body
Read = Callable[[bytes], Iterable[tuple[str, str]]]


class Found:
    """The events of one bounded read by UTC day, told apart by their native ids."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._ids: dict[date, set[str]] = defaultdict(set)

    def note(self, native_id: str, event_time_text: str) -> None:
        """Adds one event. Without a readable time and zone it is the index's to count."""
        try:
            moment = datetime.fromisoformat(event_time_text)
        except ValueError:
            return
        if moment.tzinfo is not None:
            self._ids[moment.astimezone(UTC).date()].add(native_id)

    def note_all(self, events: Iterable[tuple[str, str]]) -> None:
        """Adds what `read` gives of one body."""
        for native_id, event_time_text in events:
            self.note(native_id, event_time_text)

    def on(self, day: date) -> frozenset[str]:
        """The ids of one day."""
        return frozenset(self._ids.get(day, ()))


def prove(
    ask: Ask, found: Found, *, shape: str, read: Read, settling_h: int, retention_days: int,
    streams: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """States what a bounded read of `ask.window` proves of `streams` (default: all that it feeds).

    found: what this read holds; shape, read: how earlier reads of the source are read again from
    the locker; settling_h: the age at which a day's events count as delivered.
    """
    first_day = ask.window.first_day
    end_day = min(ask.window.end_day, ask.last_ended_day + DAY)
    settled = (ask.started_at - timedelta(hours=settling_h)).date()
    prove_kept(ask, first_day, min(end_day, settled), retention_days, streams)
    earlier = None
    for day in _days(max(first_day, settled), end_day):
        earlier = earlier or _Earlier(ask, shape, read)
        _prove_young(ask, day, earlier.agrees(day, found.on(day)), settling_h, streams)


def prove_kept(
    ask: Ask, first_day: date, end_day: date, retention_days: int,
    streams: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """Argued for what the source still keeps in full; older days are said to be gone."""
    kept_from = (ask.started_at - timedelta(days=retention_days)).date() + DAY
    gone_end = min(kept_from, end_day)
    for stream in _streams(ask, streams):
        if first_day < gone_end:
            reason = f"Older than the {retention_days} days that the source keeps."
            ask.prove(stream, "not_provable", first_day, gone_end, reason=reason)
        if max(first_day, kept_from) < end_day:
            ask.prove(stream, "cursor_exhausted", max(first_day, kept_from), end_day)


def _prove_young(
    ask: Ask, day: date, is_agreed: bool, settling_h: int, streams: Sequence[str] | None
) -> None:
    for stream in _streams(ask, streams):
        if is_agreed:
            reason = "Two reads hold the same events."
            ask.prove(stream, "cursor_exhausted", day, day + DAY, reason=reason)
            continue
        reason = (
            f"{UNSETTLED} {settling_h} h when it was read: the source may still deliver events of "
            "this day. A later read that holds the same events, or a poll, proves it."
        )
        ask.prove(stream, "not_provable", day, day + DAY, reason=reason)


class _Earlier:
    """What the newest earlier bounded read of each day held."""

    def __init__(self, ask: Ask, shape: str, read: Read) -> None:
        self._ask, self._shape, self._read = ask, shape, read
        self._reads: dict[str, Found] = {}

    def agrees(self, day: date, ids: frozenset[str]) -> bool:
        """Whether all bounded reads of `day` since one that is `APART` hold exactly these events.

        That one was made after the day's end too.
        """
        for receipt in self._ask.earlier():
            if day_of(receipt.started_at) <= day:
                return False
            if not (_is_bounded(receipt) and _covers(receipt, day)):
                continue
            if not (self._asked_the_same(receipt) and self._found(receipt).on(day) == ids):
                return False
            if self._ask.started_at - datetime.fromisoformat(receipt.started_at) >= APART:
                return True
        return False

    def _asked_the_same(self, receipt: Receipt) -> bool:
        """A read with other options (fewer applications, another tenant) agrees with nothing."""
        now, then = self._ask.collection.configured_as, receipt.configured_as
        return now.get("options") == then.get("options")

    def _found(self, receipt: Receipt) -> Found:
        if receipt.receipt_id not in self._reads:
            found = Found()
            for item in receipt.objects:
                if item.shape == self._shape:
                    found.note_all(self._read(self._ask.locker.read(item.sha256)))
            self._reads[receipt.receipt_id] = found
        return self._reads[receipt.receipt_id]


def _is_bounded(receipt: Receipt) -> bool:
    return receipt.failure is None and receipt.cursor_out is None


def _covers(receipt: Receipt, day: date) -> bool:
    return day_of(receipt.window_start) <= day < day_of(receipt.window_end)


def _streams(ask: Ask, streams: Sequence[str] | None) -> Sequence[str]:
    return ask.spec.ledger_streams(ask.options) if streams is None else streams


def _days(first_day: date, end_day: date) -> Iterator[date]:
    for offset in range((end_day - first_day).days):
        yield first_day + timedelta(days=offset)
