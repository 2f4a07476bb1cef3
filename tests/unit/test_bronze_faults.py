"""Index: what cannot be read costs as little as it may, is counted, and says why and where."""

from __future__ import annotations

import gzip
import json
import os
import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_bronze import SPEC

from file_source import SOURCE_ID, FileSource
from muniment import bronze
from muniment.bronze import plain, selects
from muniment.errors import MachineError
from muniment.sources import discover
from muniment.sources.spec import Connector

EVENTS = [b'{"id":"%d"}' % n for n in range(1, 6)]
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FileSource]:
    discover()[SPEC.kind] = Connector(SPEC, lambda ask: None)
    yield FileSource.make(tmp_path, SPEC.kind)
    del discover()[SPEC.kind]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"id":', "invalid JSON: Expecting value"),
        (b"<html>", "invalid JSON: Expecting value"),
        (b'{"id":1} {"id":2}', "invalid JSON: Extra data"),
        (b'{"id":"\xff\xfe"}', "invalid UTF-8 at position 7"),
        (b'{"id":"\x00"}', "NUL byte at position 7"),
        (b"\x00", "NUL byte at position 0"),
        (b'{"id":"\\ud800"}', "half of a surrogate pair"),
        (b'{"id":' + DEEP + b"}", "nested 100001 deep"),
    ],
    ids=["cut", "html", "two", "utf8", "nul", "nul-alone", "surrogate", "deep"],
)
def test_a_bad_line_costs_that_line(source: FileSource, bad: bytes, reason: str) -> None:
    body = b"\n".join([*EVENTS[:2], b"", bad, *EVENTS[2:]])
    collection = source.index(("lines", body))
    assert source.bronze(collection, "record_no, record") == [
        (no, event.decode()) for no, event in zip([1, 2, 4, 5, 6], EVENTS, strict=True)
    ]
    (row,) = source.quarantine(
        collection, "object_sha256, shape, line, byte_offset, bytes, is_whole_object, reason"
    )
    sha256 = collection.objects[0].sha256
    assert row[:6] == (sha256, "lines", 4, len(EVENTS[0]) * 2 + 3, bad[: 1 << 16], False)
    assert reason in row[6]
    assert source.counts(collection)["quarantined"] == {"event": 1}


def test_offsets_count_the_bytes_of_a_mark_at_the_start(source: FileSource) -> None:
    body = b"\xef\xbb\xbfbad\r\n" + EVENTS[0] + b"\nbad"
    collection = source.index(("lines", body))
    assert source.quarantine(collection, "line, byte_offset, bytes") == [
        (1, 3, b"bad"), (3, body.rindex(b"bad"), b"bad"),
    ]  # fmt: skip
    assert source.bronze(collection, "record_no") == [(2,)]


def test_a_file_of_another_format_loses_every_line_and_says_so(source: FileSource) -> None:
    collection = source.index(("lines", b"one\ntwo\n\nthree\n"))
    assert source.bronze(collection) == []
    assert source.quarantine(collection, "line, bytes") == [(1, b"one"), (2, b"two"), (4, b"three")]


