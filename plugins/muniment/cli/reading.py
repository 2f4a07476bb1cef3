"""Commands that read a release: ledger, coverage, results, criteria, releases, SQL."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from muniment.cli.options import (
    Config,
    EndDay,
    FirstDay,
    Format,
    Output,
    ReleaseId,
    day,
    needed_day,
    opened,
)
from muniment.cli.output import print_answer, print_json, print_table


def ledger(
    config: Config = "muniment.yml",
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    first: FirstDay = None,
    end: EndDay = None,
    verdict: Annotated[str | None, typer.Option(help="Only this verdict, such as GAP.")] = None,
    is_quarantine: Annotated[
        bool, typer.Option("--quarantine", help="What could not be read: where, why, its bytes.")
    ] = False,
    output: Output = Format.table,
    release: ReleaseId = None,
) -> None:
    """Was each source complete on each day? A calendar, or one row a stream and day."""
    from muniment import calendar, quarantine, queries

    settings = opened(config)
    answer = queries.ledger(
        settings, release, source_id=source, first_day=day(first, "--from"),
        end_day=day(end, "--to"), verdict=verdict,
        columns=("receipt_ids",) if is_quarantine else queries.LEDGER_COLUMNS,
    )  # fmt: skip
    if is_quarantine:
        ids = {receipt_id for row in answer.rows for receipt_id in row["receipt_ids"]}
        rows = quarantine.listed(settings.home, ids)
        print_answer(queries.Answer(quarantine.COLUMNS, rows), output)
    elif output is Format.table and verdict is None:
        calendar.print_calendar(answer.rows)
    else:
        print_answer(answer, output)


def coverage(
    framework: Annotated[str, typer.Option(help="soc2, gdpr, vendor-guardrails, …")],
    first: FirstDay = None,
    end: EndDay = None,
    config: Config = "muniment.yml",
    output: Output = Format.table,
    release: ReleaseId = None,
) -> None:
    """What evidence says of each criterion in a period: a status, never a conclusion."""
    from muniment import queries

    answer, counts = queries.coverage(
        opened(config), framework, needed_day(first, "--from"), needed_day(end, "--to"), release
    )
    if output is Format.json:
        print_json({"criteria": answer.rows, "counts": counts})
    elif output is Format.csv:
        print_answer(answer, output)
    else:
        shown = ("criterion_id", "status", "population", "passed", "exceptions", "pending",
                 "not_tested", "days_complete", "days_total", "reasons")  # fmt: skip
        print_table(queries.Answer(shown, answer.rows), f"{framework}, {first} to {end}")
        print(
            f"In scope {counts['in_scope']}: mapped {counts['mapped']}, tested with complete "
            f"evidence {counts['tested_complete']}, no exceptions noted "
            f"{counts['no_exceptions_noted']}."
        )


def results(
    test: Annotated[str, typer.Option(help="A test (CHG-02) or leg (CHG-02.approved).")],
    outcome: Annotated[str | None, typer.Option(help="Only this outcome.")] = None,
    first: FirstDay = None,
    end: EndDay = None,
    config: Config = "muniment.yml",
    output: Output = Format.table,
    release: ReleaseId = None,
) -> None:
    """Every unit that a control test judged, with the record keys behind it."""
    from muniment import queries

    answer = queries.results(
        opened(config), test, release, outcome=outcome,
        first_day=day(first, "--from"), end_day=day(end, "--to"),
    )  # fmt: skip
    if not answer.rows and not queries.is_built(opened(config), test, release):
        print(f"{test}: no model is built for it yet; nothing was judged.", file=sys.stderr)
    if output is not Format.table:
        print_answer(answer, output)
        return
    shown = ("leg_id", "effective_on", "attributes", "outcome", "reason_code", "reason",
             "person_id", "record_keys")  # fmt: skip
    print_table(queries.Answer(shown, answer.rows), f"{test}: {len(answer.rows)} rows")


def criteria(
    framework: Annotated[str | None, typer.Option(help="Only this framework.")] = None,
    config: Config = "muniment.yml",
    output: Output = Format.table,
    release: ReleaseId = None,
) -> None:
    """Every criterion, and the test legs that can support it."""
    from muniment import queries

    print_answer(queries.criteria(opened(config), framework, release), output)


def sql(
    statement: Annotated[str, typer.Argument(help="One SELECT or EXPLAIN.")],
    config: Config = "muniment.yml",
    output: Output = Format.table,
    release: ReleaseId = None,
) -> None:
    """One read-only statement against a release, within limits of memory and time."""
    from muniment import sqlguard

    print_answer(sqlguard.ask(opened(config), statement, release), output)


def releases_command(
    config: Config = "muniment.yml",
    pin: Annotated[int | None, typer.Option(help="Keep this release from pruning.")] = None,
    unpin: Annotated[int | None, typer.Option(help="Let this release be pruned again.")] = None,
    output: Output = Format.table,
) -> None:
    """The published releases, the current one marked."""
    from muniment import releases
    from muniment.queries import Answer

    settings = opened(config)
    for number, is_pinned in ((pin, True), (unpin, False)):
        if number is not None:
            releases.set_pin(settings, number, is_pinned=is_pinned)
    rows = [item.row() for item in releases.listing(settings)]
    columns = ("release", "as_of", "published_at", "is_current", "is_pinned", "has_database",
               "code_revision")  # fmt: skip
    print_answer(Answer(columns, rows), output)


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    for command in (ledger, coverage, results, criteria, sql):
        app.command()(command)
    app.command("releases")(releases_command)
