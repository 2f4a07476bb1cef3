"""Originals are cut by position and shown byte for byte, whatever their shape."""

from __future__ import annotations

import gzip
import json

import pytest

from muniment.errors import EvidenceError, UsageError
from muniment.originals import cut, parse_key
from muniment.sources.spec import CsvDialect, Shape

LINES = Shape("lines", "lines", "s")
ARRAY = Shape("array", "array", "s")
WHOLE = Shape("whole", "document", "s")
REPORT = Shape("report", "document", "finding", ("/runs/*/results/*", "/more/*"), "scan_run")
TABLE = Shape("table", "csv", "s", csv=CsvDialect())

DOCUMENT = (
    b'{ "v": 2.10,\n "runs": [ {"tool": "a", "results": [ {"n": 1.50e1}, {"n": "]}\\"" } ]},\n'
    b'  {"tool":"b","results":[]}, {"tool":"c", "results":[ {"n":3} ]} ],\n "more": [ 7 ] }\n'
)


def test_lines_are_counted_without_blank_ones() -> None:
    body = b'\xef\xbb\xbf{"n": 1.0}\r\n\n  \n{ "n":2e0 }\n\xff\xfe broken\n{"n":3}'
    found = [cut(body, LINES, number, "") for number in range(6)]
    assert found == [None, '{"n": 1.0}', '{ "n":2e0 }', "\\xff\\xfe broken", '{"n":3}', None]


def test_a_row_of_blanks_is_a_row_and_an_empty_line_is_none() -> None:
    body = b"a,b\n1,2\n   \n\n3,4\n"
    found = [cut(body, TABLE, number, "") for number in range(1, 5)]
    assert found == ["1,2", "   ", "3,4", None]


def test_elements_of_an_array_keep_their_blanks_and_numbers() -> None:
    body = '[ {"a" : 1.0, "b":"Zoë, ]" } ,\n -0.10e+5,"x\\"]", [ ], null ]'.encode()
    found = [cut(body, ARRAY, number, f"/{number - 1}") for number in range(1, 7)]
    assert found == ['{"a" : 1.0, "b":"Zoë, ]" }', "-0.10e+5", '"x\\"]"', "[ ]", "null", None]
    assert cut(b" [ ] ", ARRAY, 1, "/0") is None


def test_a_match_within_a_document_is_found_by_its_pointer() -> None:
    assert cut(DOCUMENT, REPORT, 1, "/runs/0/results/0") == '{"n": 1.50e1}'
    assert cut(DOCUMENT, REPORT, 2, "/runs/0/results/1") == '{"n": "]}\\"" }'
    assert cut(DOCUMENT, REPORT, 3, "/runs/2/results/0") == '{"n":3}'
    assert cut(DOCUMENT, REPORT, 9, "/runs/1/results/0") is None
    assert cut(b'{"a/b":{"~":[5]}}', REPORT, 1, "/a~1b/~0/0") == "5"


def test_the_rest_of_a_document_has_its_records_taken_out_and_no_more() -> None:
    assert cut(DOCUMENT, REPORT, 0, "") == (
        '{ "v": 2.10,\n "runs": [ {"tool": "a", "results": []},\n'
        '  {"tool":"b","results":[]}, {"tool":"c", "results":[]} ],\n "more": [] }'
    )


def test_a_whole_document_is_its_only_record() -> None:
    assert cut(b' {"a": 1.0}\n', WHOLE, 1, "") == '{"a": 1.0}'
    assert cut(b' {"a": 1.0}\n', WHOLE, 2, "") is None


def test_rows_keep_their_quotes_and_line_breaks() -> None:
    body = b'\xef\xbb\xbfid,name\r\n1,"A ""B""\r\nC"\r\n\r\n2,\r\n3,x'
    found = [cut(body, TABLE, number, "") for number in range(5)]
    assert found == [None, '1,"A ""B""\r\nC"', "2,", "3,x", None]
    named = Shape("named", "csv", "s", csv=CsvDialect("\x1f", "", ("id", "name")))
    assert cut(b'1\x1f"a\n\n2\x1fb\r\n', named, 2, "") == "2\x1fb"


def test_a_row_that_cannot_be_read_has_its_number_too() -> None:
    body = b'id,name\n1,"a"b\n2,c\n'
    assert [cut(body, TABLE, number, "") for number in (1, 2, 3)] == ['1,"a"b', "2,c", None]


def test_compressed_objects_are_read_through_and_damaged_ones_are_refused() -> None:
    packed = gzip.compress(b"[1.0, 2.50]")
    assert cut(packed, ARRAY, 2, "/1") == "2.50"
    for damaged in (packed[:-6], packed[:12] + b"\xff\xff" + packed[14:]):
        with pytest.raises(EvidenceError, match="damaged gzip"):
            cut(damaged, ARRAY, 2, "/1")


def test_nesting_of_any_depth_is_cut() -> None:
    depth = 100_000
    body = b'[{"a":' + b"[" * depth + b"]" * depth + b'},{"b":1.0}]'
    assert cut(body, ARRAY, 2, "/1") == '{"b":1.0}'


@pytest.mark.parametrize("body", [b"", b"[", b'{"a": ', b'[{"a" 1}', b"<html>"])
def test_what_is_not_json_is_said_so_or_holds_no_record(body: bytes) -> None:
    try:
        assert cut(body, ARRAY, 9, "/8") is None
    except EvidenceError as error:
        assert "array" in str(error)


def test_every_slice_says_what_a_parser_reads() -> None:
    value = json.loads(DOCUMENT)
    for run, item in enumerate(value["runs"]):
        for place, expected in enumerate(item["results"]):
            text = cut(DOCUMENT, REPORT, 1, f"/runs/{run}/results/{place}")
            assert text is not None
            assert json.loads(text) == expected


def test_record_keys() -> None:
    sha256 = "0123456789abcdef" * 4
    assert parse_key(f"{sha256}:12") == (sha256, 12, "")
    assert parse_key(f"{sha256}:3#/runs/0/results/2") == (sha256, 3, "/runs/0/results/2")
    for wrong in ("", sha256, f"{sha256}:", f"{sha256}:x", f"{sha256[1:]}:1", f"{sha256}:1#a"):
        with pytest.raises(UsageError, match="not a record key"):
            parse_key(wrong)