@pytest.mark.parametrize(
    ("shape", "body", "reason"),
    [
        ("page", b"", "the object is empty"),
        ("page", b" \n", "the object is empty"),
        ("page", b"<html><body>Bad gateway</body></html>", "it begins with '<'"),
        ("page", b'{"message":"rate limited"}', "it begins with '{'"),
        ("page", b"null", "it begins with 'n'"),
        ("page", b'[{"id":1},{"id":2}', "unexpected character"),
        ("page", b'[{"id":1},{"id":', "unexpected end of data"),
        ("page", b'[{"id":1}]x', "unexpected character"),
        ("page", b"[1][2]", "unexpected character"),
        ("page", b'["\xff"]', "invalid UTF-8"),
        ("page", b'["\x00"]', "control character"),
        ("page", "[1]".encode("utf-16"), "it begins with"),
        ("page", b'[{"id":1},' + DEEP + b"]", "nested deeper than"),
        ("whole", b"", "0 values; the object is empty"),
        ("whole", b"<html>", "unexpected character"),
        ("whole", b"[1]", "not a JSON object: ARRAY"),
        ("whole", b'{"a":1}{"a":2}', "2 values"),
        ("whole", b'{"a":' + DEEP + b"}", "nested deeper than"),
        ("whole", b"PK\x03\x04 and so on", "zip archive"),
    ],
)
def test_what_is_not_of_its_form_is_quarantined_whole(
    source: FileSource, shape: str, body: bytes, reason: str
) -> None:
    collection = source.index((shape, body), ("lines", EVENTS[0]))
    assert source.bronze(collection) == [(EVENTS[0].decode(),)]
    columns = "shape, line, byte_offset, is_whole_object, reason"
    ((*where, said),) = source.quarantine(collection, columns)
    assert where == [shape, None, None, True]
    assert reason in said
    assert source.counts(collection)["quarantined"] == {SPEC.shape(shape).stream: 1}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"version": 2, "Results": {"Bugs": []}}, "at '/Results' expected ARRAY, found OBJECT"),
        ({"version": 2, "Results": [{"Bugs": "none"}]}, "at '/Results/0/Bugs' expected ARRAY"),
        ({"version": 2, "Results": [7]}, "at '/Results/0' expected OBJECT"),
        ({"version": 3, "Results": []}, "at '/version' expected 2, found 3"),
        ({"Results": []}, "at '/version' expected 2, found nothing"),
        ([], "at '/version' expected 2, found nothing"),
        (None, "at '/version' expected 2, found nothing"),
    ],
)
def test_a_document_of_another_shape_counts_for_each_stream(
    source: FileSource, document: object, reason: str
) -> None:
    collection = source.index(("report", json.dumps(document).encode()))
    assert source.bronze(collection) == []
    ((said,),) = source.quarantine(collection)
    assert reason in said
    assert source.counts(collection)["quarantined"] == {"finding": 1, "scan_run": 1}


SMALL = [
    ("page", b'[{"id":1.50}, {"id":2}]'), ("whole", b'{"number":7}'),
    ("report", b'{"version":2,"Results":[{"Bugs":[{"id":1},{"id":2}]},{"Bugs":[{"id":3}]}]}'),
    ("page", b"[]"), ("report", b'{"version":2}'), ("page", b'["x",null]'),
    ("report", b'{"version":2,"Groups":[{"Results":[{"Bugs":[{"id":4}]}]}]}'),
]  # fmt: skip


@pytest.mark.parametrize(
    "bad",
    [
        None,
        ("page", b""),
        ("page", b'{"message":"rate limited"}'),
        ("page", b'[{"id":1},{"id":'),
        ("page", b'["' + b"\xff" + b'"]'),
        ("page", b"[" + DEEP + b"]"),
        ("page", b'[{"id":"' + b"x" * (300 << 10) + b'"}]'),
        ("page", gzip.compress(b'[{"id":"' + b"x" * (300 << 10) + b'"}]')),
        ("page", gzip.compress(b"[1]")[:-4]),
        ("whole", b"[1]"),
        ("whole", b'{"a":1}{"a":2}'),
        ("whole", b" "),
        ("report", b'{"version":3,"Results":[]}'),
        ("report", b'{"version":2,"Results":[7]}'),
        ("report", b"{"),
    ],
)
def test_small_objects_read_together_are_as_if_read_one_by_one(
    source: FileSource, bad: tuple[str, bytes] | None
) -> None:
    bodies = [*SMALL[:3], *([bad] if bad else []), *SMALL[3:]]
    together = source.index(*bodies)
    apart = [source.index(body) for body in bodies]
    columns = "object_sha256, stream, record_no, record_path, record_key, native_id, record"
    rows = [row for one in apart for row in source.bronze(one, columns)]
    assert source.bronze(together, columns) == rows
    columns = "object_sha256, shape, line, byte_offset, bytes, is_whole_object, reason"
    unread = [row for one in apart for row in source.quarantine(one, columns)]
    assert source.quarantine(together, columns) == unread
    assert sum(source.counts(together)["records"].values()) == len(rows)


def test_more_small_objects_than_are_read_together_keep_their_order(source: FileSource) -> None:
    bodies = [
        ("page", json.dumps([{"id": f"{at}-{no}"} for no in range(3)]).encode())
        if at % 2 else ("whole", b'{"number":%d}' % at)
        for at in range(450)
    ]  # fmt: skip
    collection = source.index(*bodies, ("lines", EVENTS[0]))
    expected = [
        (no + 1, f"{at}-{no}" if at % 2 else str(at))
        for at in range(450) for no in range(3 if at % 2 else 1)
    ]  # fmt: skip
    assert source.bronze(collection, "record_no, native_id") == [*expected, (1, None)]


def test_deep_document_with_elements_does_not_crash(source: FileSource) -> None:
    body = b'{"version":2,"Results":[{"Bugs":[' + DEEP + b"]}]}"
    collection = source.index(("report", body))
    assert "nested deeper than" in source.quarantine(collection)[0][0]


