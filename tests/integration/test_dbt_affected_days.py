"""Each cause of an affected day: the incremental build then equals a full refresh."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from warehouse_home import DAY, START, WarehouseHome, at

LAST = START + 4 * DAY
#: judged again by every build: later snapshots may have been staged for them
NEWEST = {LAST - DAY, LAST}
LOG_ASSET = {
    "asset_id": "LOG-1", "type": "log_source", "native_id": "lab-log", "in_scope": "true",
}  # fmt: skip
LEAVER = {
    "person_id": "P-1", "work_email": "p1@example.com", "start_at": "2025-01-01",
    "end_at": "2026-01-03T12:00:00Z", "logins": "okta:p1@example.com",
}  # fmt: skip
CONTROL = {
    "control_id": "C-1", "owner": "P-9", "criteria": "soc2:CC7.2;soc2:CC2.1", "tests": "LOG-01",
    "valid_from": "2026-01-01",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> WarehouseHome:
    """Five days, built on the last: the third was not collected, the last is still pending."""
    home = WarehouseHome(tmp_path_factory.mktemp("home"))
    home.register("assets", [LOG_ASSET], at(START))
    home.register("roster", [LEAVER], at(START))
    home.register("controls", [CONTROL], at(START))
    for offset in range(5):
        day = START + offset * DAY
        verdict = "GAP" if offset in (2, 4) else "COMPLETE"
        home.judge_registers(day)
        home.judge_okta(day, verdict, hours={"03": 5})
        home.receive("okta", "event", [], at(day + DAY), day, day + DAY)
    home.build(LAST)
    return home


@pytest.fixture
def home(built: WarehouseHome, tmp_path: Path) -> WarehouseHome:
    """A copy to change."""
    shutil.copytree(built.folder, tmp_path, dirs_exist_ok=True)
    return WarehouseHome(tmp_path, built.sources, dict(built.ledger), built.sequences.copy())


def days(first: date, last: date) -> list[date]:
    """Every day from the first to the last."""
    return [first + offset * DAY for offset in range((last - first).days + 1)]


def outcomes(home: WarehouseHome, leg: str = "collector") -> dict[date, set[str]]:
    """day -> outcomes of one leg of LOG-01, of the source `okta`."""
    rows = home.query(
        "select effective_on, outcome from marts.fct_test_results where test_id = 'LOG-01' "
        f"and leg_id = '{leg}' and starts_with(unit_key, 'okta|')"
    )
    found: dict[date, set[str]] = {}
    for day, outcome in rows:
        found.setdefault(day, set()).add(outcome)
    return found


def affected(home: WarehouseHome, test_id: str = "LOG-01") -> set[date]:
    """Days that the last build judged again."""
    rows = home.query(f"select day from ops.int_affected_days where test_id = '{test_id}'")
    return {day for (day,) in rows}


def changed(home: WarehouseHome, stream: str = "access_events.sign_in") -> set[date]:
    """Days of one ledger stream that the last build found touched."""
    rows = home.query(f"select day from ops.int_changed_days where stream = '{stream}'")
    return {day for (day,) in rows}


def assert_full_refresh_agrees(home: WarehouseHome, as_of: date) -> None:
    """Table by table."""
    incremental = home.tables()
    assert home.build(as_of, full_refresh=True).rebuilt_because
    full = home.tables()
    assert set(full) == set(incremental)
    assert [name for name in full if full[name] != incremental[name]] == []


def test_nothing_new_judges_only_the_newest_days_and_what_is_pending(home: WarehouseHome) -> None:
    report = home.build(LAST)
    assert report.rebuilt_because is None
    assert report.new_receipts == 0
    assert outcomes(home)[LAST] == {"PENDING"}
    assert affected(home) == changed(home) == NEWEST


def test_a_changed_verdict_reopens_its_day(home: WarehouseHome) -> None:
    gap = START + 2 * DAY
    assert outcomes(home)[gap] == {"EXCEPTION"}
    home.judge_okta(gap, "COMPLETE", hours={"03": 5}, opened=at(gap + DAY))
    home.build(LAST)
    assert changed(home) == {gap} | NEWEST
    assert affected(home) == set(days(gap, LAST))  # a later day's usual volume hangs on it
    assert outcomes(home)[gap] == {"PASS"}
    assert_full_refresh_agrees(home, LAST)


def test_a_new_receipt_reopens_its_window(home: WarehouseHome) -> None:
    day = START + DAY
    home.judge_okta(day, "COMPLETE", hours={"03": 5, "04": 1})
    home.receive("okta", "event", [], at(LAST + DAY, 3), day, day + DAY)
    home.build(LAST)
    assert changed(home) == {day} | NEWEST
    assert affected(home) == set(days(day, LAST))
    found = home.query(
        "select unit_key, reason from marts.fct_test_results "
        f"where leg_id = 'provider' and unit_key = 'okta|{day}T04'"
    )
    assert found == [(f"okta|{day}T04", "4 records in the hour")]
    assert_full_refresh_agrees(home, LAST)


def test_a_pending_unit_is_judged_again_when_time_has_passed(home: WarehouseHome) -> None:
    assert outcomes(home)[LAST] == {"PENDING"}
    home.judge_registers(LAST + DAY)
    home.judge_okta(LAST + DAY, hours={"03": 5})
    home.build(LAST + DAY)
    assert outcomes(home)[LAST] == {"EXCEPTION"}
    assert outcomes(home)[LAST + DAY] == {"PASS"}
    assert_full_refresh_agrees(home, LAST + DAY)


def test_a_parameter_stated_later_reopens_the_days_from_its_receipt(home: WarehouseHome) -> None:
    before, after = START + DAY, LAST + DAY
    last = after + 3 * DAY
    for offset in range(4):
        home.judge_registers(after + offset * DAY)
        home.judge_okta(after + offset * DAY, hours={"03": 5})
    for late in (before, after):
        home.judge_okta(late, "LATE", opened=at(late + 3 * DAY))
    home.build(last)
    assert outcomes(home)[before] == outcomes(home)[after] == {"EXCEPTION"}
    stated = {**CONTROL, "control_id": "C-2", "tests": "LOG-01.collector(max_lag_h=72)"}
    home.register("controls", [CONTROL, stated], at(after, 5))
    home.build(last)
    # its valid_from lies before both: it loosens nothing of the past, and is shown
    assert outcomes(home)[before] == {"EXCEPTION"}
    assert outcomes(home)[after] == {"PASS"}
    edits = home.query("select register, row_id, field from marts.fct_register_edits")
    assert edits == [("controls", "C-2", "added")]
    assert_full_refresh_agrees(home, last)


def test_a_corrected_register_reopens_the_days_that_it_speaks_for(home: WarehouseHome) -> None:
    unseen = "select count(*) from marts.fct_test_results where asset_id = 'LOG-2'"
    assert home.query(unseen) == [(0,)]
    home.register("assets", [LOG_ASSET, {**LOG_ASSET, "asset_id": "LOG-2"}], at(LAST + DAY, 5))
    home.build(LAST)
    assert changed(home, "assets.asset") == affected(home) == set(days(START, LAST))
    assert changed(home) == NEWEST
    assert home.query(unseen) == [(5 * 24,)]
    assert_full_refresh_agrees(home, LAST)


def test_a_corrected_end_reopens_the_old_and_the_new_day(home: WarehouseHome) -> None:
    home.build(LAST)
    assert date(2026, 1, 2) not in affected(home, "IAM-04")
    home.register("roster", [{**LEAVER, "end_at": "2026-01-02T12:00:00Z"}], at(LAST + DAY, 5))
    home.build(LAST)
    assert changed(home, "roster") == affected(home, "IAM-04") == set(days(START, LAST))
    assert changed(home) == NEWEST
    edits = home.query(
        "select register, row_id, field, value_before, value_after from marts.fct_register_edits"
    )
    assert edits == [("roster", "P-1", "end_at", "2026-01-03T12:00:00Z", "2026-01-02T12:00:00Z")]
    assert_full_refresh_agrees(home, LAST)


def test_a_waiver_accepts_what_happens_after_we_received_it(home: WarehouseHome) -> None:
    gap = START + 2 * DAY
    waiver = {
        "waiver_id": "W-1", "test_id": "LOG-01.collector", "scope": "source_id=okta",
        "owner": "P-9", "approver": "P-9", "approved_at": "2025-12-01T00:00:00Z",
        "expires_at": "2026-06-30T00:00:00Z",
    }  # fmt: skip
    home.register("waivers", [waiver], at(LAST + DAY, 5))
    home.build(LAST)
    # received after the event: it accepts nothing of the past, and all that comes later
    assert outcomes(home)[gap] == {"EXCEPTION"}
    for offset in (1, 2):
        home.judge_registers(LAST + offset * DAY)
        home.judge_okta(LAST + offset * DAY, "GAP")
    home.build(LAST + 2 * DAY)
    assert outcomes(home)[LAST] == {"EXCEPTION"}
    assert outcomes(home)[LAST + DAY] == {"EXCEPTION_ACCEPTED"}
    assert_full_refresh_agrees(home, LAST + 2 * DAY)


def test_a_day_that_became_empty_keeps_no_rows(home: WarehouseHome) -> None:
    for key in [key for key in home.ledger if key[2] == START]:
        del home.ledger[key]
    home.build(LAST)
    assert START not in outcomes(home)
    assert_full_refresh_agrees(home, LAST)


def test_a_day_that_nothing_touches_is_left_alone(home: WarehouseHome) -> None:
    home.judge_okta(START + DAY, "GAP")
    home.build(LAST)
    assert changed(home) == {START + DAY} | NEWEST
    assert affected(home) == set(days(START + DAY, LAST))


def test_a_ledger_that_begins_earlier_holds_what_began_before_it(home: WarehouseHome) -> None:
    app = {"asset_id": "APP-1", "type": "repository", "scanner_types": "sast", "in_scope": "true"}
    home.register("assets", [LOG_ASSET, app], at(LAST + DAY, 5))
    home.build(LAST)
    first = START - 8 * DAY  # a Wednesday: the week of a scan began two days before
    for offset in range(8):
        home.judge_registers(first + offset * DAY)
        home.judge_okta(first + offset * DAY, hours={"03": 5})
    home.receive("okta", "event", [], at(LAST + DAY, 6), first, START)
    assert "begins on 2025-12-24" in str(home.build(LAST).rebuilt_because)
    assert home.query("select distinct effective_on from control_tests.vul_02 order by all") == [
        (date(2025, 12, 22),), (date(2025, 12, 29),), (date(2026, 1, 5),)
    ]  # fmt: skip
    assert home.build(LAST).rebuilt_because is None
    assert_full_refresh_agrees(home, LAST)
