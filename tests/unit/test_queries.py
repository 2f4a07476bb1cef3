"""Answers from a release, and SQL of strangers: right, complete, and confined."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from warehouse_file import DAY, WarehouseFile

from muniment import queries, releases, sqlguard
from muniment.database import connect
from muniment.errors import EvidenceError, MachineError, UsageError
from muniment.settings import Settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> WarehouseFile:
    made = WarehouseFile.make(tmp_path_factory.mktemp("queries") / "home")
    made.build()
    made.publish()
    return made


@pytest.fixture
def settings(home: WarehouseFile) -> Settings:
    return home.settings


def test_results_narrow_by_leg_outcome_and_day(settings: Settings) -> None:
    def found(test: str, **more: object) -> int:
        return len(queries.results(settings, test, None, **more).rows)  # type: ignore[arg-type]

    assert found("CHG-02") == found("CHG-02.approved") == found("CHG-02", outcome="EXCEPTION") == 1
    assert found("CHG-02", outcome="PASS") == found("CHG-02", end_day=DAY) == 0
    assert found("CHG-02", first_day=DAY) == 1


def test_what_lasts_counts_for_every_period_that_it_touches(tmp_path: Path) -> None:
    """Six days long: from two days before to three after the day it is dated."""
    home = WarehouseFile.make(tmp_path / "home")
    home.build()
    first, last = DAY - timedelta(days=2), DAY + timedelta(days=3)
    with connect(home.path) as connection:
        connection.execute(
            "update control_tests.all_tests set counts_from = ?, counts_to = ?", [first, last]
        )
    home.publish()

    def found(first_day: date, end_day: date) -> int:
        answer = queries.results(
            home.settings, "CHG-02", None, first_day=first_day, end_day=end_day
        )
        return len(answer.rows)

    day = timedelta(days=1)
    assert found(first - day, first) == found(last + day, last + 2 * day) == 0
    assert found(first - day, first + day) == found(last, last + day) == 1
    assert found(DAY + day, DAY + 2 * day) == 1


@pytest.mark.parametrize(
    ("test", "outcome", "message"),
    [("chg-02", None, "Did you mean 'CHG-02'"), ("CHG-02.gone", None, "approved"),
     ("CHG-02", "PASSED", "EXCEPTION_ACCEPTED"), ("x'; drop table t; --", None, "no control test")],
)  # fmt: skip
def test_a_misspelt_question_is_not_an_empty_answer(
    settings: Settings, test: str, outcome: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        queries.results(settings, test, None, outcome=outcome)


def test_a_source_unknown_to_ledger_and_configuration_is_refused(settings: Settings) -> None:
    assert len(queries.ledger(settings, None, source_id="okta", verdict="GAP").rows) == 1
    with pytest.raises(UsageError, match="okta"):
        queries.ledger(settings, None, source_id="oktaa")
    with pytest.raises(UsageError, match="NOT_PROVABLE"):
        queries.ledger(settings, None, verdict="GAPS")


def test_a_period_that_the_release_does_not_know_is_refused(settings: Settings) -> None:
    answer, counts = queries.coverage(settings, "soc2", DAY, DAY + timedelta(days=30), None)
    assert {row["days_total"] for row in answer.rows} == {30}
    assert counts["in_scope"] == 2
    for first in (DAY - timedelta(days=9), DAY + timedelta(days=5)):
        with pytest.raises(UsageError, match="outside"):
            queries.coverage(settings, "soc2", first, first + timedelta(days=2), None)


def test_a_damaged_release_says_what_to_do(tmp_path: Path) -> None:
    home = WarehouseFile.make(tmp_path / "home")
    home.build()
    home.publish()
    path = home.settings.home.local_path(releases.folder(1)) / "muniment.duckdb"
    path.chmod(0o644)
    path.write_bytes(b"no database")
    with pytest.raises(EvidenceError, match="muniment verify"):
        queries.ledger(home.settings, None)


@pytest.mark.parametrize(
    "statement",
    ["select * from read_csv('{file}')", "select * from read_text('{file}')", "from '{file}'",
     "from glob('/*')", "from duckdb_secrets()", "select getenv('HOME')",
     "from read_blob('{file}')",
     "with recursive r as (select 1) from r; attach 'x'", "from sniff_csv('{file}')",
     "from parquet_scan('{file}')", "explain analyze copy (select 1) to '{file}.out'"],
)  # fmt: skip
def test_no_statement_reaches_outside_the_release(settings: Settings, statement: str) -> None:
    with pytest.raises(UsageError):
        sqlguard.ask(settings, statement.format(file=settings.file))
    assert not settings.file.with_name("muniment.yml.out").exists()


def test_sql_answers_whole_and_never_a_part(settings: Settings) -> None:
    answer = sqlguard.ask(settings, "select 1 as a, 2 as a, 'nan'::float as f, date '2026-01-05' d")
    assert answer.rows == [{"a": 1, "a:2": 2, "f": "nan", "d": "2026-01-05"}]
    with pytest.raises(UsageError, match="nothing is shown"):
        sqlguard.ask(settings, "from range(1000000)")


@pytest.mark.parametrize(
    "statement", ["select len(repeat('x', 4000000000))", "select len(range(1000000000))"]
)
def test_what_needs_too_much_memory_is_stopped(settings: Settings, statement: str) -> None:
    with pytest.raises(MachineError, match="was stopped"):
        sqlguard.ask(settings, statement)


def test_what_never_ends_is_stopped(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlguard, "TIME_LIMIT_S", 2)
    with pytest.raises(MachineError, match="was stopped"):
        sqlguard.ask(
            settings,
            "with recursive r as (select 1 n union all select n + 1 from r) select count(*) from r",
        )


def test_a_statement_that_breaks_a_parser_breaks_no_caller(settings: Settings) -> None:
    with pytest.raises((UsageError, MachineError)):
        sqlguard.ask(settings, "select " + "(" * 200_000 + "1" + ")" * 200_000)
