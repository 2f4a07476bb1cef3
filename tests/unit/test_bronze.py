"""Index: what becomes a Bronze row, in which order, under which key, and how it is counted."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from file_source import SOURCE_ID, FileSource
from muniment import bronze
from muniment.errors import EvidenceError
from muniment.sources import discover
from muniment.sources.spec import Connector, CsvDialect, Shape, SourceSpec

SHAPES = (
    Shape("lines", "lines", "event", native_id=("/id", "/part"), event_time="/at"),
    Shape("seconds", "lines", "event", event_time="/at", time_form="epoch_s"),
    Shape("millis", "lines", "event", event_time="/at", time_form="epoch_ms"),
    Shape("micros", "lines", "event", event_time="/at", time_form="epoch_us"),
    Shape("page", "array", "event", native_id=("/id",), event_time="/at"),
    Shape("whole", "document", "pull", native_id=("/number",)),
    Shape(
        "report", "document", "finding",
        ("/Results/*/Bugs/*", "/Results/*/Secrets/*", "/Groups/*/Results/*/Bugs/*"),
        rest="scan_run", native_id=("/id",), marks=(("/version", "2"),),
    ),
    Shape("legacy", "document", "finding", ("/*/Bugs/*",), rest="scan_run"),
    Shape("rows", "csv", "row"),
    Shape("bars", "csv", "bar", csv=CsvDialect("|", "", ("a", "b"), is_lenient=True)),
)  # fmt: skip
SPEC = SourceSpec("test_forms", "Every form", "event", "location", SHAPES, {})


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FileSource]:
    discover()[SPEC.kind] = Connector(SPEC, lambda ask: None)
    yield FileSource.make(tmp_path, SPEC.kind)
    del discover()[SPEC.kind]


def test_bronze_has_exactly_the_columns_of_the_design(source: FileSource) -> None:
    collection = source.index(("lines", b'{"id":1}\n'))
    path = source.settings.home.local_path(f"bronze/{SOURCE_ID}/{collection.receipt_id}.parquet")
    expected = [
        ("bronze_version", "INTEGER"), ("source_id", "VARCHAR"), ("stream", "VARCHAR"),
        ("receipt_id", "VARCHAR"), ("object_sha256", "VARCHAR"), ("record_no", "BIGINT"),
        ("record_path", "VARCHAR"), ("record_key", "VARCHAR"), ("native_id", "VARCHAR"),
        ("event_time_raw", "VARCHAR"), ("event_time", "TIMESTAMP"), ("received_at", "TIMESTAMP"),
        ("record", "JSON"),
    ]  # fmt: skip
    assert [row[:2] for row in duckdb.sql(f"describe from '{path}'").fetchall()] == expected
    empty = path.with_name("empty.parquet")
    bronze.empty_file(empty)
    assert [row[:2] for row in duckdb.sql(f"describe from '{empty}'").fetchall()] == expected
    assert duckdb.sql(f"from '{empty}'").fetchall() == []


def test_lines_are_numbered_within_their_object_and_keep_their_text(source: FileSource) -> None:
    first = b'\xef\xbb\xbf{"id":1.50, "part":"a"}\r\n\n  \n{"id":12345678901234567890123}\nnull'
    second = b'{"id":"x","part":"y"}\n'
    collection = source.index(("lines", first), ("lines", second))
    keys = [hashlib.sha256(body).hexdigest() for body in (first, first, first, second)]
    assert source.bronze(collection, "record_key, native_id, record_path, record") == [
        (f"{keys[0]}:1", "1.5|a", "", '{"id":1.50, "part":"a"}'),
        (f"{keys[1]}:2", None, "", '{"id":12345678901234567890123}'),
        (f"{keys[2]}:3", None, "", "null"),
        (f"{keys[3]}:1", "x|y", "", '{"id":"x","part":"y"}'),
    ]


def test_array_elements_bear_their_pointer(source: FileSource) -> None:
    body = b' [{"id":"a"},{"id":null},7,null]\n'
    collection = source.index(("page", body), ("page", b"[]"))
    sha256 = hashlib.sha256(body).hexdigest()
    assert source.bronze(collection, "record_no, record_key, native_id, record") == [
        (1, f"{sha256}:1#/0", "a", '{"id":"a"}'),
        (2, f"{sha256}:2#/1", None, '{"id":null}'),
        (3, f"{sha256}:3#/2", None, "7"),
        (4, f"{sha256}:4#/3", None, "null"),
    ]


def test_document_is_cut_into_elements_and_what_remains(source: FileSource) -> None:
    document = {
        "version": 2, "id": "not a finding's",
        "Results": [
            {"Target": "a", "Bugs": [{"id": 1}, {"id": 2}], "Secrets": [{"id": 3}]},
            {"Target": "b", "Bugs": None},
            {"Target": "c"},
            {"Target": "d", "Bugs": []},
        ],
        "Groups": [{"Results": [{"Bugs": [{"id": 4}]}]}, None],
    }  # fmt: skip
    collection = source.index(("report", json.dumps(document).encode()))
    rows = source.bronze(collection, "stream, record_no, record_path, native_id, record")
    assert [row[:4] for row in rows] == [
        ("scan_run", 0, "", None),
        ("finding", 1, "/Results/0/Bugs/0", "1"),
        ("finding", 2, "/Results/0/Bugs/1", "2"),
        ("finding", 3, "/Results/0/Secrets/0", "3"),
        ("finding", 4, "/Groups/0/Results/0/Bugs/0", "4"),
    ]
    for result in (*document["Results"], *document["Groups"][0]["Results"]):  # type: ignore[index,misc]
        for name in ("Bugs", "Secrets"):
            if result.get(name):
                result[name] = []
    assert json.loads(rows[0][4]) == document
    assert source.counts(collection)["records"] == {"finding": 4, "scan_run": 1}


def test_null_and_missing_lists_are_no_elements(source: FileSource) -> None:
    bodies = [b'{"version":2,"Results":null}', b'{"version":2}']
    collection = source.index(*[("report", body) for body in bodies], ("legacy", b"null"))
    records = [body.decode() for body in bodies] + ["null"]
    assert source.bronze(collection, "stream, record") == [("scan_run", text) for text in records]


def test_whole_document_is_one_record(source: FileSource) -> None:
    collection = source.index(("whole", b'{"number":7}'))
    assert source.bronze(collection, "stream, record_no, record_path, native_id") == [
        ("pull", 1, "", "7")
    ]


def test_csv_rows_tell_missing_from_empty_cells(source: FileSource) -> None:
    body = b'\xef\xbb\xbfid,name,end\r\n1,"a ""b"", c\nd",\r\n2\n3,"",NULL\n'
    collection = source.index(("rows", body))
    assert [json.loads(text) for (text,) in source.bronze(collection)] == [
        {"id": "1", "name": 'a "b", c\nd', "end": ""},
        {"id": "2", "name": None, "end": None},
        {"id": "3", "name": "", "end": "NULL"},
    ]


def test_rows_without_quoting_survive_quotes_returns_and_old_encodings(source: FileSource) -> None:
    collection = source.index(("bars", b'1|"a\r b\n2|Andr\xe9\n'))
    assert [json.loads(text) for (text,) in source.bronze(collection)] == [
        {"a": "1", "b": '"a\r b'},
        {"a": "2", "b": "Andr\ufffd"},
    ]


@pytest.mark.parametrize(
    ("shape", "stated", "utc"),
    [
        ("seconds", "1693915041", "2023-09-05 11:57:21"),
        ("seconds", '"1693915041.9999999"', "2023-09-05 11:57:21.999999"),
        ("seconds", "-1", "1969-12-31 23:59:59"),
        ("seconds", "-62135596801", None),  # before the year 1
        ("seconds", "253402300800", None),  # after the year 9999
        ("seconds", "99999999999999999999", None),
        ("seconds", '"2023-09-05T11:57:21Z"', None),
        ("seconds", "null", None),
        ("millis", "1693915041123", "2023-09-05 11:57:21.123"),
        ("micros", '"1693915041123456"', "2023-09-05 11:57:21.123456"),
        ("micros", '" 1"', None),
        ("lines", "1693915041", None),
    ],
)
def test_numbers_since_1970_are_taken_to_the_microsecond_or_left_undated(
    source: FileSource, shape: str, stated: str, utc: str | None
) -> None:
    collection = source.index((shape, f'{{"at":{stated}}}\n'.encode()))
    assert source.bronze(collection, "event_time::varchar") == [(utc,)]
    hours = source.counts(collection)["event_hours"]
    assert hours == ({"event": {utc[:13].replace(" ", "T"): 1}} if utc else {})


@pytest.mark.parametrize(
    ("raw", "utc"),
    [
        ("2026-01-05T03:04:05.678Z", "2026-01-05 03:04:05.678"),
        ("2026-01-05T01:00:00+02:00", "2026-01-04 23:00:00"),
        ("2026-01-05 01:00:00-0330", "2026-01-05 04:30:00"),
        ("2026-01-05T01:00:00", None),  # no zone: whose hour?
        ("2026-01-05", None),
        ("1767571200000", None),
        ("2026-13-05T01:00:00Z", None),
    ],
)
def test_event_time_needs_a_zone_and_its_raw_text_stays(
    source: FileSource, raw: str, utc: str | None
) -> None:
    collection = source.index(("lines", json.dumps({"at": raw}).encode()))
    assert source.bronze(collection, "event_time_raw, event_time::varchar") == [(raw, utc)]


def test_counts_per_stream_hour_and_repeated_text(source: FileSource) -> None:
    event = b'{"id":"a","at":"2026-01-05T03:59:59Z"}\n'
    later = b'{"id":"b","at":"2026-01-05T04:00:00Z"}\n'
    page = b"[" + event.strip() + b"]"
    collection = source.index(("lines", event * 3 + later), ("page", page), ("page", page))
    assert source.counts(collection) == {
        "receipt_id": collection.receipt_id, "bronze_version": 1,
        "records": {"event": 5},  # the page, listed twice, counts once
        "quarantined": {}, "duplicates": {"event": 3},
        "event_hours": {"event": {"2026-01-05T03": 4, "2026-01-05T04": 1}},
        "bronze_sha256": _sha256_of_bronze(source, collection.receipt_id),
        "quarantine_sha256": None,
    }  # fmt: skip


def test_order_is_that_of_the_collection(source: FileSource) -> None:
    bodies = [
        ("lines", b"".join(b'{"id":"%d-%d"}\n' % (at, n) for n in range(50))) for at in range(40)
    ]
    collection = source.index(*bodies, ("page", b'[{"id":"last"}]'))
    ids = [json.loads(text)["id"] for (text,) in source.bronze(collection)]
    assert ids == [f"{at}-{n}" for at in range(40) for n in range(50)] + ["last"]


def test_an_empty_collection_leaves_an_empty_file_with_the_columns(source: FileSource) -> None:
    collection = source.index()
    assert source.bronze(collection, "*") == []
    assert source.counts(collection)["records"] == {}


def test_indexing_again_gives_the_same_bytes(source: FileSource) -> None:
    lines = b"".join(b'{"id":"%d","at":"2026-01-05T03:00:00Z"}\n' % n for n in range(60_000))
    collection = source.keep(*[("lines", lines + b'{"object":%d}\n' % at) for at in range(4)])
    seen = set()
    for _ in range(3):
        counts = bronze.index(source.settings, SOURCE_ID, collection.receipt_id)
        seen.add((counts.bronze_sha256, _sha256_of_bronze(source, collection.receipt_id)))
        source.settings.home.delete(bronze.index_path(SOURCE_ID, collection.receipt_id))
        source.settings.home.delete(f"bronze/{SOURCE_ID}/{collection.receipt_id}.parquet")
    assert len(seen) == 1


def test_a_finished_index_is_not_read_again_but_a_changed_one_is(source: FileSource) -> None:
    collection = source.index(("lines", b'{"id":1}\n'))
    path = source.settings.home.local_path(f"bronze/{SOURCE_ID}/{collection.receipt_id}.parquet")
    before = path.stat().st_mtime_ns
    bronze.index(source.settings, SOURCE_ID, collection.receipt_id)
    assert path.stat().st_mtime_ns == before
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    bronze.index(source.settings, SOURCE_ID, collection.receipt_id)
    assert source.bronze(collection) == [('{"id":1}',)]


@pytest.mark.parametrize(
    "raw",
    ["9999-12-31T10:00:00-14:00", "0000-01-01T00:00:00Z", "0001-01-01T05:00:00+14:00"],
)
def test_a_time_that_no_calendar_here_can_write_is_no_time(source: FileSource, raw: str) -> None:
    collection = source.index(("lines", json.dumps({"at": raw}).encode()))
    assert source.bronze(collection, "event_time_raw, event_time") == [(raw, None)]
    assert source.counts(collection)["event_hours"] == {}


@pytest.mark.parametrize("written", [b"{", b"\xff", b'{"records":{}}'])
def test_counts_that_cannot_be_read_are_made_again(source: FileSource, written: bytes) -> None:
    collection = source.index(("lines", b'{"id":1}\n'))
    counts = source.counts(collection)
    path = bronze.index_path(SOURCE_ID, collection.receipt_id)
    source.settings.home.replace(path, written)
    assert bronze.index(source.settings, SOURCE_ID, collection.receipt_id).to_json() == counts


def test_the_receipt_fixes_what_was_unreadable(source: FileSource) -> None:
    receipt = source.commit(source.keep(("lines", b'{"id":1}\nbroken\n'), ("page", b"[")))
    path = f"quarantine/{SOURCE_ID}/{receipt.receipt_id}.parquet"
    body = source.settings.home.read(path)
    assert receipt.quarantine_sha256 == hashlib.sha256(body).hexdigest()
    source.settings.home.replace(path, body[:-1] + b"?")
    counts = bronze.index(source.settings, SOURCE_ID, receipt.receipt_id)
    assert counts.quarantine_sha256 == receipt.quarantine_sha256
    assert source.settings.home.read(path) == body  # read from the objects again: the same bytes


def test_a_receipt_can_be_indexed_again_after_its_collection_is_gone(source: FileSource) -> None:
    collection = source.keep(("lines", b'{"id":1}\n'))
    receipt = source.commit(collection)
    source.settings.home.delete(bronze.index_path(SOURCE_ID, receipt.receipt_id))
    source.settings.home.delete(f"bronze/{SOURCE_ID}/{receipt.receipt_id}.parquet")
    assert (
        bronze.index(source.settings, SOURCE_ID, receipt.receipt_id).bronze_sha256
        == receipt.bronze_sha256
    )


def test_an_object_that_is_not_its_name_stops_the_index(source: FileSource) -> None:
    collection = source.keep(("lines", b'{"id":1}\n'))
    sha256 = collection.objects[0].sha256
    path = source.settings.home.local_path(f"locker/objects/{sha256[:2]}/{sha256}")
    path.chmod(0o600)
    path.write_bytes(b'{"id":2}\n')
    with pytest.raises(EvidenceError, match=sha256):
        bronze.index(source.settings, SOURCE_ID, collection.receipt_id)
    assert not source.settings.home.list(f"bronze/{SOURCE_ID}")


def test_an_unknown_collection_is_named(source: FileSource) -> None:
    with pytest.raises(EvidenceError, match="no pending collection"):
        bronze.index(source.settings, SOURCE_ID, "nothing")


def test_nothing_is_left_behind(source: FileSource) -> None:
    source.index(("lines", gzip.compress(b'{"id":1}\n')))
    assert list(source.settings.home.local_path("tmp").iterdir()) == []


def _sha256_of_bronze(source: FileSource, receipt_id: str) -> str:
    return hashlib.sha256(
        source.settings.home.read(f"bronze/{SOURCE_ID}/{receipt_id}.parquet")
    ).hexdigest()
