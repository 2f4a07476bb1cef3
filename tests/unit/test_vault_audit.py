"""vault_audit: pairs of request and response, several devices, tokens that must not be stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource
from log_source import doubt, json_lines, put, stated

HMAC = "hmac-sha256:5f1c"


def entry(at: str, request_id: str | None, side: str = "request", **more: Any) -> dict[str, Any]:
    request = {"operation": "read", "path": "secret/data/app", "client_token": HMAC}
    return {
        "time": f"2026-01-{at}Z", "type": side, "auth": {"client_token": HMAC},
        "request": request | ({"id": request_id} if request_id else {}), **more,
    }  # fmt: skip


def pair(at: str, request_id: str) -> list[dict[str, Any]]:
    return [entry(at, request_id), entry(at, request_id, "response")]


DAY = [*pair("04T23:00:00.123456789", "a"), *pair("05T12:00:00", "b"), *pair("06T01:00:00", "c")]


@pytest.fixture
def source(tmp_path: Path) -> FileSource:
    return FileSource.make(tmp_path, "vault_audit")


def test_whole_pairs_prove_the_day(source: FileSource) -> None:
    put(source, "audit.log", json_lines(*DAY))
    collection = source.collect()
    assert stated(collection) == [("file_manifest", None, "2026-01-05", "2026-01-06")]
    receipt = source.commit(collection)
    assert receipt.records["entry"] == 6
    assert set(source.bronze(collection, "native_id")) >= {("b|request",), ("b|response",)}


@pytest.mark.parametrize("missing", ["request", "response"])
def test_half_a_pair_is_named_until_the_other_half_comes(source: FileSource, missing: str) -> None:
    there = "response" if missing == "request" else "request"
    rest = [item for item in DAY if item["request"]["id"] != "b"]
    put(
        source,
        "audit.log",
        json_lines(rest[0], rest[1], entry("05T12:00:00", "b", there), *rest[2:]),
    )
    first = source.collect()
    assert doubt(first) == (
        f"The log 'audit.log' holds 1 {there}s without their {missing} (first: b)."
    )
    source.commit(first)
    put(source, "audit.log.1", json_lines(entry("05T12:00:01", "b", missing)))
    assert stated(source.collect("2026-01-06T03:00:00Z"))[0][0] == "file_manifest"


def test_kmip_pairs_and_help_without_id_are_no_doubt(source: FileSource) -> None:
    more = [entry("05T13:00:00", "k", f"kmip-{side}") for side in ("request", "response")]
    put(source, "audit.log", json_lines(*DAY, *more, entry("05T14:00:00", None)))
    collection = source.collect()
    assert stated(collection)[0][0] == "file_manifest"
    assert source.commit(collection).records["entry"] == 9


@pytest.mark.parametrize("is_later", [False, True], ids=["together", "a day later"])
@pytest.mark.parametrize("whole", ["a", "z"], ids=["whole one first", "whole one last"])
def test_what_one_device_lost_another_may_hold(
    source: FileSource, whole: str, is_later: bool
) -> None:
    half = [item for item in DAY if (item["request"]["id"], item["type"]) != ("b", "response")]
    put(source, f"{whole}/audit.log", json_lines(*DAY))
    if is_later:
        source.commit(source.collect())
    put(source, "m/audit.log", json_lines(*half))
    assert stated(source.collect("2026-01-06T03:00:00Z"))[0][0] == "file_manifest"


def test_every_device_must_go_on_and_all_are_kept(source: FileSource) -> None:
    put(source, "file/audit.log", json_lines(*DAY))
    put(source, "socket/audit.log", json_lines(*DAY[:-2]))
    collection = source.collect()
    assert "'socket/audit.log' went on" in doubt(collection)
    assert source.commit(collection).records["entry"] == 10


def test_a_device_that_writes_raw_tokens_is_refused(source: FileSource) -> None:
    raw = entry("05T12:00:00", "r", auth={"client_token": "hvs.PLANTED"})
    put(source, "raw.log", json_lines(*DAY, raw))
    put(source, "audit.log", json_lines(*DAY))
    collection = source.collect()
    assert collection.failure is not None
    assert "log_raw" in collection.failure.reason
    home = Path(source.settings.home.url)
    assert not any(b"PLANTED" in f.read_bytes() for f in home.rglob("*") if f.is_file())
    assert len(source.stored(collection, "entries")) == 1


@pytest.mark.parametrize(("mebibytes", "unreadable"), [(65, {"entry": 1}), (40, {})])
def test_long_lines_are_read_or_quarantined_and_the_others_are_looked_at(
    source: FileSource, mebibytes: int, unreadable: dict[str, int]
) -> None:
    huge = entry("05T13:00:00", None, error="x" * (mebibytes << 20))
    put(source, "audit.log", json_lines(*DAY, huge, entry("05T14:00:00", "half")))
    collection = source.collect()
    assert "holds 1 requests without their response (first: half)" in doubt(collection)
    receipt = source.commit(collection)
    assert (receipt.records["entry"], receipt.quarantined) == (
        8 - sum(unreadable.values()), unreadable,
    )  # fmt: skip


def test_a_truncated_line_is_quarantined_and_named(source: FileSource) -> None:
    put(source, "audit.log.1", json_lines(*DAY)[:-20])
    receipt = source.run()
    assert (receipt.records["entry"], receipt.quarantined) == (5, {"entry": 1})
    [(reason,)] = source.quarantine(receipt)
    assert reason.startswith("invalid JSON")
