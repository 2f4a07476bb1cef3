"""What could not be read: named in the ledger without its bytes, listed with them on demand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from evidence_home import edit_parquet, events
from test_bronze import SPEC as EVERY_FORM
from warehouse_file import WarehouseFile

from command_line import Done, command
from file_source import SOURCE_ID, FileSource
from muniment import bronze, ledger, quarantine
from muniment.expectations import Findings
from muniment.receipts import Receipt
from muniment.sources import discover
from muniment.sources.spec import Connector

SIGN_IN, SCANS = "access_events.sign_in", "vulnerabilities.scan_run"
SPEC = replace(
    EVERY_FORM, feeds={"event": (SIGN_IN,), "row": (SIGN_IN,), "finding": (SCANS,), "scan_run": ()}
)
DAY, NOW = date(2026, 1, 5), datetime(2026, 1, 6, 3, tzinfo=UTC)
BAD = b'{"who":"Jane Roe"'
LINES = b'{"id":1}\n\n' + BAD + b'\n{"id":2}\n\x1b[2J\\ \xff\xe2\x80\xae\xc3\xa9\n'


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FileSource]:
    discover()[SPEC.kind] = Connector(SPEC, lambda ask: None)
    yield FileSource.make(tmp_path, SPEC.kind)
    del discover()[SPEC.kind]


def receive(source: FileSource, *bodies: tuple[str, bytes]) -> Receipt:
    return source.commit(source.keep(*bodies))


def reasons(source: FileSource) -> dict[str, str]:
    """What the ledger says of DAY, by stream; judged twice, as the ledger gives it again."""
    chains = ledger.read_chains(source.settings)
    first, again = (ledger.judge(source.settings, DAY, NOW, chains, Findings()) for _ in range(2))
    assert first == again
    assert {verdict.verdict for verdict in first} == {"GAP"}
    return {verdict.stream: verdict.reason for verdict in first}


def file_of(source: FileSource, receipt: Receipt) -> Path:
    path = bronze.quarantine_path(SOURCE_ID, receipt.receipt_id)
    return source.settings.home.local_path(path)


def test_the_ledger_tells_place_and_reason_of_the_first_and_where_all_are(
    source: FileSource,
) -> None:
    receipt = receive(source, ("lines", b'{"id":0}\n'), ("lines", LINES))
    sha256 = receipt.objects[1].sha256
    assert reasons(source)[SIGN_IN] == (
        f"2 records could not be read. The first is line 3, byte offset {LINES.index(BAD)}, of "
        f"object {sha256}: invalid JSON. `muniment ledger --quarantine --source {SOURCE_ID}` lists "
        f"all of quarantine/{SOURCE_ID}/{receipt.receipt_id}.parquet with their bytes."
    )


def test_each_stream_is_told_of_its_own(source: FileSource) -> None:
    receipt = receive(source, ("lines", LINES), ("report", b'{"version": "of Jane Roe"}'))
    lines, report = (item.sha256 for item in receipt.objects)
    told = reasons(source)
    assert f"The first is line 3, byte offset 10, of object {lines}: invalid JSON." in told[SIGN_IN]
    assert f"The first is the whole object {report}: not of this shape." in told[SCANS]


@pytest.mark.parametrize(
    ("shape", "body", "reason"),
    [
        ("report", b'{"version": "Jane Roe: 7"}', ": not of this shape."),
        ("report", b'{"version": "Jane\'s Roe\'s"}', ": not of this shape."),
        ("rows", b"Jane Roe,Jane Roe\n1,2\n", ": the header names column '…' twice."),
        ("rows", b"Jane's: Roe,Jane's: Roe\n1,2\n", ": the header names column '…' twice."),
        ("rows", b"who\n1,Jane Roe\n", ": 2 cells where there are 1 columns."),
        ("rows", b"who,why\n1,2,Jane Roe\n", ": 3 cells where there are 2 columns."),
        ("page", b"Jane Roe", ": not a JSON array."),
        ("lines", BAD, ": invalid JSON."),
    ],
)
def test_nothing_that_stood_in_a_record_comes_into_the_ledger(
    source: FileSource, shape: str, body: bytes, reason: str
) -> None:
    receive(source, (shape, body))
    told = reasons(source)[SCANS if shape == "report" else SIGN_IN]
    assert reason in told
    assert "Jane" not in told
    assert "Roe" not in told


def test_every_row_is_listed_with_bytes_that_a_terminal_may_show(source: FileSource) -> None:
    other = source.keep(("lines", b"elsewhere"))
    receipt = receive(source, ("lines", LINES), ("page", b"\x1b"))
    source.commit(other)
    lines, page = (item.sha256 for item in receipt.objects)
    rows = quarantine.listed(source.settings.home, {receipt.receipt_id})
    assert [tuple(row) for row in rows] == [quarantine.COLUMNS] * 3
    assert {(row["source_id"], row["receipt_id"]) for row in rows} == {
        (SOURCE_ID, receipt.receipt_id)
    }
    assert [
        (row["object_sha256"], row["line"], row["byte_offset"], row["bytes"]) for row in rows
    ] == [
        (lines, 3, LINES.index(BAD), BAD.decode()),
        (lines, 5, LINES.index(b"\x1b"), "\\x1b[2J\\\\ \\xff\\U0000202eé"),
        (page, None, None, None),
    ]
    first, second, whole = (row["reason"] for row in rows)
    assert first.startswith("invalid JSON: Expecting ',' delimiter")
    assert second == "invalid UTF-8 at position 6 of the line"
    assert whole.startswith("not a JSON array: it begins with ")
    assert "\x1b" not in whole


def missing(file: Path) -> str:
    file.unlink()
    return "is missing"


def altered(file: Path) -> str:
    edit_parquet(file, "update t set line = 4")
    return "is not the file that locker/receipts/"


@pytest.mark.parametrize("harm", [missing, altered])
def test_a_quarantine_file_that_is_not_the_one_fixed_is_said_to_be_so(
    source: FileSource, harm: object
) -> None:
    receipt = receive(source, ("lines", LINES))
    said = harm(file_of(source, receipt))  # type: ignore[operator]
    told = reasons(source)[SIGN_IN]
    assert told.startswith("2 records could not be read. quarantine/")
    (row,) = quarantine.listed(source.settings.home, {receipt.receipt_id})
    for text in (told, row["reason"]):
        assert said in text
        assert "`muniment verify`" in text
        assert "The first is" not in text
    assert (row["line"], row["bytes"]) == (None, None)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> WarehouseFile:
    """A release whose one receipt left two records unread, and a receipt after it with one."""
    made = WarehouseFile.make(tmp_path_factory.mktemp("cli") / "home")
    for unreadable in (2, 1):
        receipt_id = made.evidence.collect("okta", [events("b", 1)], unreadable)
        made.receipts.append(made.evidence.commit("okta", receipt_id))
    del made.receipts[0]
    made.build()
    made.publish()
    return made


def asked(home: WarehouseFile, *more: str) -> Done:
    done = command(home.root / "muniment.yml", "ledger", "--quarantine", *more)
    assert done.exit_code == 0, done.stderr
    return done


def test_the_ledgers_days_list_what_could_not_be_read_of_them(home: WarehouseFile) -> None:
    rows = json.loads(asked(home, "--verdict", "GAP", "--format", "json").stdout)
    assert [row.pop("line") for row in rows] == [0, 1]
    assert rows == 2 * [
        {
            "source_id": "okta", "receipt_id": home.receipts[0].receipt_id,
            "object_sha256": "0" * 64, "byte_offset": 0, "reason": "not JSON", "bytes": "x",
        }
    ]  # fmt: skip
    assert json.loads(asked(home, "--from", "2026-01-08", "--format", "json").stdout) == []


def test_what_could_not_be_read_is_a_table_or_csv_too(home: WarehouseFile) -> None:
    table = asked(home, "--source", "okta").stdout
    assert "byte_offset" in table
    assert "not JSON" in table
    rows = list(csv.reader(io.StringIO(asked(home, "--format", "csv").stdout)))
    assert rows[0] == list(quarantine.COLUMNS)
    assert [row[3:] for row in rows[1:]] == [
        ["0", "0", "not JSON", "x"],
        ["1", "0", "not JSON", "x"],
    ]
