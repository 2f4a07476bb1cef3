"""The ledger: was this source complete on this day? With the proof, or with the reason why not.

A pure function of receipts, kept expectation results, settings and the quarantine files that the
receipts fix: the same inputs give the same verdicts, and no proof means not COMPLETE.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import duckdb

from muniment import expectations, former, quarantine, verdicts
from muniment.claims import DAY, Claim, Feed, claims, feeds, own_day, restarted_polls
from muniment.collection import day_of
from muniment.errors import MachineError
from muniment.expectations import Findings
from muniment.receipts import Receipt, read_chain
from muniment.settings import Settings, SourceConfig
from muniment.sources.spec import SourceSpec
from muniment.tallies import NO_HOUR, Count, tally
from muniment.verdicts import Verdict as Verdict
from muniment.verdicts import Word
from muniment.verdicts import read as read
from muniment.weighing import (
    absence_in_words,
    deciding,
    first_open,
    gone_in_words,
    proof_in_words,
    retired_in_words,
    spread,
)

#: a day still open is warned of this long before its source forgets it (project default)
RETENTION_WARNING_DAYS = 14

Chains = dict[str, list[Receipt]]


def assess(settings: Settings, as_of: date, now: datetime) -> list[Verdict]:
    """Runs the expectations that new receipts call for, judges every day, rewrites the ledger.

    as_of: last day judged (UTC). Returns the verdicts by source, stream and day.
    Raises MachineError where this machine fails: the ledger is then as it was.
    """
    every = former.included(settings)
    chains = read_chains(every)
    try:
        findings = expectations.check(every, as_of, chains)
        judged = judge(every, as_of, now, chains, findings)
        verdicts.write(settings.home, judged)
    except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
        raise MachineError(
            f"The ledger could not be written ({str(error).splitlines()[0]}). It is as it was, and "
            "every receipt is kept; make room and run the same command again."
        ) from error
    return judged


def read_chains(settings: Settings) -> Chains:
    """The receipts of every source of the settings, each in its chain's order."""
    return {source.id: read_chain(settings.home, source.id) for source in settings.sources}


def ledger_start(chains: Chains) -> date | None:
    """The earliest day that any receipt was asked for; None before the first receipt."""
    starts = [day_of(receipt.window_start) for chain in chains.values() for receipt in chain]
    return min(starts, default=None)


def judge(
    settings: Settings, as_of: date, now: datetime, chains: Chains, findings: Findings
) -> list[Verdict]:
    """The verdicts alone, from what is at hand: nothing is run and nothing is written."""
    start = ledger_start(chains) or as_of
    judged: list[Verdict] = []
    for source in settings.sources:
        spec = settings.connector(source).spec
        context = _Context(
            source, settings.entity(source), spec, chains[source.id], findings,
            {item.receipt_id: quarantine.told(settings.home, item) for item in chains[source.id]},
            (start, as_of), now, settings.options(source).deadline_h, settings.is_sandbox,
        )  # fmt: skip
        streams = spec.ledger_streams(settings.options(source))
        for feed in feeds(spec, streams, settings.is_sandbox):
            judged.extend(_stream(context, feed))
    return judged


@dataclass(frozen=True)
class _Context:
    """What the verdicts of one source rest on."""

    source: SourceConfig
    entity: str
    spec: SourceSpec
    chain: list[Receipt]
    findings: Findings
    unread: dict[str, dict[str, str]]
    span: tuple[date, date]
    now: datetime
    deadline_h: int
    is_sandbox: bool

    def days(self) -> list[date]:
        """Every day of the ledger; for what is read as it stands, the newest reading's day too."""
        first, last = self.span
        days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
        if self.spec.mode != "event" and self.chain:
            newest = max(own_day(receipt) for receipt in self.chain)
            days += [newest] if newest > last else []
        return days

    def is_healable(self, day: date) -> bool:
        """Whether asking again can mend a day: not a past state, not a source that is gone."""
        if self.source.is_former or self.source.is_retired_on(day):
            return False
        return self.spec.mode != "state" or day >= self.now.date()

    def deadline(self, day: date) -> datetime:
        """Until when the day should have become open (UTC)."""
        return datetime.combine(day + DAY, time(), UTC) + timedelta(hours=self.deadline_h)


@dataclass(frozen=True)
class _Day:
    """One day of one stream, as the receipts leave it."""

    day: date
    claims: list[Claim]
    count: Count
    is_stated_later: bool


