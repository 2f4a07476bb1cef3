"""The expectations: what they catch, what they leave alone, and that nothing leaves the machine."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from ledger_home import DAY, LOCAL_FILE, Home, Record, account, at, event, events

from muniment import expectations, gx_dialect, gx_runner
from muniment.database import connect
from muniment.expectations import Check, Suite
from muniment.sources import discover
from outbound import watched

D = date(2026, 1, 5)
SIGN_IN = "access_events.sign_in"
OKTA = {"id": "okta", "kind": "okta_system_log", "connection": "okta"}
USERS = {"id": "users", "kind": "okta_users", "connection": "okta"}
PULLS = {"id": "pulls", "kind": "github_pulls", "connection": "github",
         "options": {"organisation": "org"}}  # fmt: skip
ROSTER = {"id": "roster", "kind": "register", "location": "drop", "options": {"schema": "roster"}}


@pytest.fixture
def okta(tmp_path: Path) -> Home:
    return Home(tmp_path, [OKTA])


def docs(home: Home, as_of: date) -> Path:
    return home.settings.home.local_path(f"expectations/{as_of}/data_docs")


def test_records_missing_from_bronze_are_a_gap(okta: Home) -> None:
    receipt = okta.collect("okta", D, D + DAY, events(D, 3), cursor=(None, "a"))
    okta.collect("okta", D + DAY, D + 2 * DAY, events(D + DAY, 3), cursor=("a", "b"))
    okta._write_bronze("okta", receipt, events(D, 2))
    found = okta.assess(D + DAY)
    assert found[SIGN_IN, D].verdict == "GAP"
    assert "Bronze" in found[SIGN_IN, D].reason
    assert found[SIGN_IN, D + DAY].verdict == "COMPLETE"


def test_bronze_file_that_is_not_there_is_a_gap_and_no_crash(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 3), cursor=(None, "a"), is_bronze_kept=False)
    verdict = okta.assess(D)[SIGN_IN, D]
    assert verdict.verdict == "GAP"
    assert "Bronze does not hold the records that the receipt counts" in verdict.reason


def test_bronze_file_that_is_damaged_stops_no_other_source(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA, USERS])
    receipt = home.collect("okta", D, D + DAY, events(D, 3), cursor=(None, "a"))
    home.collect("users", D, D + DAY, [account("ann")], started=at(D))
    home.settings.home.replace(f"bronze/okta/{receipt}.parquet", b"PAR1 and then nothing")
    found = home.assess(D)
    assert found[SIGN_IN, D].verdict == "GAP"
    assert found["identities.account", D].verdict == "COMPLETE"


def test_empty_batch_that_should_be_empty_passes(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, cursor=(None, "a"))
    assert okta.assess(D)[SIGN_IN, D].verdict == "EMPTY_CONFIRMED"


def test_required_field_that_is_missing_is_a_gap_naming_it(okta: Home) -> None:
    nameless = Record("event", "e9", {"uuid": "e9", "published": "2026-01-05"}, at(D))
    okta.collect("okta", D, D + DAY, [*events(D, 2), nameless], cursor=(None, "a"))
    verdict = okta.assess(D)[SIGN_IN, D]
    assert verdict.verdict == "GAP"
    assert "1 records of event have no /eventType" in verdict.reason


def test_a_register_whose_columns_are_named_otherwise_is_read_by_those_names(
    tmp_path: Path,
) -> None:
    columns = {"person_id": "Personal/Nr."}
    home = Home(tmp_path, [{**ROSTER, "options": {"schema": "roster", "columns": columns}}])
    rows = [Record("roster", None, {"Personal/Nr.": name}) for name in "ab"]
    home.collect("roster", D, D + DAY, rows, basis="file_manifest", origin=LOCAL_FILE)
    assert home.assess(D)["roster", D].verdict == "COMPLETE"
    home.configure([ROSTER])  # a receipt is read as it was collected
    nameless = [Record("roster", None, {"Personal/Nr.": "a", "person_id": None})]
    home.collect("roster", D + DAY, D + 2 * DAY, nameless, basis="file_manifest", origin=LOCAL_FILE)
    found = home.assess(D + DAY)
    assert found["roster", D].verdict == "COMPLETE"
    assert "1 records of roster have no /person_id" in found["roster", D + DAY].reason


def test_two_versions_of_one_native_id_are_a_gap_and_identical_ones_are_not(okta: Home) -> None:
    twice = [event("same", at(D)), event("same", at(D))]
    okta.collect("okta", D, D + DAY, twice, cursor=(None, "a"), duplicates={"event": 1})
    shifted = [event("odd", at(D + DAY)), event("odd", at(D + DAY), actor="other")]
    okta.collect("okta", D + DAY, D + 2 * DAY, shifted, cursor=("a", "b"))
    found = okta.assess(D + DAY)
    assert found[SIGN_IN, D].verdict == "COMPLETE"
    assert found[SIGN_IN, D + DAY].verdict == "GAP"
    assert "share a native id" in found[SIGN_IN, D + DAY].reason


def test_fault_in_one_stream_leaves_its_sibling_alone(tmp_path: Path) -> None:
    home = Home(tmp_path, [USERS])
    factor = Record("factor", "f1", {"id": "f1"})
    home.collect("users", D, D + DAY, [account("ann"), factor], started=at(D))
    found = home.assess(D)
    assert found["identities.account", D].verdict == "COMPLETE"
    assert found["identities.factor", D].verdict == "GAP"


@pytest.mark.parametrize("left_out", [None, "timestamp", "activity_type", "after"])
def test_a_movement_that_cannot_be_judged_is_a_gap(tmp_path: Path, left_out: str | None) -> None:
    home = Home(tmp_path, [PULLS])
    record = {"id": 1, "ref": "main", "timestamp": "2026-01-05T01:00:00Z",
              "activity_type": "push", "after": "a"}  # fmt: skip
    record.pop(left_out or "", None)
    home.collect("pulls", D, D + DAY, [Record("ref_update", "1", record)])
    verdict = home.assess(D)["change_events.ref_update", D]
    assert verdict.verdict == ("GAP" if left_out else "COMPLETE")
    assert (left_out or "") in verdict.reason


def test_a_repository_that_states_no_default_branch_shuts_every_stream(tmp_path: Path) -> None:
    home = Home(tmp_path, [PULLS])
    named = {"id": 1, "full_name": "org/web", "default_branch": None}
    home.collect("pulls", D, D + DAY, [Record("repository", "1", named)])
    found = home.assess(D)
    for stream in ("pull_request", "review", "commit", "ref_update"):
        assert found[f"change_events.{stream}", D].verdict == "GAP"
        assert "default_branch" in found[f"change_events.{stream}", D].reason


def test_volume_and_freshness_only_warn(okta: Home) -> None:
    cursor = "c0"
    for offset in range(8):
        day, following = D + offset * DAY, f"c{offset + 1}"
        okta.collect(
            "okta", day, day + DAY, events(day, 20), cursor=(cursor if offset else None, following)
        )
        cursor = following
    last = D + 8 * DAY
    okta.collect("okta", last, last + 3 * DAY, events(last, 1), cursor=(cursor, "end"))
    found = okta.assess(last + 2 * DAY)
    verdict = found[SIGN_IN, last]
    assert verdict.is_open
    assert "volume" in verdict.reason
    assert "48 hours" in verdict.reason
    assert "Note:" not in found[SIGN_IN, D].reason


def test_receipts_are_checked_once(okta: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    okta.collect("okta", D, D + DAY, events(D, 2), cursor=(None, "a"))
    first = okta.assess(D)
    results = sorted(okta.settings.home.list(f"expectations/{D}"))
    assert results == ["accounts.json", "okta_system_log.json", "proofs.json"]
    okta.settings.home.delete(f"expectations/{D}/accounts.json")
    assert okta.assess(D) == first
    assert "accounts.json" not in okta.settings.home.list(f"expectations/{D}")


def test_losing_the_outcomes_checks_everything_again(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, [event("x", at(D)), event("x", at(D), a=1)])
    first = okta.assess(D)
    okta.settings.home.delete(expectations.OUTCOMES)
    assert okta.assess(D) == first
    assert first[SIGN_IN, D].verdict == "GAP"


def test_results_and_pages_are_kept_and_fetch_nothing(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 2), cursor=(None, "a"))
    okta.assess(D)
    result = json.loads(okta.settings.home.read(f"expectations/{D}/okta_system_log.json"))
    assert result["success"]
    pages = sorted(docs(okta, D).rglob("*.html"))
    assert docs(okta, D) / "index.html" in pages
    assert len(pages) >= 4
    fetched = re.compile(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=\"https?:")
    for page in pages:
        assert not fetched.search(page.read_text("utf-8")), page


def test_second_run_of_a_day_keeps_the_first_ones_receipts_in_its_report(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 2), cursor=(None, "a"))
    okta.assess(D)
    okta.collect("okta", D, D + DAY, events(D, 2))
    okta.assess(D)
    result = json.loads(okta.settings.home.read(f"expectations/{D}/okta_system_log.json"))
    counted = [r["result"].get("observed_value") for r in result["results"]]
    assert 4 in counted


def test_no_connection_is_tried(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 2), cursor=(None, "a"))
    with watched() as tried:
        okta.assess(D)
    assert tried == []


def test_dialect_keeps_rows_after_the_connection_is_closed(tmp_path: Path) -> None:
    from sqlalchemy import create_engine, text

    gx_dialect.register()
    database = tmp_path / "x.duckdb"
    with connect(database) as connection:
        connection.execute("create table t as select range as n from range(5)")
    engine = create_engine(f"muniment:///{database}")
    with engine.connect() as connection:
        rows = connection.execute(text("select n from t order by n"))
        setting = connection.execute(text("select current_setting('disabled_optimizers')"))
    assert [row[0] for row in rows.fetchall()] == [0, 1, 2, 3, 4]
    switched_off = set(setting.scalar_one().split(","))
    assert switched_off == {"top_n_window_elimination", "statistics_propagation"}


def test_check_that_cannot_run_is_a_shortfall(tmp_path: Path) -> None:
    database = tmp_path / "x.duckdb"
    with connect(database) as connection:
        connection.execute("create table proofs as select 'r1' as receipt_id")
    check = Check(
        expectation="ExpectColumnValuesToNotBeNull", arguments={"column": "absent"}, says="no"
    )
    runner = gx_runner.Runner(tmp_path, database)
    failed = list(runner.run(Suite(batch="proofs", checks=[check]), {"r1": 1}))
    assert [(receipt, found) for receipt, found, _ in failed] == [("r1", check)]
    assert "could not be run" in failed[0][2]


def test_every_kind_has_a_suite_that_counts_rows_first() -> None:
    suites = {suite.batch: suite for suite in expectations.suites()}
    assert set(discover()) <= set(suites)
    for suite in suites.values():
        assert suite.checks[0].expectation == "ExpectTableRowCountToEqual"
        assert suite.checks[0].weight == "gap"


def test_suites_name_streams_of_their_kind() -> None:
    for suite in expectations.suites():
        streams = {check.stream for check in suite.checks if check.stream is not None}
        if suite.batch in discover():
            shapes = discover()[suite.batch].spec.shapes
            known = {shape.stream for shape in shapes} | {shape.rest for shape in shapes}
            assert streams <= known, suite.batch