def test_as_deep_as_the_limit_is_read(source: FileSource) -> None:
    depth = selects.DEPTH_LIMIT - 1
    body = b'{"id":' + b"[" * depth + b"]" * depth + b"}"
    collection = source.index(("lines", body), ("whole", body + b" "))
    assert source.quarantine(collection) == []
    assert len(source.bronze(collection)) == 2


def member(body: bytes, flags: int = 0, optional: bytes = b"", level: int = 9) -> bytes:
    """One gzip member with header flags and optional header fields (RFC 1952)."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    header = b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\3" + optional
    if flags & 2:
        header += struct.pack("<H", zlib.crc32(header) & 0xFFFF)
    packed = packer.compress(body) + packer.flush()
    return header + packed + struct.pack("<II", zlib.crc32(body), len(body))


class TestGzip:
    BODY = b"".join(
        b'{"id":"%d","text":"%s"}\n' % (n, os.urandom(20).hex().encode()) for n in range(500)
    )

    def test_is_undone(self, source: FileSource) -> None:
        two = gzip.compress(self.BODY[:9_999]) + gzip.compress(self.BODY[9_999:]) + b"\0" * 512
        collection = source.index(("lines", gzip.compress(self.BODY)), ("lines", two))
        lines = [(line.decode(),) for line in self.BODY.splitlines()]
        assert source.bronze(collection) == lines * 2

    def test_one_flipped_bit_costs_the_object(self, source: FileSource) -> None:
        stored = gzip.compress(self.BODY, 0)  # stored blocks: a flipped bit still inflates
        at = stored.index(b"text")
        flipped = stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :]
        collection = source.index(("lines", flipped), ("lines", EVENTS[0]))
        assert source.bronze(collection) == [(EVENTS[0].decode(),)]
        assert source.quarantine(collection, "is_whole_object") == [(True,)]
        assert "Incorrect checksum" in source.quarantine(collection)[0][0]

    @pytest.mark.parametrize("kept", [12, 5_000, -9, -1])
    def test_cut_short_costs_the_object(self, source: FileSource, kept: int) -> None:
        collection = source.index(("lines", gzip.compress(self.BODY)[:kept]))
        assert source.bronze(collection) == []
        assert "gzip ends early" in source.quarantine(collection)[0][0]

    @pytest.mark.parametrize("more", [b"more", b"and more than that"])
    def test_what_follows_the_end_costs_the_object(self, source: FileSource, more: bytes) -> None:
        collection = source.index(("lines", gzip.compress(self.BODY) + more))
        assert "gzip is damaged" in source.quarantine(collection)[0][0]

    @pytest.mark.parametrize(
        ("flags", "optional"),
        [(2, b""), (8, b"access.log\0"), (6, b"\4\0AB\0\0"), (12, b"\4\0AB\0\0access.log\0")],
    )
    @pytest.mark.parametrize("before", [1, 3, 4, 11, 12, 15])
    def test_a_header_across_two_reads_is_read_as_gunzip_reads_it(
        self, source: FileSource, flags: int, optional: bytes, before: int
    ) -> None:
        """A second member's header that begins so many bytes before a read ends."""
        read_bytes = plain._CHUNK_BYTES
        second = member(b'{"id":"second"}\n', flags, optional)
        filling = read_bytes - before - len(member(b"")) - 5
        first = member(b'"' + b"x" * (filling - 3) + b'"\n', level=0)
        first = member(
            b'"' + b"x" * (filling - 3 + read_bytes - before - len(first)) + b'"\n', level=0
        )
        assert len(first) == read_bytes - before
        stored = first + second
        collection = source.index(("lines", stored))
        lines = gzip.decompress(stored).decode().splitlines()
        assert [text for (text,) in source.bronze(collection)] == lines
        assert source.quarantine(collection) == []

    def test_zeros_between_members_are_padding(self, source: FileSource) -> None:
        padded = gzip.compress(b'{"id":1}\n') + b"\0" * 700 + gzip.compress(b'{"id":2}\n')
        collection = source.index(("lines", padded))
        assert source.bronze(collection) == [('{"id":1}',), ('{"id":2}',)]

    def test_a_bomb_is_refused_before_it_fills_the_disk(
        self, source: FileSource, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(plain, "_BOMB_BYTES", 1 << 22)
        collection = source.index(("lines", gzip.compress(b" " * (64 << 20))))
        assert "taken for a bomb" in source.quarantine(collection)[0][0]


class TestLargeRecords:
    def test_50_mb_are_read_in_every_form(self, source: FileSource) -> None:
        large = b'{"id":"' + b"x" * (50 << 20) + b'"}'
        lines = EVENTS[0] + b"\n" + large + b"\n" + EVENTS[1]
        collection = source.index(("lines", lines), ("page", b"[" + large + b"]"), ("whole", large))
        sizes = source.bronze(collection, "strlen(record)")
        assert sizes == [(len(text),) for text in (EVENTS[0], large, EVENTS[1], large, large)]
        assert source.quarantine(collection) == []

    def test_more_than_64_mib_is_quarantined_with_its_head(self, source: FileSource) -> None:
        large = b'{"id":"' + b"x" * selects.RECORD_LIMIT_BYTES + b'"}'
        lines = EVENTS[0] + b"\n" + large + b"\n" + EVENTS[1]
        collection = source.index(("lines", lines), ("page", b"[" + large + b"]"), ("whole", large))
        assert source.bronze(collection) == [(EVENTS[0].decode(),), (EVENTS[1].decode(),)]
        line, page, whole = source.quarantine(collection, "line, byte_offset, bytes, reason")
        assert line == (
            2, len(EVENTS[0]) + 1, large[: 1 << 16],
            f"record of {len(large)} bytes is over the limit of {selects.RECORD_LIMIT_BYTES}",
        )  # fmt: skip
        assert "larger than 67108864 bytes" in page[3]
        assert f"document of {len(large)} bytes" in whole[3]

    def test_a_line_without_end_takes_no_memory_with_it(self, source: FileSource) -> None:
        collection = source.keep(("lines", EVENTS[0] + b"\n" + b"x" * (200 << 20)))
        tracemalloc.start()
        bronze.index(source.settings, SOURCE_ID, collection.receipt_id)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 3 * selects.RECORD_LIMIT_BYTES  # one line's limit, never the whole line
        assert source.quarantine(collection, "line") == [(2,)]


class TestCsv:
    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            (b"2,b,c", "3 cells where there are 2 columns"),
            (b'2,"b"c', "not a row"),
            (b"2,\xff", "invalid UTF-8"),
            (b"2,\x00", "NUL byte"),
        ],
    )
    def test_a_bad_row_costs_that_row(self, source: FileSource, row: bytes, reason: str) -> None:
        body = b"id,name\n1,a\n\n" + row + b"\n3,d\n"
        collection = source.index(("rows", body))
        assert source.bronze(collection, "record_no, record") == [
            (1, '{"id":"1","name":"a"}'), (3, '{"id":"3","name":"d"}'),
        ]  # fmt: skip
        ((line, offset, kept, said),) = source.quarantine(
            collection, "line, byte_offset, bytes, reason"
        )
        assert (line, offset, kept) == (4, body.index(row), row)
        assert reason in said

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"", "no header row"),
            (b'id,name\n1,"open\n2,b\n', "begins in line 2 never ends"),
            (b"id,id\n1,2\n", "names column 'id' twice"),
            (b"id,name\r1,a\r2,b\r", "header row cannot be read"),
        ],
    )
    def test_a_file_whose_rows_cannot_be_told_is_quarantined_whole(
        self, source: FileSource, body: bytes, reason: str
    ) -> None:
        collection = source.index(("rows", body))
        assert source.bronze(collection) == []
        assert reason in source.quarantine(collection)[0][0]

    def test_names_that_differ_in_case_and_blank_first_lines(self, source: FileSource) -> None:
        collection = source.index(("rows", b"\n\nid,ID\n1,2\n"), ("rows", b"only\nx\n\ny\n"))
        assert [json.loads(text) for (text,) in source.bronze(collection)] == [
            {"id": "1", "ID": "2"}, {"only": "x"}, {"only": "y"},
        ]  # fmt: skip


def test_a_full_disk_is_said_and_leaves_nothing(
    source: FileSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = source.keep(("lines", EVENTS[0]))
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    reader = bronze.Reader.__init__

    def on_full_disk(self: bronze.Reader, *rest: object) -> None:
        reader(self, *rest)  # type: ignore[arg-type]
        self._scratch = full

    monkeypatch.setattr(bronze.Reader, "__init__", on_full_disk)
    with pytest.raises(MachineError, match="make room"):
        bronze.index(source.settings, SOURCE_ID, collection.receipt_id)
    assert not source.settings.home.list(f"bronze/{SOURCE_ID}")
    assert not source.settings.home.list(f"index/{SOURCE_ID}")
