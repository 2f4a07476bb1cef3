"""Answers from a release: one function a question, read-only, as columns and rows.

Everything here reads one immutable release (or, for the ledger, the verdicts frozen in it), so a
reader never waits for a run and never sees half of one.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, get_args

import duckdb

from muniment import database, releases
from muniment.database import literal
from muniment.errors import EvidenceError, UsageError
from muniment.settings import Settings
from muniment.verdicts import Word

STATUS_COLUMNS = (
    "framework", "criterion_id", "status", "mapped_tests", "population", "passed", "exceptions",
    "accepted", "pending", "not_tested", "not_applicable", "out_of_scope", "leads",
    "days_complete", "days_total", "reasons",
)  # fmt: skip
COUNT_COLUMNS = ("in_scope", "mapped", "tested_complete", "no_exceptions_noted")
RESULT_COLUMNS = (
    "test_id", "leg_id", "unit_key", "attributes", "event_time", "effective_on", "outcome",
    "reason_code", "reason", "severity", "person_id", "vendor_id", "record_keys",
)  # fmt: skip
OUTCOMES = (
    "PASS", "EXCEPTION", "EXCEPTION_ACCEPTED", "PENDING", "NOT_TESTED", "NOT_APPLICABLE", "LEAD",
)  # fmt: skip
LEDGER_COLUMNS = (
    "source_id", "stream", "day", "verdict", "grade", "basis", "expected", "received",
    "quarantined", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """Rows as dictionaries, in the order of `columns`; JSON columns are already parsed."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]


