"""The run as a whole: repeatable, incremental equals full refresh, healing, two runs at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from company import FIRST_DAY, Company, clock_of
from muniment import database, pipeline
from muniment.warehouse import WAREHOUSE_PATH

DAYS = 6
END = FIRST_DAY + timedelta(days=DAYS)
#: tables that say how a build came about, not what it found
ABOUT_THE_BUILD = {"ops", "bronze"}


def tables(company: Company) -> dict[str, list[tuple[object, ...]]]:
    """Every table and view of the warehouse, rows in a stable order."""
    connection: duckdb.DuckDBPyConnection = database.connect(
        company.settings.home.local_path(WAREHOUSE_PATH), is_read_only=True
    )
    try:
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() union "
            "select schema_name, view_name from duckdb_views() where not internal order by all"
        ).fetchall()
        return {
            f"{schema}.{name}": connection.execute(
                f'select * from "{schema}"."{name}" order by all'
            ).fetchall()
            for schema, name in names
            if schema not in ABOUT_THE_BUILD
        }
    finally:
        connection.close()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Six days, each collected, built and published on its own."""
    with Company(tmp_path_factory.mktemp("run")) as company:
        day = FIRST_DAY
        while day < END:
            company.collect(day, day + timedelta(days=1))
            company.build(day + timedelta(days=1))
            day += timedelta(days=1)
        yield company


def differences(
    one: dict[str, list[tuple[object, ...]]], other: dict[str, list[tuple[object, ...]]]
) -> dict[str, list[tuple[object, ...]]]:
    """Table -> a few rows that only one of the two has."""
    found = {}
    for name in sorted({*one, *other}):
        rows, others = one.get(name), other.get(name)
        if rows != others:
            only = [row for row in rows or [] if row not in (others or [])][:2]
            found[name] = only + [row for row in others or [] if row not in (rows or [])][:2]
    return found


def test_full_refresh_equals_incremental(company: Company) -> None:
    incremental = tables(company)
    assert len(incremental["marts.fct_leg_days"]) > 0
    company.build(END, full_refresh=True)
    assert differences(incremental, tables(company)) == {}


def test_a_repeated_run_changes_nothing(company: Company) -> None:
    before = tables(company)
    company.collect(END - timedelta(days=1), END)
    company.build(END)
    assert differences(before, tables(company)) == {}


def test_old_releases_stay_queryable(company: Company) -> None:
    first = company.cli("sql", "select as_of from ops.run", "--release", "1", "--format", "json")
    assert first.returncode == 0, first.stderr
    assert FIRST_DAY.isoformat() in first.stdout


def test_two_runs_at_once_do_not_mix(tmp_path: Path) -> None:
    with Company(tmp_path) as company:
        company.sandbox.set_clock(clock_of(FIRST_DAY + timedelta(days=1)))
        command = [
            sys.executable, "-m", "muniment", "run", "--from", FIRST_DAY.isoformat(),
            "--to", (FIRST_DAY + timedelta(days=1)).isoformat(),
            "--now", clock_of(FIRST_DAY + timedelta(days=1)).isoformat(),
            "--config", str(company.config),
        ]  # fmt: skip
        runs = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        ends = [(run.communicate()[1], run.returncode) for run in runs]
        assert all("Traceback" not in said for said, _ in ends), ends
        assert 0 in [code for _, code in ends], ends
        assert {code for _, code in ends} <= {0, 3}, ends
        for said in (said for said, code in ends if code == 3):  # none, if they did not meet
            assert "Another run is writing the warehouse" in said
            assert "Nothing was changed; wait until it has ended and run the same command" in said
        done = company.cli("verify")
        assert done.returncode == 0, done.stdout


def test_a_day_that_was_missed_is_healed_by_the_next_run(tmp_path: Path) -> None:
    with Company(tmp_path) as company:
        company.collect(FIRST_DAY, FIRST_DAY + timedelta(days=1))
        run = company.run(FIRST_DAY + timedelta(days=3))
        planned = {item.source_id: item.window for item in pipeline.plan(run)}
        assert planned["github_pulls"].first_day == FIRST_DAY + timedelta(days=1)
        assert planned["github_pulls"].end_day == FIRST_DAY + timedelta(days=3)
