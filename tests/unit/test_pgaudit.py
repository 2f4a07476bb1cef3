"""pgaudit: statements left out before storing, every form of PostgreSQL's log, holes by session."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource
from log_source import doubt, json_lines, put, records, stated

SECRET = "PLANTED-4711"
STATEMENT = f"SELECT *\nFROM people\nWHERE email = '{SECRET}', \"x\";"


def row(at: str, line: int, message: str, session: str = "5f.1", **more: str) -> list[str]:
    cells = {
        0: f"2026-01-{at} UTC", 1: "bo", 2: "d", 3: "7", 4: "192.0.2.1:5000", 5: session,
        6: str(line), 7: "SELECT", 8: "2026-01-04 22:00:00 UTC", 11: "LOG", 12: "00000",
        13: message, 22: "psql", 23: "client backend",
    }  # fmt: skip
    cells |= {int(place[1:]): value for place, value in more.items()}
    return [cells.get(place, "") for place in range(26)]


def audit(statement: str = STATEMENT, parameter: str = SECRET) -> str:
    text = io.StringIO()
    fields = ["SESSION", "1", "1", "READ", "SELECT", "TABLE", "public.people", statement, parameter]
    csv.writer(text, lineterminator="").writerow(fields)
    return f"AUDIT: {text.getvalue()}"


def csvlog(*rows: list[str], width: int = 26) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(cells[:width] for cells in rows)
    return text.getvalue().encode()


DAY = [
    row("04 23:00:00.123", 1, "connection authorized: user=bo database=d"),
    row("05 12:00:00.000", 2, audit()),
    row("05 12:00:01.000", 3, f"duration: 3 ms  statement: select '{SECRET}'"),
    row("05 12:00:02.000", 4, f'duplicate key "{SECRET}"', m11="ERROR", m14=SECRET, m19=SECRET),
    row("06 00:30:00.000", 5, "disconnection: session time: 1 user=bo database=d host=h"),
]


@pytest.fixture
def source(tmp_path: Path) -> FileSource:
    return FileSource.make(tmp_path, "pgaudit")


def everything(source: FileSource) -> bytes:
    home = Path(source.settings.home.url)
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize("width", [23, 24, 26])
def test_statements_and_values_never_reach_the_locker_and_the_receipt_says_so(
    source: FileSource, width: int
) -> None:
    put(source, "pg/postgresql.csv", csvlog(*DAY, width=width))
    collection = source.collect()
    receipt = source.commit(collection)
    assert SECRET.encode() not in everything(source)
    found = records(source, collection, "record")
    assert [record["session_line_num"] for record in found] == ["1", "2", "3", "4", "5"]
    assert found[1]["audit"]["object_name"] == "public.people"
    assert found[1]["audit"]["statement"] == found[1]["audit"]["parameter"] == "***masked***"
    assert found[2]["message"] == "duration: ***masked***"
    assert found[0]["message"] == "connection authorized: user=bo database=d"
    [declared] = receipt.reductions
    assert (declared["rule"], declared["version"], declared["count"]) == (
        "postgresql_statements", 1, 6,
    )  # fmt: skip
    assert set(declared["paths"]) == {
        "/audit/parameter", "/audit/statement", "/detail", "/message", "/query",
    }  # fmt: skip
    assert stated(collection) == [("sequence", "argued", "2026-01-05", "2026-01-06")]


def test_words_that_pgaudit_puts_in_place_of_statements_stay(source: FileSource) -> None:
    put(source, "p.csv", csvlog(row("05 12:00:00", 1, audit("<previously logged>", "<none>"))))
    collection = source.run()
    [record] = records(source, collection, "record")
    assert record["audit"]["statement"] == "<previously logged>"
    assert record["audit"]["parameter"] == "<none>"
    assert collection.reductions == []


def test_a_hole_names_the_session_and_heals(source: FileSource) -> None:
    put(source, "postgresql-2026-01-05_000000.csv", csvlog(*DAY[:2], *DAY[3:]))
    first = source.collect()
    assert doubt(first) == ("In the log 'postgresql.csv' lines 3 to 3 of session 5f.1 are missing.")
    source.commit(first)
    put(source, "postgresql-2026-01-05_120000.csv", csvlog(DAY[2]))
    assert stated(source.collect("2026-01-06T03:00:00Z"))[0][0] == "sequence"


def test_a_session_whose_beginning_is_missing_is_named_if_the_log_had_begun(
    source: FileSource,
) -> None:
    late = row(
        "05 13:00:00", 4, "disconnection: session time", "6a.2", m8="2026-01-05 12:30:00 UTC"
    )
    put(source, "p.csv", csvlog(*DAY, late))
    assert "lines 1 to 3 of session 6a.2" in doubt(source.collect())


def test_a_record_that_is_still_being_written_waits(source: FileSource) -> None:
    whole = csvlog(*DAY)
    cut = whole.index(b"FROM people") + 5  # within a statement of several lines
    put(source, "p.csv", whole[:cut], at="2026-01-06T01:59:00Z")
    first = source.collect()
    assert source.commit(first).quarantined == {}
    assert len(records(source, first, "record")) == 1
    put(source, "p.csv", whole)
    second = source.collect("2026-01-06T02:30:00Z")
    source.commit(second)
    assert len(records(source, second, "record")) == 4
    assert SECRET.encode() not in everything(source)


def test_jsonlog_is_read_as_csvlog_is(source: FileSource) -> None:
    record: dict[str, Any] = {
        "timestamp": "2026-01-05 12:00:00.000 UTC", "user": "bo", "dbname": "d", "pid": 7,
        "session_id": "5f.1", "line_num": 2, "session_start": "2026-01-04 22:00:00 UTC",
        "error_severity": "LOG", "message": audit(), "statement": SECRET,
    }  # fmt: skip
    put(source, "p.json", json_lines(record))
    collection = source.run()
    [kept] = records(source, collection, "record")
    assert (kept["user_name"], kept["session_line_num"], kept["at"]) == (
        "bo", 2, "2026-01-05T12:00:00.000Z",
    )  # fmt: skip
    assert SECRET.encode() not in everything(source)


@pytest.mark.parametrize(
    ("zone", "name", "utc"),
    [
        (None, "+05:30"[:3], "2026-07-05T12:00:00.000+05"),
        ("Europe/Riga", "EEST", "2026-07-05T09:00:00.000000Z"),
        ("Europe/Riga", "CET", None),  # not an abbreviation of that zone on that day
        (None, "CEST", None),
    ],
)
def test_a_zone_is_taken_only_where_it_is_known(
    tmp_path: Path, zone: str | None, name: str, utc: str | None
) -> None:
    source = FileSource.make(tmp_path, "pgaudit", timezone=zone)
    cells = row("05 12:00:00", 1, "connection received: host=h")
    cells[0] = f"2026-07-05 12:00:00.000 {name}"
    put(source, "p.csv", csvlog(cells))
    collection = source.run()
    assert [record["at"] for record in records(source, collection, "record")] == [utc]


def test_text_logs_are_reduced_too_and_prove_no_sequence(source: FileSource) -> None:
    at = "2026-01-05 12:00:00 UTC [7] bo@d"
    text = (
        "2026-01-04 23:00:00 UTC [7] bo@d LOG:  AUDIT: SESSION,1,1,READ,SELECT,,,"
        f'"a\n\t{SECRET}",x\n'
        f'{at} ERROR:  syntax error at "{SECRET}"\n'
        f"{at} STATEMENT:  select {SECRET}\n"
        '2026-01-06 00:30:00 UTC [8] e@d FATAL:  password authentication failed for user "eve"\n'
    )
    put(source, "p.log.1", text.encode())
    collection = source.collect()
    source.commit(collection)
    found = records(source, collection, "record")
    assert [record["error_severity"] for record in found] == ["LOG", "ERROR", "FATAL"]
    assert found[0]["audit"]["command"] == "SELECT"
    assert found[2]["message"] == 'password authentication failed for user "eve"'
    assert SECRET.encode() not in everything(source)
    assert stated(collection)[0][0] == "file_manifest"


def test_what_is_no_record_is_quarantined_without_its_contents(source: FileSource) -> None:
    put(source, "p.csv", csvlog(*DAY) + f"{SECRET},too,few\n".encode())
    receipt = source.run()
    assert receipt.quarantined == {"record": 1}
    assert SECRET.encode() not in everything(source)
    [(kept,)] = source.quarantine(receipt, "bytes")
    assert b"3 columns, where csvlog has 23 to 26" in json.dumps(kept.decode()).encode()