@contextmanager
def release_connection(
    settings: Settings, release_id: int | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to one release (default: the current one).

    Raises EvidenceError where the release's file does not answer what every release must.
    """
    path = releases.database_path(settings, release_id)
    try:
        with database.connect(path, is_read_only=True) as connection:
            yield connection
    except duckdb.Error as error:
        raise EvidenceError(
            f"{path} cannot answer: {str(error).splitlines()[0]}. `muniment verify` says whether "
            "it was altered; `--release` asks another one, `muniment releases` lists them."
        ) from error


def coverage(
    settings: Settings, framework: str, first_day: date, end_day: date, release_id: int | None
) -> tuple[Answer, dict[str, int]]:
    """Status of every criterion of a framework over [first_day, end_day), and the three counts."""
    with release_connection(settings, release_id) as connection:
        _check_framework(connection, framework)
        _check_period(connection, first_day, end_day)
        asked = ", ".join(literal(value) for value in (framework, first_day, end_day))
        rows = _rows(connection, f"select {', '.join(STATUS_COLUMNS)} from coverage({asked})")
        counts = _rows(
            connection, f"select {', '.join(COUNT_COLUMNS)} from coverage_counts({asked})"
        )
    return Answer(STATUS_COLUMNS, rows), counts[0]


def results(
    settings: Settings, test_id: str, release_id: int | None, *,
    outcome: str | None = None, first_day: date | None = None, end_day: date | None = None,
) -> Answer:  # fmt: skip
    """Every unit that one test (`CHG-02`) or leg (`CHG-02.approved`) judged, newest first.

    Of a period: those of which some day that they count for lies in it, such as a finding that was
    open in it, whenever it was first seen.
    """
    _check_word("--outcome", outcome, OUTCOMES)
    _check_order(first_day, end_day)
    test, _, leg = test_id.partition(".")
    where = _where(
        ("test_id =", test), ("leg_id =", leg or None), ("outcome =", outcome),
        ("counts_to >=", first_day), ("counts_from <", end_day),
    )  # fmt: skip
    with release_connection(settings, release_id) as connection:
        _check_test(connection, test, leg)
        rows = _rows(
            connection,
            f"select {', '.join(RESULT_COLUMNS)} from marts.fct_test_results "
            f"where {where} order by effective_on desc, leg_id, unit_key",
        )
    return Answer(RESULT_COLUMNS, rows)


def is_built(settings: Settings, test_id: str, release_id: int | None) -> bool:
    """Whether a known control test judges anything yet."""
    test = literal(test_id.partition(".")[0])
    found = table(
        settings, f"select is_built from marts.dim_control_test where test_id = {test}", release_id
    )
    return any(row["is_built"] for row in found.rows)


def ledger(
    settings: Settings, release_id: int | None, *, source_id: str | None = None,
    first_day: date | None = None, end_day: date | None = None, verdict: str | None = None,
    columns: tuple[str, ...] = LEDGER_COLUMNS,
) -> Answer:  # fmt: skip
    """The ledger's verdicts as this release froze them; `columns`: of `verdicts.COLUMNS`."""
    _check_word("--verdict", verdict, get_args(Word))
    _check_order(first_day, end_day)
    where = _where(
        ("source_id =", source_id), ("day >=", first_day), ("day <", end_day),
        ("verdict =", verdict),
    )  # fmt: skip
    with release_connection(settings, release_id) as connection:
        rows = _rows(
            connection,
            f"select {', '.join(columns)} from ops.verdicts "
            f"where {where} order by source_id, stream, day",
        )
    if source_id is not None and not rows:
        settings.source(source_id)
    return Answer(columns, rows)


def failed_tests(settings: Settings, release_id: int | None) -> dict[str, str]:
    """Control tests that failed to run in this release's build, each with the database's error."""
    rows = table(settings, "select test_id, message from ops.failed_tests", release_id).rows
    return {row["test_id"]: row["message"] for row in rows}


def table(settings: Settings, sql: str, release_id: int | None) -> Answer:
    """Rows of one of our own statements against a release."""
    with release_connection(settings, release_id) as connection:
        cursor = connection.execute(sql)
        columns = tuple(str(column[0]) for column in cursor.description or [])
        return Answer(columns, _parsed(cursor))


def criteria(settings: Settings, framework: str | None, release_id: int | None) -> Answer:
    """Every criterion with the tests that can support it, the manual ones included."""
    columns = ("framework", "criterion_id", "title", "evidence_mode", "tests")
    sql = """
        select c.framework, c.criterion_id, c.title, c.evidence_mode,
               list_sort(coalesce(list(distinct l.test_id || '.' || l.leg_id)
                                  filter (where l.test_id is not null), [])) as tests
        from marts.dim_criterion as c
        left join seeds.leg_criterion as l using (framework, criterion_id)
        where {where}
        group by all order by c.framework, c.criterion_id
    """
    with release_connection(settings, release_id) as connection:
        if framework is not None:
            _check_framework(connection, framework)
        where = _where(("c.framework =", framework))
        return Answer(columns, _rows(connection, sql.format(where=where)))


def _where(*conditions: tuple[str, str | date | None]) -> str:
    """The conditions whose value was given, as SQL."""
    given = [f"{condition} {literal(v)}" for condition, v in conditions if v is not None]
    return " and ".join(given) or "true"


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    return _parsed(connection.execute(sql))


def _parsed(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    description = cursor.description or []
    names = [str(column[0]) for column in description]
    is_json = [str(column[1]).upper() == "JSON" for column in description]
    return [
        {
            name: json.loads(value) if parse and value is not None else value
            for name, parse, value in zip(names, is_json, row, strict=True)
        }
        for row in cursor.fetchall()
    ]


def _check_word(option: str, found: str | None, expected: tuple[str, ...]) -> None:
    if found is not None and found not in expected:
        raise UsageError(f"{option}: found '{found}', expected one of {', '.join(expected)}.")


def _check_test(connection: duckdb.DuckDBPyConnection, test: str, leg: str) -> None:
    known: dict[str, list[str]] = {}
    for test_id, leg_id in connection.execute(
        "select test_id, leg_id from marts.dim_control_test_leg order by all"
    ).fetchall():
        known.setdefault(test_id, []).append(leg_id)
    if test not in known:
        near = difflib.get_close_matches(test.upper(), known, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise UsageError(
            f"--test: no control test '{test}'.{hint} `muniment criteria` lists what is mapped."
        )
    if leg and leg not in known[test]:
        raise UsageError(f"--test: {test} has no leg '{leg}'; it has {', '.join(known[test])}.")


def _check_framework(connection: duckdb.DuckDBPyConnection, framework: str) -> None:
    found = connection.execute(
        "select distinct framework from marts.dim_criterion order by framework"
    ).fetchall()
    _check_word("--framework", framework, tuple(str(row[0]) for row in found))


def _check_order(first_day: date | None, end_day: date | None) -> None:
    if first_day is not None and end_day is not None and first_day >= end_day:
        raise UsageError(f"The period {first_day} to {end_day} holds no day; --to is exclusive.")


def _check_period(connection: duckdb.DuckDBPyConnection, first_day: date, end_day: date) -> None:
    """Refuses a period of which the release knows no day at all; a part of one is incomplete."""
    _check_order(first_day, end_day)
    row = connection.execute("select period_start, as_of from ops.run").fetchone()
    if row is None:
        raise EvidenceError("This release names no run; build and publish again.")
    known_from, known_to = row
    if end_day <= known_from or first_day > known_to:
        raise UsageError(
            f"The period {first_day} to {end_day} lies outside what this release knows: "
            f"{known_from} to {known_to + timedelta(days=1)} (exclusive)."
        )
