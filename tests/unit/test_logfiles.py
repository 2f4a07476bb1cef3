"""Log files: what is kept of them, whatever rotation does, and which days their lines prove."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource
from muniment import filedrop, logfiles
from muniment.collection import Collection
from muniment.logoptions import LogOptions
from muniment.logspans import is_rotated, log_name
from muniment.sources import discover
from muniment.sources.spec import Connector, Shape, SourceSpec

SPEC = SourceSpec(
    "test_log", "A log", "event", "location",
    (Shape("events", "lines", "event", ("/id",), event_time="/at"), filedrop.MANIFEST),
    {"event": ("access_events.sign_in",), "listing": ()}, LogOptions, ("file_manifest",),
)  # fmt: skip
READING = logfiles.Reading("events")
NEXT = "2026-01-08T02:00:00Z"


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FileSource]:
    discover()[SPEC.kind] = Connector(SPEC, lambda ask: logfiles.collect(ask, READING))
    yield FileSource.make(tmp_path, SPEC.kind)
    del discover()[SPEC.kind]


def lines(*times: str) -> bytes:
    return b"".join(json.dumps({"id": at, "at": f"2026-01-{at}Z"}).encode() + b"\n" for at in times)


#: from before the 5th to after it
FULL = ("04T23:00:00", "05T10:00:00", "05T21:00:00", "06T01:00:00")


def verdicts(collection: Collection) -> list[tuple[str, str, str]]:
    return [(p.basis, p.first_day, p.end_day) for p in collection.proofs]


def kept(source: FileSource, collection: Collection) -> list[str]:
    return [json.loads(record)["id"] for record, in source.bronze(collection, "record")
            if "id" in json.loads(record)]  # fmt: skip


def put(source: FileSource, path: str, body: bytes, at: str = "2026-01-06T01:00:00Z") -> Path:
    file = source.put(path, body)
    moment = datetime.fromisoformat(at).timestamp()
    os.utime(file, (moment, moment))
    return file


def test_a_day_is_proven_by_lines_before_and_after_it(source: FileSource) -> None:
    put(source, "a.log", lines(*FULL))
    collection = source.collect()
    assert collection.failure is None
    assert verdicts(collection) == [("file_manifest", "2026-01-05", "2026-01-06")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (FULL[:3], "No line after 2026-01-05 21:00:00Z shows that the log 'a.log' went on."),
        (FULL[1:], "The log 'a.log' begins at 2026-01-05 10:00:00Z."),
        (("04T20:00:00", "06T01:00:00"), "The log 'a.log' is silent from 2026-01-04 20:00:00Z"),
        ((), "The log 'a.log' has no line"),
    ],
)
def test_a_day_that_lines_do_not_enclose_is_not_provable(
    source: FileSource, body: tuple[str, ...], said: str
) -> None:
    put(source, "a.log", lines(*body) or b"{}\n")
    [proof] = source.collect().proofs
    assert proof.basis == "not_provable"
    assert said in (proof.reason or "")


def test_a_day_in_doubt_is_not_asked_for_for_ever(source: FileSource) -> None:
    put(source, "a.log", lines(*FULL[:3]))
    first, *_, last = source.collect("2026-03-10T02:00:00Z").proofs
    assert (first.first_day, first.end_day, first.is_final) == ("2026-01-05", "2026-01-09", True)
    assert (last.basis, last.is_final) == ("not_provable", False)


def test_without_any_log_nothing_is_proven(source: FileSource) -> None:
    [proof] = source.collect().proofs
    assert (proof.basis, proof.first_day) == ("not_provable", "2026-01-05")


def test_a_later_line_heals_the_day_and_only_what_is_new_is_kept(source: FileSource) -> None:
    put(source, "a.log", lines(*FULL[:3]))
    source.commit(source.collect())
    put(source, "a.log", lines(*FULL))
    again = source.collect("2026-01-07T02:00:00Z")
    receipt = source.commit(again)
    assert verdicts(again) == [
        ("file_manifest", "2026-01-05", "2026-01-06"), ("not_provable", "2026-01-06", "2026-01-07"),
    ]  # fmt: skip
    assert receipt.records["event"] == 1
    assert kept(source, again) == ["06T01:00:00"]


def test_rotation_compression_and_truncation_bring_no_line_twice(source: FileSource) -> None:
    put(source, "a.log", lines(*FULL))
    source.commit(source.collect())
    (source.drop / "a.log").unlink()
    put(source, "a.log.1", lines(*FULL, "06T05:00:00"))
    put(source, "a.log", lines("06T06:00:00"))
    rotated = source.collect("2026-01-07T02:00:00Z")
    source.commit(rotated)
    assert sorted(kept(source, rotated)) == ["06T05:00:00", "06T06:00:00"]
    (source.drop / "a.log.1").unlink()
    put(source, "a.log.2.gz", gzip.compress(lines(*FULL, "06T05:00:00")))
    put(source, "a.log.1", lines("06T06:00:00", "07T01:00:00"))
    put(source, "a.log", b"")
    last = source.collect(NEXT)
    source.commit(last)
    assert kept(source, last) == ["07T01:00:00"]


def test_a_file_that_comes_late_brings_only_what_was_not_seen_before(source: FileSource) -> None:
    put(source, "a.log", lines(*FULL[:2]))
    source.commit(source.collect())
    put(source, "a.log", lines("07T00:00:00"))  # what came between is not here yet
    source.commit(source.collect("2026-01-07T02:00:00Z"))
    put(source, "a-2026-01-05.log", lines(*FULL))
    late = source.collect(NEXT)
    source.commit(late)
    assert kept(source, late) == list(FULL[2:])


def test_a_line_still_being_written_is_left_for_next_time(source: FileSource) -> None:
    whole = lines(*FULL)
    put(source, "a.log", whole[:-10], at="2026-01-06T01:59:00Z")
    first = source.collect()
    receipt = source.commit(first)
    assert (receipt.records["event"], receipt.quarantined) == (3, {})
    assert "end within a record" in " ".join(first.warnings)
    put(source, "a.log", whole, at="2026-01-06T02:01:00Z")
    second = source.collect("2026-01-07T02:00:00Z")
    source.commit(second)
    assert kept(source, second) == ["06T01:00:00"]


def test_a_log_that_must_be_there_and_one_that_stopped_hold_the_days_back(tmp_path: Path) -> None:
    discover()[SPEC.kind] = Connector(SPEC, lambda ask: logfiles.collect(ask, READING))
    stated: dict[str, Any] = {
        "a.log": {"began": "2026-01-05"}, "b.log": {}, "c.log": {"ended": "2026-01-04"},
    }  # fmt: skip
    source = FileSource.make(tmp_path, SPEC.kind, logs=stated)
    put(source, "a.log", lines(*FULL[1:]))
    [proof] = source.collect().proofs
    assert proof.reason == "The log 'b.log' has no line that says when it was written."
    put(source, "b.log", lines(*FULL))
    assert verdicts(source.collect()) == [("file_manifest", "2026-01-05", "2026-01-06")]
    del discover()[SPEC.kind]


def test_a_damaged_gzip_fails_the_collection_and_the_others_are_kept(source: FileSource) -> None:
    put(source, "a.log.2.gz", gzip.compress(lines(*FULL))[:-9])
    put(source, "b.log", lines(*FULL))
    collection = source.collect()
    assert collection.failure is not None
    assert "a.log.2.gz" in collection.failure.reason
    assert "gzip" in collection.failure.reason
    assert len(source.stored(collection, "events")) == 1


@pytest.mark.parametrize(
    ("path", "log", "is_ended"),
    [
        ("h1/auth.log", "h1/auth.log", False),
        ("h1/auth.log.1", "h1/auth.log", True),
        ("h1/auth.log.12.gz", "h1/auth.log", True),
        ("auth.log-20260105.gz", "auth.log", True),
        ("audit-2026-01-05T08-00-00.000.log", "audit.log", False),
        ("postgresql-2026-01-05_000000.csv", "postgresql.csv", False),
        ("node-1.log", "node-1.log", False),
        ("node-2.log", "node-2.log", False),
        ("10.0.0.12", "10.0.0.12", False),
    ],
)
def test_what_rotation_adds_to_a_name_is_told_from_the_host(
    path: str, log: str, is_ended: bool
) -> None:
    assert (log_name(path), is_rotated(path)) == (log, is_ended)


SPOILT = lines("04T23:00:00", "05T10:00:00") + b'{"id": tru\n' + lines("05T21:00:00", "06T01:00:00")
ON = lines("06T01:30:00", "06T20:00:00", "07T01:00:00")


def test_rotation_does_not_heal_a_day_of_unreadable_lines(source: FileSource) -> None:
    """Its other lines enclose the day still; what the spoilt one said is not known."""
    put(source, "a.log", SPOILT)
    assert source.run().quarantined == {"event": 1}
    put(source, "a.log", ON, at="2026-01-07T01:00:00Z")
    for now in ("2026-01-07T02:00:00Z", "2026-01-07T03:00:00Z"):
        collection = source.collect(now)
        assert source.commit(collection).quarantined == {}
        assert verdicts(collection) == [
            ("not_provable", "2026-01-05", "2026-01-06"),
            ("file_manifest", "2026-01-06", "2026-01-07"),
        ]
        assert "could not be read, and the file is gone" in (collection.proofs[0].reason or "")


def test_an_unreadable_line_comes_again_under_another_name_until_it_is_mended(
    source: FileSource,
) -> None:
    put(source, "a.log", SPOILT)
    source.run()
    put(source, "a.log.1", SPOILT)
    put(source, "a.log", ON, at="2026-01-07T01:00:00Z")
    assert source.run("2026-01-07T02:00:00Z").quarantined == {"event": 1}
    put(source, "a.log.1", SPOILT.replace(b"tru", b"true}"), at="2026-01-07T01:30:00Z")
    collection = source.collect("2026-01-07T03:00:00Z")
    assert source.commit(collection).quarantined == {}
    assert verdicts(collection) == [("file_manifest", "2026-01-05", "2026-01-07")]
