"""How many records of each Bronze stream count for each day, over all receipts of one source."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

from muniment.claims import Feed, is_sound_poll, own_day
from muniment.collection import day_of
from muniment.receipts import Receipt
from muniment.sources.spec import REQUESTS

#: records that state no time of their own are kept under this hour
NO_HOUR = ""


@dataclass
class Count:
    """Records of one day by hour ('00'..'23', or NO_HOUR), and the receipts that brought them."""

    hours: Counter[str] = field(default_factory=Counter)
    receipt_ids: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All records of the day."""
        return self.hours.total()

    def add(self, receipt_id: str, hours: Counter[str]) -> None:
        """Counts what one more receipt brought."""
        self.hours.update(hours)
        self.receipt_ids.append(receipt_id)


def tally(chain: list[Receipt], feed: Feed, restarted: set[str]) -> dict[date, Count]:
    """Records by day of one ledger stream.

    Polls that follow each other hold every record once, so they add up, late records included;
    so do files that were not there before. Whatever else was read, a poll that had to start again
    among it, may hold the same records once more: of such readings the fullest counts.
    A snapshot counts for the day that it was taken on, whatever times its records bear.
    """
    fullest: dict[date, Count] = {}
    adding: dict[date, Count] = defaultdict(Count)
    known: set[str] = set()
    for receipt in chain:
        if receipt.receipt_id in restarted:
            adding = defaultdict(Count)
        objects = {item.sha256 for item in receipt.objects if item.shape != REQUESTS.name}
        is_new = is_sound_poll(receipt) or (feed.is_filed and not objects & known)
        known |= objects
        for day, hours in _days(receipt, feed).items():
            count = adding[day] if is_new else Count()
            count.add(receipt.receipt_id, hours)
            if day not in fullest or count.total > fullest[day].total:
                fullest[day] = count
    return fullest


def _days(receipt: Receipt, feed: Feed) -> dict[date, Counter[str]]:
    if feed.mode != "event":
        return {own_day(receipt): Counter({NO_HOUR: feed.count(receipt.records)})}
    days: dict[date, Counter[str]] = defaultdict(Counter)
    for name in feed.bronze:
        dated = 0
        for moment, records in receipt.event_hours.get(name, {}).items():
            days[day_of(moment)][moment[11:13]] += records
            dated += records
        undated = receipt.records.get(name, 0) - dated
        if undated:
            days[_last_day(receipt, feed)][NO_HOUR] += undated
    return days


def _last_day(receipt: Receipt, feed: Feed) -> date:
    """Where a record without a time counts: on the last day that its receipt proves."""
    ends = [proof.end_day for proof in receipt.proofs if proof.stream == feed.stream]
    return day_of(max(ends, default=receipt.window_end)) - timedelta(days=1)
