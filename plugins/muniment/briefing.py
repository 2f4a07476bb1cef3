"""Day one: what is proven, what is not, and what to do next, on one screen.

The order is the point (design: coverage, day one): first what is proven per system, then the three
counts, the exceptions, and the frontier of what one more connection would make testable.
"""

from __future__ import annotations

from datetime import date, timedelta

from muniment import calendar, queries, releases
from muniment.settings import Settings
from muniment.sources import discover

PROVEN = """
    select coalesce(system, '(no system)') as system, test_id || '.' || leg_id as test,
           count(*) filter (where outcome not in ('NOT_APPLICABLE', 'LEAD')) as population,
           count(*) filter (where outcome = 'PASS') as passed,
           count(*) filter (where outcome like 'EXCEPTION%') as exceptions,
           count(*) filter (where outcome = 'PENDING') as pending,
           count(*) filter (where outcome = 'NOT_TESTED') as not_tested
    from marts.fct_test_results
    where {period}
    group by all
    having passed + exceptions + pending > 0
    order by system, test
"""
UNSEEN = """
    select coalesce(system, '(no system)') as system, test_id || '.' || leg_id as test,
           reason_code, count(*) as units
    from marts.fct_test_results
    where outcome = 'NOT_TESTED' and {period}
    group by all order by units desc limit 8
"""
EXCEPTIONS = """
    select severity, test_id || '.' || leg_id as test, effective_on as day, attributes, reason
    from marts.fct_test_results
    where outcome = 'EXCEPTION' and {period}
    order by list_position(['critical', 'high', 'medium', 'low'], severity), effective_on desc,
             test, unit_key
    limit 8
"""
FRONTIER = """
    select connect, legs, criteria, legs_waiting as legs_that_need_more
    from marts.fct_frontier
    where legs > 0 order by legs desc, criteria desc, connect limit 6
"""

PAST = """
    select (select count(*) from marts.fct_withdrawn_exceptions) as withdrawn,
           (select count(*) from marts.fct_register_edits) as edits
"""


def past(settings: Settings) -> str:
    """What the current release says was changed about the past, counted in one line."""
    counts = queries.table(settings, PAST, None).rows[0]
    return (
        f"{counts['withdrawn']} exceptions of earlier releases are not found any more "
        f"(marts.fct_withdrawn_exceptions), {counts['edits']} register edits speak for days "
        "before (marts.fct_register_edits)"
    )


def show(settings: Settings, first_day: date, end_day: date) -> None:
    """Prints the briefing of the current release for [first_day, end_day)."""
    from rich.console import Console

    console = Console()
    current = releases.current_number(settings)
    is_sandbox = releases.manifest_of(settings.home, current)["is_sandbox"]
    console.rule(f"{settings.organisation}, {first_day} to {end_day}")
    if is_sandbox:
        console.print("SIMULATED COMPANY: no real evidence", style="bold", justify="center")
    console.print("\n[bold]Ledger[/bold]: was each source complete on each day?")
    calendar.print_calendar(
        queries.ledger(settings, None, first_day=first_day, end_day=end_day).rows
    )
    period = f"counts_to >= date '{first_day}' and counts_from < date '{end_day}'"
    _section(settings, "Proven, per system and test leg", PROVEN.format(period=period))
    _section(settings, "Not tested, and why", UNSEEN.format(period=period))
    _counts(settings, first_day, end_day)
    _section(settings, "Exceptions that matter most", EXCEPTIONS.format(period=period))
    console.print(f"\n[bold]Changed about the past[/bold]: {past(settings)}.")
    _frontier(settings, first_day)
    console.print(f"\nRelease  {current}   {settings.home.uri(releases.folder(current))}")


def _section(settings: Settings, title: str, sql: str) -> None:
    from muniment.cli.output import print_table

    print_table(queries.table(settings, sql, None), f"\n{title}")


def _frontier(settings: Settings, first_day: date) -> None:
    from muniment.cli.output import print_table

    answer = queries.table(settings, FRONTIER, None)
    rows = [{**row, "last_date": _last_date(row["connect"], first_day)} for row in answer.rows]
    title = "\nFrontier: what one more connection would make testable, and until when"
    print_table(queries.Answer((*answer.columns, "last_date"), rows), title)


def _last_date(kind: str, first_day: date) -> str:
    """Until when connecting a kind still gives the whole period from its first day."""
    connectors = discover()
    if kind not in connectors:
        return "kind not built yet"
    spec = connectors[kind].spec
    if spec.mode == "state":
        return "now: a past day cannot be looked at"
    if spec.retention_days is None:
        return "no limit known"
    return (first_day + timedelta(days=spec.retention_days - 1)).isoformat()


def _counts(settings: Settings, first_day: date, end_day: date) -> None:
    from muniment.cli.output import print_table

    rows = []
    for framework in settings.frameworks:
        _, counts = queries.coverage(settings, framework, first_day, end_day, None)
        rows.append({"framework": framework, **counts})
    columns = ("framework", *queries.COUNT_COLUMNS)
    print_table(queries.Answer(columns, rows), "\nCriteria: three counts over one denominator")
