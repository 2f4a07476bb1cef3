"""The briefing: what a person reads after the first run, in the order of its worth."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from warehouse_file import DAY, WarehouseFile

from muniment import briefing
from muniment.database import connect

END = DAY + timedelta(days=2)
FRONTIER = """
create table marts.fct_frontier as select * from (values
  ('okta_users', 9, 3, 4), ('okta_system_log', 20, 5, 6), ('mdm', 7, 2, 1), ('register', 5, 2, 0),
  ('any source of backups', 0, 0, 3)) t("connect", legs, criteria, legs_waiting)
"""
UNIT = """
insert into control_tests.all_tests by name
select $test as test_id, 'sla' as leg_id, $unit as unit_key, $system as system,
       '{"asset_id": "' || $unit || '"}' as attributes, $day::date as effective_on,
       $day::date as counts_from, $day::date as counts_to,
       $outcome as outcome, $code as reason_code, 'about ' || $unit as reason, $severity as severity
"""
NAMES = ("test", "unit", "system", "day", "outcome", "code", "severity")


@pytest.fixture
def home(tmp_path: Path) -> WarehouseFile:
    """A home with one exception and one pass of its own, and no release yet."""
    made = WarehouseFile.make(tmp_path / "home")
    config = made.root / "muniment.yml"
    config.write_text(f"{config.read_text()}frameworks: [soc2, gdpr]\n")
    made.build(END - timedelta(days=1))
    with connect(made.path) as connection:
        connection.execute(FRONTIER)
    return made


def judge(home: WarehouseFile, *units: tuple[Any, ...]) -> None:
    """(test, unit, system, day, outcome, reason code, severity) of more units."""
    with connect(home.path) as connection:
        for unit in units:
            connection.execute(UNIT, dict(zip(NAMES, unit, strict=True)))


def shown(home: WarehouseFile, capsys: pytest.CaptureFixture[str]) -> str:
    home.publish_and_sign()
    capsys.readouterr()
    briefing.show(home.settings, DAY, END)
    return capsys.readouterr().out


def section(text: str, title: str) -> list[list[str]]:
    """Cells of the table under a title, row by row; what folds is put together again."""
    lines = text[text.index(title) :].splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("┡"))
    rows: list[list[str]] = []
    for line in lines[first + 1 :]:
        if not line.startswith("│"):
            break
        cells = [cell.strip() for cell in line.strip("│").split("│")]
        if cells[0]:
            rows.append(cells)
        else:
            rows[-1] = [" ".join(filter(None, pair)) for pair in zip(rows[-1], cells, strict=True)]
    return rows


def test_what_is_proven_comes_before_what_is_not_and_what_to_do_comes_last(
    home: WarehouseFile, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(home, capsys)
    titles = [
        "Harbourline Health, 2026-01-05 to 2026-01-07", "Ledger: was each source complete",
        "Proven, per system", "Not tested, and why", "Criteria: three counts",
        "Exceptions that matter most", "Frontier:", "Release  1",
    ]  # fmt: skip
    places = [text.find(title) for title in titles]
    assert -1 not in places
    assert places == sorted(places)
    assert "SIMULATED COMPANY: no real evidence" in text  # whole, on 80 columns too
    assert "okta    2026-01  ····●✗·" in text
    assert "UNWITNESSED" in text
    assert str(home.evidence.folder / "releases/00000001") in text.replace("\n", "")


def test_a_leg_that_tested_nothing_is_not_among_the_proven(
    home: WarehouseFile, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(
        home,
        ("VUL-01", "a", "billing", DAY, "PASS", None, "high"),
        ("VUL-01", "b", "billing", DAY, "EXCEPTION_ACCEPTED", None, "high"),
        ("VUL-01", "c", "billing", DAY, "PENDING", None, "high"),
        ("VUL-01", "d", "billing", DAY, "NOT_TESTED", "source_gap", "high"),
        ("VUL-01", "e", "billing", DAY, "NOT_APPLICABLE", None, "high"),
        ("VUL-01", "f", "billing", END, "PASS", None, "high"),
        ("VUL-02", "g", None, DAY, "NOT_TESTED", "not_connected", "high"),
        ("VUL-02", "h", None, DAY, "NOT_TESTED", "not_connected", "high"),
        ("VUL-02", "i", None, END, "NOT_TESTED", "not_connected", "high"),
    )
    text = shown(home, capsys)
    assert section(text, "Proven, per system") == [
        ["billing", "VUL-01.sla", "4", "1", "1", "1", "1"],
        ["github", "CHG-02.approved", "1", "0", "1", "0", "0"],
        ["okta", "IAM-01.enrolled", "1", "1", "0", "0", "0"],
    ]
    assert section(text, "Not tested, and why") == [
        ["(no system)", "VUL-02.sla", "not_connected", "2"],
        ["billing", "VUL-01.sla", "source_gap", "1"],
    ]


def test_the_gravest_and_latest_exceptions_of_the_period_come_first(
    home: WarehouseFile, capsys: pytest.CaptureFixture[str]
) -> None:
    before = DAY - timedelta(days=1)
    judge(
        home,
        ("VUL-01", "old", "billing", before, "EXCEPTION", None, "critical"),
        ("VUL-01", "lasting", "billing", before, "EXCEPTION", None, "critical"),
        ("VUL-01", "later", "billing", END, "EXCEPTION", None, "critical"),
        ("VUL-01", "accepted", "billing", DAY, "EXCEPTION_ACCEPTED", None, "critical"),
        ("VUL-01", "grave", "billing", DAY, "EXCEPTION", None, "critical"),
        ("VUL-01", "newer", "billing", DAY + timedelta(days=1), "EXCEPTION", None, "high"),
        *(("VUL-01", f"low-{n}", "billing", DAY, "EXCEPTION", None, "low") for n in range(9)),
    )
    with connect(home.path) as connection:
        connection.execute(
            "update control_tests.all_tests set counts_to = ? where unit_key = 'lasting'", [DAY]
        )
    rows = section(shown(home, capsys), "Exceptions that matter most")
    assert [row[0] for row in rows] == ["critical", "critical", "high", "high", *["low"] * 4]
    assert [row[3].removeprefix("asset_id: ") for row in rows[:3]] == ["grave", "lasting", "newer"]
    assert rows[0][1:3] == ["VUL-01.sla", str(DAY)]
    assert rows[0][4] == "about grave"
    assert rows[3][1] == "CHG-02.approved"


def test_the_frontier_says_until_when_connecting_still_gives_the_period(
    home: WarehouseFile, capsys: pytest.CaptureFixture[str]
) -> None:
    assert section(shown(home, capsys), "Frontier:") == [
        # Okta keeps its system log for 90 days, the first one included
        ["okta_system_log", "20", "5", "6", str(date(2026, 4, 4))],
        ["okta_users", "9", "3", "4", "now: a past day cannot be looked at"],
        ["mdm", "7", "2", "1", "kind not built yet"],
        ["register", "5", "2", "0", "no limit known"],
    ]


def test_each_framework_has_three_counts_over_one_denominator(
    home: WarehouseFile, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = section(shown(home, capsys), "Criteria: three counts")
    assert rows == [["soc2", "2", "2", "0", "0"], ["gdpr", "2", "2", "0", "0"]]
