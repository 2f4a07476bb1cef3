"""Commands that do a step of the path, in the path's order."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from muniment.cli.options import Config, EndDay, FirstDay, Now, day
from muniment.errors import EvidenceError, SourceError


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def collect(
    config: Config = "muniment.yml",
    source: Annotated[list[str] | None, typer.Option("--source", help="Only these.")] = None,
    first: FirstDay = None,
    end: EndDay = None,
    now: Now = None,
) -> int:
    """Ask sources for every day still open; every answer is kept as received."""
    from muniment import pipeline

    run = pipeline.start_run(config, now=now)
    for source_id in source or []:
        run.settings.source(source_id)
    failed = 0
    for planned in pipeline.plan(run, day(first, "--from"), day(end, "--to")):
        if source and planned.source_id not in source:
            continue
        collection = pipeline.collect(run, planned.source_id, planned.window)
        what = f"{planned.source_id} {planned.window.first_day} to {planned.window.end_day}"
        if collection.failure is not None:
            failed += 1
            _say(f"{what}: FAILED, {collection.failure.reason}")
        else:
            _say(f"{what}: {len(collection.objects)} objects kept")
    return SourceError.exit_code if failed else 0


def index(config: Config = "muniment.yml", now: Now = None) -> int:
    """Turn what was collected into Bronze records and write its receipts."""
    from muniment import pipeline

    recovered = pipeline.recover(pipeline.start_run(config, now=now))
    quarantined = 0
    for receipt in recovered.receipts:
        bad = sum(receipt.quarantined.values())
        quarantined += bad
        if bad:
            _say(f"{receipt.source_id}: {bad} unreadable, kept in quarantine")
    codes = [stuck.exit_code for stuck in recovered.stuck]
    return max(codes, default=EvidenceError.exit_code if quarantined else 0)


def assess(config: Config = "muniment.yml", as_of: str | None = None, now: Now = None) -> int:
    """Decide per source and day, with the proof or the reason."""
    from muniment import pipeline

    run = pipeline.start_run(config, now=now)
    verdicts = pipeline.assess(run, day(as_of, "--as-of"))
    gaps = [v for v in verdicts if v.verdict == "GAP" and v.is_healable]
    _say(f"{len(verdicts)} source-days assessed, {len(gaps)} gaps that can still be healed")
    return EvidenceError.exit_code if gaps else 0


def build(
    config: Config = "muniment.yml",
    as_of: str | None = None,
    full_refresh: Annotated[bool, typer.Option("--full-refresh")] = False,
    now: Now = None,
) -> int:
    """Build the warehouse: staging, unified models, control tests, coverage."""
    from muniment import outstanding, pipeline

    run = pipeline.start_run(config, now=now)
    report = pipeline.build(run, day(as_of, "--as-of"), full_refresh=full_refresh)
    left = outstanding.left_by([], [], [], report.failed_tests)
    if str(left):
        _say(str(left))
    return left.exit_code


def publish(config: Config = "muniment.yml", now: Now = None) -> int:
    """Seal the warehouse into an immutable release and move `current`."""
    from muniment import pipeline

    pipeline.publish(pipeline.start_run(config, now=now))
    return 0


def run_command(
    config: Config = "muniment.yml", first: FirstDay = None, end: EndDay = None, now: Now = None
) -> int:
    """All steps in order, for every day still open (or --from to --to)."""
    from muniment import pipeline

    run = pipeline.start_run(config, now=now)
    report = pipeline.run_all(run, day(first, "--from"), day(end, "--to"))
    outstanding = report.outstanding
    if str(outstanding):
        _say(str(outstanding))
    return SourceError.exit_code if report.failed_sources else outstanding.exit_code


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    for command in (collect, index, assess, build, publish):
        app.command()(command)
    app.command("run")(run_command)
