"""The steps of the one path, in order; the command line and the DAGs call these and nothing else.

recover → plan → collect → index → commit → assess → build → publish. Each step is safe to repeat
and safe to kill: what an interrupted run left is finished first by `recover`.
"""

from __future__ import annotations

import logging
import os
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from muniment import (
    briefing,
    bronze,
    checkpoints,
    collecting,
    committing,
    ledger,
    machine,
    planning,
    publishing,
    warehouse,
)
from muniment.collecting import Clock, Window
from muniment.collection import Collection
from muniment.connections import ConnectionLookup, from_environment
from muniment.errors import MunimentError, UsageError
from muniment.ledger import Verdict
from muniment.outstanding import Outstanding, Stuck, left_by
from muniment.planning import PlannedWindow
from muniment.receipts import Receipt
from muniment.releases import Release
from muniment.settings import Settings, load
from muniment.warehouse import BuildReport

ROLE_VARIABLE = "MUNIMENT_ROLE"

#: one line a step, for the person who waits
progress = logging.getLogger("muniment.progress")


@dataclass(frozen=True)
class Run:
    """One run of the path: its configuration, clock and name."""

    settings: Settings
    clock: Clock
    run_id: str
    role: str
    connections: ConnectionLookup = from_environment

    @property
    def now(self) -> datetime:
        """The clock's present instant, UTC."""
        return self.clock()

    @property
    def as_of(self) -> date:
        """The last day that has ended."""
        return self.now.date() - timedelta(days=1)


def start_run(
    config: str, *, now: str | None = None, run_id: str | None = None,
    connections: ConnectionLookup = from_environment,
) -> Run:  # fmt: skip
    """A run on the machine's clock, or, for a simulated company, standing still at `now`.

    Raises UsageError for a broken configuration, or a `now` on a real home: evidence must not be
    dated by its collector.
    """
    settings = load(config)
    return Run(
        settings,
        _clock(settings, now),
        run_id or f"run-{uuid.uuid4().hex[:12]}",
        os.environ.get(ROLE_VARIABLE, "muniment"),
        connections,
    )


def _clock(settings: Settings, now: str | None) -> Clock:
    if now is None:
        return lambda: datetime.now(UTC)
    if not settings.is_sandbox:
        raise UsageError(
            f"--now: {settings.file} is not a simulated company (sandbox: true); a real home is "
            "dated by the machine's clock alone. Leave --now out."
        )
    try:
        moment = datetime.fromisoformat(now)
    except ValueError as error:
        raise UsageError(f"--now: found '{now}', expected 2026-01-31T02:00:00Z.") from error
    if moment.tzinfo is None:
        raise UsageError(f"--now: '{now}' has no zone; expected 2026-01-31T02:00:00Z.")
    fixed = moment.astimezone(UTC)
    return lambda: fixed


@dataclass(frozen=True)
class Recovered:
    """What `recover` finished, and what it could not."""

    receipts: list[Receipt]
    stuck: list[Stuck]


def recover(run: Run) -> Recovered:
    """Finishes what an interrupted run had collected but not committed.

    A collection that cannot be finished stays pending, is said, and stops nothing else.
    """
    done = Recovered([], [])
    for source in run.settings.sources:
        for receipt_id in committing.pending(run.settings.home, source.id):
            finished = finish(run, source.id, receipt_id)
            if isinstance(finished, Stuck):
                done.stuck.append(finished)
            else:
                done.receipts.append(finished)
    return done


def finish(run: Run, source_id: str, receipt_id: str) -> Receipt | Stuck:
    """Indexes and commits one collection, or says why it has to wait."""
    try:
        with machine.failures_told("The collection is kept"):
            index(run, source_id, receipt_id)
            return commit(run, source_id, receipt_id)
    except MunimentError as error:
        stuck = Stuck(source_id, receipt_id, error)
        progress.warning("%s", stuck)
        return stuck


def plan(
    run: Run, first_day: date | None = None, end_day: date | None = None
) -> list[PlannedWindow]:
    """What is still open, from the ledger; never asks the network."""
    return planning.plan(run.settings, run.now, first_day, end_day)


def collect(run: Run, source_id: str, window: Window) -> Collection:
    """Asks one source for one window; a source's failure is stated in the collection."""
    return collecting.collect(
        run.settings, run.settings.source(source_id), window,
        clock=run.clock, connections=run.connections, run_id=run.run_id, role=run.role,
    )  # fmt: skip


def index(run: Run, source_id: str, receipt_id: str) -> bronze.IndexCounts:
    """Turns one collection's objects into its Bronze file."""
    return bronze.index(run.settings, source_id, receipt_id)


def commit(run: Run, source_id: str, receipt_id: str) -> Receipt:
    """Fixes one collection's records and writes its receipt."""
    receipt = committing.commit(run.settings, source_id, receipt_id)
    span = f"{source_id} {receipt.window_start} to {receipt.window_end}"
    if receipt.failure is not None:
        progress.warning("%s: FAILED, %s", span, receipt.failure.reason)
    else:
        records = sum(receipt.records.values())
        progress.info("%s: %d records, receipt %d", span, records, receipt.sequence)
    return receipt


def assess(run: Run, as_of: date | None = None) -> list[Verdict]:
    """Decides per source, stream and day, with the proof or the reason."""
    verdicts = ledger.assess(run.settings, as_of or run.as_of, run.now)
    progress.info("assessed %d source-days", len(verdicts))
    return verdicts


def build(
    run: Run, as_of: date | None = None, *, full_refresh: bool = False, is_assessed: bool = False
) -> BuildReport:
    """Builds the warehouse: staging, unified models, control tests, coverage.

    The ledger is assessed anew first, unless this very process just did (`is_assessed`): a file
    that lay about is never trusted.
    """
    if not is_assessed:
        assess(run)
    report = warehouse.build(
        run.settings, as_of or run.as_of, run.now, run.run_id, full_refresh=full_refresh
    )
    for line in report.lines():
        progress.info("%s", line)
    return report


def publish(run: Run) -> Release:
    """Seals the closed warehouse into a release, moves `current`, signs a checkpoint."""
    release = publishing.publish(run.settings, run.now)
    checkpoints.sign(run.settings, run.now)
    progress.info("release %d is current", release.number)
    progress.info("of the past: %s", briefing.past(run.settings))
    return release


@dataclass(frozen=True)
class RunReport:
    """What one whole run did."""

    windows: list[PlannedWindow]
    collections: list[Collection]
    stuck: list[Stuck]
    verdicts: list[Verdict]
    build: BuildReport
    release: Release

    @property
    def failed_sources(self) -> list[Collection]:
        """Collections that ended early, with the source's reason."""
        return [item for item in self.collections if item.failure is not None]

    @property
    def outstanding(self) -> Outstanding:
        """What the run was to prove and did not."""
        return left_by(self.verdicts, self.windows, self.stuck, self.build.failed_tests)


def run_all(run: Run, first_day: date | None = None, end_day: date | None = None) -> RunReport:
    """The whole path, one source after the other."""
    stuck = recover(run).stuck
    windows = plan(run, first_day, end_day)
    collections = []
    for planned in windows:
        collection = collect(run, planned.source_id, planned.window)
        finished = finish(run, planned.source_id, collection.receipt_id)
        stuck += [finished] if isinstance(finished, Stuck) else []
        collections.append(collection)
    verdicts = assess(run)
    built = build(run, is_assessed=True)
    return RunReport(windows, collections, stuck, verdicts, built, publish(run))
