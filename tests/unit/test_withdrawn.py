"""What an earlier release found stays listed, whatever takes it away."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from warehouse_file import DAY, WarehouseFile

from muniment.database import connect

AS_OF = DAY + timedelta(days=1)
LISTED = (
    "select unit_key, outcome, first_found_on, first_release, last_release, now_outcome, "
    "now_reason_code from marts.fct_withdrawn_exceptions"
)


@pytest.fixture
def home(tmp_path: Path) -> WarehouseFile:
    """Release 1 has found one exception and one pass."""
    made = WarehouseFile.make(tmp_path / "home")
    made.build(AS_OF)
    made.publish()
    return made


def listed(home: WarehouseFile, change: str, run_id: str, as_of: date = AS_OF) -> list[Any]:
    """What the next release lists, its warehouse made anew and then changed."""
    home.build(as_of, run_id)
    with connect(home.path) as connection:
        connection.execute(change)
    home.publish()
    return home.query(LISTED)


MENDED = "update control_tests.all_tests set outcome = 'PASS'"


def test_it_names_what_was_found_when_and_what_is_said_now(home: WarehouseFile) -> None:
    assert home.query(LISTED) == []
    assert listed(home, MENDED, "run-2") == [("org/app|7", "EXCEPTION", AS_OF, 1, 1, "PASS", None)]
    (kept,) = home.query("select attributes ->> 'number' from marts.fct_withdrawn_exceptions")
    assert kept == ("7",)


def test_the_days_that_it_counted_for_are_kept(tmp_path: Path) -> None:
    home = WarehouseFile.make(tmp_path / "home")
    home.build(AS_OF)
    with connect(home.path) as connection:
        connection.execute("update control_tests.all_tests set counts_to = '2026-03-01'")
    home.publish()
    assert listed(home, MENDED, "run-2")
    assert home.query("select counts_from, counts_to from marts.fct_withdrawn_exceptions") == [
        (DAY, date(2026, 3, 1))
    ]


def test_a_unit_that_is_none_any_more_is_said_to_be_none(home: WarehouseFile) -> None:
    assert listed(home, "delete from control_tests.all_tests", "run-2") == [
        ("org/app|7", "EXCEPTION", AS_OF, 1, 1, None, None)
    ]
    (said,) = home.query("select now_reason from marts.fct_withdrawn_exceptions")
    assert said == ("No longer a unit of this test.",)


def test_a_test_that_failed_to_run_has_withdrawn_nothing_by_judging(home: WarehouseFile) -> None:
    failed = (
        "delete from control_tests.all_tests; "
        "update marts.dim_control_test_leg set has_failed = true"
    )
    assert [row[-2:] for row in listed(home, failed, "run-2")] == [
        ("NOT_TESTED", "test_failed_to_run")
    ]


def test_it_stays_listed_with_the_release_that_had_it_last(home: WarehouseFile) -> None:
    assert [row[4] for row in listed(home, MENDED, "run-2")] == [1]
    assert [row[4] for row in listed(home, MENDED, "run-3")] == [1]
    assert listed(home, "select 1", "run-4") == []  # found again
    assert [row[3:5] for row in listed(home, MENDED, "run-5")] == [(1, 4)]


def test_an_exception_that_became_an_accepted_one_is_listed(home: WarehouseFile) -> None:
    accepted = (
        "update control_tests.all_tests set outcome = 'EXCEPTION_ACCEPTED' "
        "where outcome = 'EXCEPTION'"
    )
    for release in (2, 3):
        found = listed(home, accepted, f"run-{release}")
        assert [(row[1], row[4], row[5]) for row in found] == [
            ("EXCEPTION", 1, "EXCEPTION_ACCEPTED")
        ]
    assert [(row[1], row[4]) for row in listed(home, MENDED, "run-4")] == [
        ("EXCEPTION_ACCEPTED", 3)
    ]


def test_an_exception_for_another_reason_is_still_one(home: WarehouseFile) -> None:
    other = "update control_tests.all_tests set reason_code = 'other'"
    assert listed(home, other, "run-2") == []


def test_a_release_of_an_earlier_day_withdraws_nothing_that_was_found_later(
    home: WarehouseFile,
) -> None:
    assert listed(home, "delete from control_tests.all_tests", "run-2", as_of=DAY) == []
    # the release between never had it: the last that did is looked for further back
    assert [row[4] for row in listed(home, MENDED, "run-3")] == [1]