def _stream(context: _Context, feed: Feed) -> Iterator[Verdict]:
    restarted = restarted_polls(context.chain)
    said = [
        claim
        for receipt in context.chain
        for claim in claims(
            receipt,
            feed,
            is_restarted=receipt.receipt_id in restarted,
            shortfalls=context.findings.shortfalls.get(receipt.receipt_id, []),
            unread=context.unread[receipt.receipt_id],
        )
    ]
    by_day = spread(said, feed, context.span[0])
    counts = tally(context.chain, feed, restarted)
    stated = first_open(said)
    for day in context.days():
        count = counts.get(day, Count())
        is_later = feed.mode == "register" and stated is not None and day < own_day(stated.receipt)
        yield _verdict(context, feed, _Day(day, by_day.get(day, []), count, is_later))


def _verdict(context: _Context, feed: Feed, day: _Day) -> Verdict:
    claim = deciding(day.claims)
    received = _received(claim, feed, day)
    word, reason, first_open_at = _word(context, feed, day, claim, received)
    is_one_day = claim is not None and claim.end_day - claim.first_day == DAY
    notes = _notes(context, feed, day, claim, word)
    hours = day.count.hours
    claimed = (item.receipt.receipt_id for item in day.claims)
    return Verdict(
        source_id=context.source.id,
        kind=context.source.kind,
        entity=context.entity,
        stream=feed.stream,
        day=day.day,
        verdict=word,
        grade=claim.grade if claim else None,
        basis=claim.basis if claim else None,
        expected=claim.expected if claim and is_one_day else None,
        received=received,
        quarantined=feed.unreadable(claim.receipt) if claim else 0,
        reason=" ".join([reason, *notes]),
        receipt_ids=tuple(dict.fromkeys([*claimed, *day.count.receipt_ids])),
        first_open_at=first_open_at,
        is_stated_later=day.is_stated_later,
        is_sandbox=context.is_sandbox or any(item.receipt.is_sandbox for item in day.claims),
        is_required=context.source.required,
        event_hours={hour: count for hour, count in sorted(hours.items()) if hour != NO_HOUR},
        is_healable=context.is_healable(day.day) and not (claim and claim.is_final),
    )


def _received(claim: Claim | None, feed: Feed, day: _Day) -> int:
    if feed.mode == "event":
        return day.count.total
    return feed.count(claim.receipt.records) if claim else 0


def _word(
    context: _Context, feed: Feed, day: _Day, claim: Claim | None, received: int
) -> tuple[Word, str, datetime | None]:
    if claim is None:
        return *_absence(context, feed, day.day), None
    if claim.verdict != "OPEN":
        return claim.verdict, claim.reason, None
    if received == 0 and feed.mode == "state" and claim.expected != 0:
        return "NOT_PROVABLE", "No record came, and the source does not say that none exist.", None
    opened = first_open(day.claims)
    assert opened is not None  # the deciding claim is open
    reason = proof_in_words(claim, received)
    deadline = context.deadline(day.day)
    if opened.received_at > deadline and not day.is_stated_later:
        late = (
            f" Complete since {opened.received_at:%Y-%m-%d %H:%M}Z, due {deadline:%Y-%m-%d %H:%M}Z."
        )
        return "LATE", reason + late, opened.received_at
    word: Word = "COMPLETE" if received else "EMPTY_CONFIRMED"
    return word, reason, opened.received_at


def _absence(context: _Context, feed: Feed, day: date) -> tuple[Word, str]:
    """A day that no receipt speaks for."""
    source = context.source
    if source.retired is not None and source.is_retired_on(day):
        return "RETIRED", retired_in_words(source.retired.since, source.retired.reason)
    if source.is_former and context.chain:
        return "GAP", gone_in_words(source.id, context.chain[-1].started_at[:10])
    return "GAP", absence_in_words(source.id, feed, day, is_collected=bool(context.chain))


def _notes(context: _Context, feed: Feed, day: _Day, claim: Claim | None, word: Word) -> list[str]:
    """What deserves a look and changes no verdict.

    What a connector warned of a folder is said here; what it warned of an HTTP source stands in
    the reasons of the days that it is about.
    """
    warnings = claim.receipt.warnings if claim is not None and feed.is_filed else []
    notes = [f"Note: {warning}" for warning in warnings]
    notes += [
        f"Note: {note}"
        for claim in day.claims
        for note in context.findings.notes.get(claim.receipt.receipt_id, [])
    ]
    if word not in (*verdicts.OPEN, "RETIRED") and context.spec.retention_days is not None:
        last = day.day + timedelta(days=context.spec.retention_days)
        left = (last - context.now.date()).days
        if left < 0:
            notes.append(f"The source forgot this day on {last}.")
        elif left <= RETENTION_WARNING_DAYS:
            notes.append(f"Warning: the source forgets this day on {last}, {left} days from now.")
    return list(dict.fromkeys(notes))
