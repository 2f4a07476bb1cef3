"""Where a batch of receipts fails: every receipt that fails is named, with its own figure."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ledger_home import DAY, Home, Record, account, at, event, events

from muniment import gx_runner
from muniment.database import connect
from muniment.expectations import Check, Suite

D = date(2026, 1, 5)
SIGN_IN = "access_events.sign_in"
OKTA = {"id": "okta", "kind": "okta_system_log", "connection": "okta"}
USERS = {"id": "users", "kind": "okta_users", "connection": "okta"}


@pytest.fixture
def okta(tmp_path: Path) -> Home:
    return Home(tmp_path, [OKTA])


def nameless(day: date, count: int) -> list[Record]:
    """Events without a type."""
    return [
        Record("event", f"n-{day}-{n}", {"uuid": f"n{n}", "published": "x"}, at(day))
        for n in range(count)
    ]


def collect_days(home: Home, faults: dict[int, int]) -> list[str]:
    """A poll a day, two sound events each, and so many nameless ones; returns the receipts' ids."""
    ids = []
    for number, count in faults.items():
        day, before = D + number * DAY, f"c{number}" if number else None
        ids.append(
            home.collect(
                "okta", day, day + DAY, [*events(day, 2), *nameless(day, count)],
                cursor=(before, f"c{number + 1}"),
            )
        )  # fmt: skip
    return ids


