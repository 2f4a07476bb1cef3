"""Plan: which windows each source is to be asked for, from what the ledger still misses.

A missed schedule heals by itself, because no day is planned for being yesterday: every day is
planned for not being open yet, as long as its source still remembers it. Never asks the network.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from muniment import expectations, ledger
from muniment.claims import DAY, is_sound_poll
from muniment.collecting import Mode, Window
from muniment.collection import day_of
from muniment.errors import UsageError
from muniment.receipts import Receipt
from muniment.settings import Settings
from muniment.sources.spec import SourceSpec
from muniment.verdicts import Verdict


@dataclass(frozen=True)
class PlannedWindow:
    """One question to be put to one source."""

    source_id: str
    window: Window

    def to_json(self) -> dict[str, str]:
        """Plain data, as one task hands it to the next."""
        window = self.window
        return {
            "source_id": self.source_id,
            "first_day": window.first_day.isoformat(),
            "end_day": window.end_day.isoformat(),
            "mode": window.mode,
        }


def planned_from_json(data: dict[str, str]) -> PlannedWindow:
    """The inverse of `PlannedWindow.to_json`."""
    first, end = date.fromisoformat(data["first_day"]), date.fromisoformat(data["end_day"])
    return PlannedWindow(data["source_id"], Window(first, end, cast(Mode, data["mode"])))


def plan(
    settings: Settings, now: datetime, first_day: date | None = None, end_day: date | None = None
) -> list[PlannedWindow]:
    """The windows to collect, in the order of the configuration.

    Considers UTC days [first_day, end_day), never beyond yesterday; by default from the ledger's
    start, or, before the first receipt, yesterday alone. Raises UsageError for an empty range.
    """
    today = now.date()
    chains = ledger.read_chains(settings)
    first = first_day or ledger.ledger_start(chains) or today - DAY
    end = min(end_day or today, today)
    if first_day is not None and first_day >= end:
        raise UsageError(
            f"Nothing to plan: {first_day} is not before {end} (days end at 00:00 UTC)."
        )
    findings = expectations.kept(settings.home)
    judged = ledger.judge(settings, today - DAY, now, chains, findings)
    planned: list[PlannedWindow] = []
    for source in settings.sources:
        verdicts = [verdict for verdict in judged if verdict.source_id == source.id]
        spec = settings.connector(source).spec
        if source.is_former or (spec.mode != "event" and source.is_retired_on(today)):
            continue  # what is now says nothing of a source that was given up before
        last = min(end, source.retired.since) if source.retired else end
        missing = _missing(verdicts, first, last)
        wanted = _Wanted(spec, missing, _missing(verdicts, today, today + DAY), today, last)
        windows = wanted.windows(chains[source.id])
        planned.extend(PlannedWindow(source.id, window) for window in windows)
    return planned


def _missing(verdicts: list[Verdict], first: date, end: date) -> list[date]:
    """Days that are not open in every stream, unless asking again cannot mend them."""
    known = {verdict.day for verdict in verdicts}
    mendable = {v.day for v in verdicts if not v.is_open and v.is_healable}
    days = [first + timedelta(days=offset) for offset in range((end - first).days)]
    return [day for day in days if day not in known or day in mendable]


@dataclass(frozen=True)
class _Wanted:
    """What one source still owes: ended days, and today where it is read as it stands."""

    spec: SourceSpec
    missing: list[date]
    missing_today: list[date]
    today: date
    end: date

    def windows(self, chain: list[Receipt]) -> list[Window]:
        if self.spec.mode != "event":
            return self._snapshot()
        if self.spec.has_cursor:
            return self._polled(chain)
        return self._windows(self.missing)

    def _snapshot(self) -> list[Window]:
        """One look at what is now; a register speaks for its missing days too."""
        if self.spec.mode == "state":
            missing = self.missing_today
        else:
            missing = [*self.missing, *self.missing_today]
        return [Window(min(missing), self.today + DAY, "snapshot")] if missing else []

    def _polled(self, chain: list[Receipt]) -> list[Window]:
        """One poll on from where the last one ended, and bounded reads of what lies before."""
        polled_to = _polled_to(chain)
        if self.end < self.today:
            return self._windows(self.missing)
        before = [day for day in self.missing if polled_to is not None and day < polled_to]
        ahead = [day for day in self.missing if day not in before]
        if not ahead:
            return self._windows(before)
        since = polled_to or min(filter(self._is_remembered, ahead), default=self.today - DAY)
        return [Window(since, self.end, "poll"), *self._windows(before)]

    def _windows(self, days: Iterable[date]) -> list[Window]:
        """One bounded window over each run of days that follow each other, or over each day."""
        runs: list[tuple[date, date]] = []
        for day in filter(self._is_remembered, days):
            if runs and day == runs[-1][1] and not self.spec.by_day:
                runs[-1] = (runs[-1][0], day + DAY)
            else:
                runs.append((day, day + DAY))
        return [Window(first, end, "window") for first, end in runs]

    def _oldest(self) -> date:
        """The oldest day that the source still remembers in full."""
        if self.spec.retention_days is None:
            return date.min
        return self.today - timedelta(days=self.spec.retention_days - 1)

    def _is_remembered(self, day: date) -> bool:
        return day >= self._oldest()


def _polled_to(chain: list[Receipt]) -> date | None:
    """The end of what the chain of polls covers; None before the first sound poll."""
    ends = [
        day_of(proof.end_day)
        for receipt in chain
        if is_sound_poll(receipt)
        for proof in receipt.proofs
    ]
    return max(ends, default=None)