def result(home: Home, as_of: date, name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(home.settings.home.read(f"expectations/{as_of}/{name}"))
    return parsed


def test_every_failing_receipt_is_named_with_its_own_figure_and_no_other_is(okta: Home) -> None:
    """More receipts, and in the largest more rows, than Great Expectations lists unasked (20)."""
    faults = {number: 0 if number in (3, 11) else 1 + number * 2 for number in range(24)}
    ids = collect_days(okta, faults)
    last = D + 23 * DAY
    found = okta.assess(last)
    for number, count in faults.items():
        verdict = found[SIGN_IN, D + number * DAY]
        assert verdict.verdict == ("GAP" if count else "COMPLETE")
        assert (f"{count} records of event have no /eventType" in verdict.reason) == bool(count)

    failing = {ids[number]: count for number, count in faults.items() if count}
    whole = result(okta, last, "okta_system_log.json")
    failed = [item for item in whole["results"] if not item["success"]]
    assert [item["result"]["unexpected_count"] for item in failed] == [sum(failing.values())]
    kept = result(okta, last, "okta_system_log.receipts.json")["results"]
    assert {
        item["expectation_config"]["meta"]["receipt_id"]: item["result"]["unexpected_count"]
        for item in kept
        if not item["success"]
    } == failing
    pages = okta.settings.home.local_path(f"expectations/{last}/data_docs").rglob("*.html")
    text = "".join(page.read_text("utf-8") for page in pages)
    assert all(receipt_id in text for receipt_id in failing)


def test_validations_do_not_grow_with_the_receipts(okta: Home) -> None:
    collect_days(okta, dict.fromkeys(range(6), 1))
    last = D + 5 * DAY
    okta.assess(last)
    assert okta.settings.home.list(f"expectations/{last}") == [
        "accounts.json", "okta_system_log.json", "okta_system_log.receipts.json", "proofs.json",
    ]  # fmt: skip


def test_stream_that_a_check_is_not_about_brings_no_receipt_into_it(tmp_path: Path) -> None:
    home = Home(tmp_path, [USERS])
    stateless = Record("account", "bob", {"id": "bob"})
    home.collect("users", D, D + DAY, [account("ann"), stateless], started=at(D))
    factor = Record("factor", "f1", {"id": "f1", "factorType": "push"})  # factors have no status
    home.collect(
        "users", D + DAY, D + 2 * DAY, [account("ann"), factor], started=at(D + DAY)
    )  # fmt: skip
    found = home.assess(D + DAY)
    assert "1 records of account have no /status" in found["identities.account", D].reason
    assert found["identities.account", D + DAY].verdict == "COMPLETE"
    assert found["identities.factor", D + DAY].verdict == "COMPLETE"


def test_batch_without_any_row_names_every_receipt(okta: Home) -> None:
    ids = [
        okta.collect("okta", D, D + DAY, events(D, 3), is_bronze_kept=False),
        okta.collect("okta", D + DAY, D + 2 * DAY, events(D + DAY, 1), is_bronze_kept=False),
    ]
    found = okta.assess(D + DAY)
    for day in (D, D + DAY):
        assert "Bronze holds 0 rows of this collection" in found[SIGN_IN, day].reason
    kept = result(okta, D + DAY, "okta_system_log.receipts.json")["results"]
    expected = {
        item["expectation_config"]["meta"]["receipt_id"]: item["expectation_config"]["kwargs"]
        for item in kept
    }
    assert [expected[receipt_id]["value"] for receipt_id in ids] == [3, 1]


def test_rows_that_bear_another_receipts_id_are_missing_from_their_own(okta: Home) -> None:
    """One row changes hands, so that the batch as a whole holds as many rows as it should."""
    robbed = okta.collect("okta", D, D + DAY, events(D, 3), cursor=(None, "a"))
    other = okta.collect("okta", D + DAY, D + 2 * DAY, events(D + DAY, 3), cursor=("a", "b"))
    file = okta.settings.home.local_path(f"bronze/okta/{robbed}.parquet")
    with connect() as connection:
        connection.execute(
            f"create table b as select * replace (case when native_id like '%-0' then '{other}' "
            f"else receipt_id end as receipt_id) from '{file}'"
        )
        connection.execute(f"copy b to '{file}' (format parquet)")
    verdict = okta.assess(D + DAY)[SIGN_IN, D]
    assert verdict.verdict == "GAP"
    assert "Bronze does not hold the records that the receipt counts" in verdict.reason


def test_damage_inside_one_bronze_file_leaves_the_other_receipts_alone(okta: Home) -> None:
    """Its counts can still be read, its records cannot."""
    long = [event(f"l{n}", at(D), text=f"{n}" * 2000) for n in range(50)]
    damaged = okta.collect("okta", D, D + DAY, long, cursor=(None, "a"))
    okta.collect("okta", D + DAY, D + 2 * DAY, events(D + DAY, 3), cursor=("a", "b"))
    file = okta.settings.home.local_path(f"bronze/okta/{damaged}.parquet")
    with connect() as connection:
        start, size = connection.execute(
            "select coalesce(dictionary_page_offset, data_page_offset), total_compressed_size "
            f"from parquet_metadata('{file}') where path_in_schema = 'record'"
        ).fetchall()[0]
        data = bytearray(file.read_bytes())
        data[start + 40 : start + size] = b"\xff" * (size - 40)
        file.write_bytes(data)
        counted = connection.execute(
            f"select stream, count(*) from read_parquet('{file}') group by all"
        )
        assert counted.fetchall() == [("event", 50)]
    found = okta.assess(D + DAY)
    assert found[SIGN_IN, D].verdict == "GAP"
    assert "Bronze does not hold the records that the receipt counts" in found[SIGN_IN, D].reason
    assert found[SIGN_IN, D + DAY].verdict == "COMPLETE"


def test_failure_that_no_receipt_shows_alone_is_borne_by_all(tmp_path: Path) -> None:
    """The batch holds a row of nobody, and it is that row which has no state."""
    database = tmp_path / "x.duckdb"
    with connect(database) as connection:
        connection.execute(
            "create table proofs as select * from (values ('r1', 's', 'open'), "
            "('r2', 's', 'open'), ('nobody', 's', null)) as t(receipt_id, stream, state)"
        )
    records = {"value": {"$PARAMETER": "records"}}
    checks = [
        Check(expectation="ExpectTableRowCountToEqual", arguments=records, says="{failed} rows"),
        Check(
            expectation="ExpectColumnValuesToNotBeNull",
            arguments={"column": "state"},
            says="{failed} without {column}",
        ),
    ]
    runner = gx_runner.Runner(tmp_path, database)
    failed = list(runner.run(Suite(batch="proofs", checks=checks), {"r1": 1, "r2": 1}))
    assert [(receipt_id, text.split(" (")[0]) for receipt_id, _, text in failed] == [
        ("r1", "3 rows"), ("r2", "3 rows"), ("r1", "1 without state"), ("r2", "1 without state"),
    ]  # fmt: skip
