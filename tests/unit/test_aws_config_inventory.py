"""AWS Config's snapshots, over a real S3 server and from a folder: whose day they count for."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from file_source import SOURCE_ID, FileSource
from muniment import bronze, checking, committing, ledger
from muniment.collecting import Window, collect
from muniment.collection import Collection
from muniment.planning import PlannedWindow, plan
from muniment.settings import load
from s3_store import SECRET, S3Store, s3_store

ACCOUNT, REGION = "111122223333", "eu-central-1"
DECLARED = {"accounts": [ACCOUNT], "regions": [REGION]}
NOW = "2026-01-06T02:00:00Z"


def _key(
    stamp: str = "20260105T182011Z", folder: str = "2026/1/5", *, account: str = ACCOUNT,
    region: str = REGION, what: str = "ConfigSnapshot", number: int = 1,
) -> str:  # fmt: skip
    name = f"{account}_Config_{region}_{what}_{stamp}_{number:08d}.json.gz"
    return f"AWSLogs/{account}/Config/{region}/{folder}/{what}/{name}"


def _body(*names: str, **more: Any) -> bytes:
    items = [
        {"resourceType": "AWS::S3::Bucket", "resourceId": name, "ARN": f"arn:aws:s3:::{name}"}
        for name in names
    ]
    document = {"fileVersion": "1.0", "configSnapshotId": "x", "configurationItems": items} | more
    return gzip.compress(json.dumps(document).encode(), mtime=0)


@pytest.fixture
def folder(tmp_path: Path) -> FileSource:
    return FileSource.make(tmp_path, "aws_config_inventory", **DECLARED)


def _shown(source: FileSource, found: Collection) -> list[str]:
    rows = source.bronze(found, "stream, native_id")
    return sorted(name for stream, name in rows if stream == "item")


def _said(receipt: Collection) -> tuple[str, str, bool]:
    (proof,) = receipt.proofs
    return proof.basis, proof.reason or "", proof.is_final


def test_a_day_s_last_snapshot_is_its_inventory(folder: FileSource) -> None:
    folder.put(_key("20260105T061500Z"), _body("early"))
    folder.put(_key(), _body("logs", "backups"))
    folder.put(_key("20260104T235959Z"), _body("yesterday"))
    folder.put(_key("20260106T001000Z", "2026/1/6"), _body("tomorrow"))
    folder.put(_key("20260105T120000Z", what="ConfigHistory"), _body("history"))
    receipt = folder.run()
    assert receipt.failure is None
    assert _shown(folder, receipt) == ["AWS::S3::Bucket|backups", "AWS::S3::Bucket|logs"]
    assert receipt.records == {"item": 2, "listing": 1, "request": 2, "snapshot": 1}
    assert _said(receipt)[0] == "file_manifest"
    (line,) = [line for line in folder.requests(receipt) if line["shape"] == "snapshot"]
    assert line["context"]["taken_at"] == "2026-01-05T18:20:11.000000Z"
    (listing,) = (json.loads(gzip.decompress(b)) for b in folder.stored(receipt, "manifest"))
    stamps = sorted(name.split("_")[4] for name in listing["left_aside"])
    assert stamps == ["20260105T061500Z", "20260105T120000Z"]
    assert "2 files that are no snapshot" in receipt.warnings[0]


@pytest.mark.parametrize("folder_name", ["2026/1/6", "2026/01/05"])
def test_the_name_says_the_day_whatever_the_folder(folder: FileSource, folder_name: str) -> None:
    """One of the last minute is delivered on the next day; copies may write leading zeros."""
    folder.put(_key("20260105T235958Z", folder_name), _body("a"))
    receipt = folder.run()
    assert _shown(folder, receipt) == ["AWS::S3::Bucket|a"]
    assert _said(receipt)[0] == "file_manifest"


def test_each_day_counts_its_own_snapshot(folder: FileSource) -> None:
    for day in (3, 5):
        names = [f"b{number}" for number in range(day)]
        folder.put(_key(f"2026010{day}T182011Z", f"2026/1/{day}"), _body(*names))
    now = datetime.fromisoformat(NOW)
    planned = plan(folder.settings, now, date(2026, 1, 3), date(2026, 1, 6))
    days = [date(2026, 1, day) for day in (3, 4, 5, 6)]
    assert planned == [
        PlannedWindow(SOURCE_ID, Window(day, end, "window")) for day, end in pairwise(days)
    ]
    for item in planned:
        found = collect(
            folder.settings, folder.settings.source(SOURCE_ID), item.window,
            clock=lambda: now, run_id="a run", role="tests", connections=lambda name: None,
        )  # fmt: skip
        folder.commit(found)
    verdicts = {v.day.day: v for v in ledger.assess(folder.settings, date(2026, 1, 5), now)}
    assert {day: (v.verdict, v.received) for day, v in verdicts.items()} == {
        3: ("LATE", 3), 4: ("NOT_PROVABLE", 0), 5: ("COMPLETE", 5),
    }  # fmt: skip
    assert "No snapshot of 2026-01-04 from 111122223333/eu-central-1." in verdicts[4].reason
    again = plan(folder.settings, now, date(2026, 1, 3), date(2026, 1, 6))
    assert [item.window.first_day for item in again] == [date(2026, 1, 4)]


def test_several_days_at_once_are_refused(folder: FileSource) -> None:
    folder.put(_key(), _body("a"))
    found = folder.collect(first="2026-01-04")
    assert found.failure is not None
    assert "Ask for one day at a time" in found.failure.reason
    assert not found.failure.is_transient


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"accounts": [ACCOUNT, "999900009999"]}, "999900009999/(no region)"),
        ({"regions": [REGION, "us-east-1"]}, f"{ACCOUNT}/us-east-1"),
        ({"accounts": [ACCOUNT], "regions": ["us-east-1"]}, f"{ACCOUNT}/us-east-1"),
        ({}, None),
    ],
)
def test_a_declared_place_without_snapshot_is_missed(
    tmp_path: Path, options: dict[str, Any], said: str | None
) -> None:
    source = FileSource.make(tmp_path, "aws_config_inventory", **options)
    source.put(_key(), _body("a"))
    receipt = source.run()
    basis, reason, is_final = _said(receipt)
    assert basis == ("not_provable" if said else "file_manifest")
    assert (said or "1 regions") in reason
    assert not is_final
    assert _shown(source, receipt) == ["AWS::S3::Bucket|a"]


def test_a_snapshot_that_did_not_come_is_given_up_after_two_days(folder: FileSource) -> None:
    folder.put(_key("20260103T182011Z", "2026/1/3"), _body("a"))
    now = datetime.fromisoformat("2026-01-08T02:00:00Z")
    found = collect(
        folder.settings, folder.settings.source(SOURCE_ID),
        Window(date(2026, 1, 5), date(2026, 1, 6), "window"),
        clock=lambda: now, run_id="a run", role="tests", connections=lambda name: None,
    )  # fmt: skip
    assert _said(found)[2]


def test_snapshots_without_any_resource_prove_nothing(folder: FileSource) -> None:
    folder.put(_key(), _body())
    basis, reason, _ = _said(folder.run())
    assert basis == "not_provable"
    assert "no resource at all" in reason


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(_body("a")[:40], id="truncated"),
        pytest.param(b"<html></html>", id="another format"),
        pytest.param(_body("a", fileVersion="2.0"), id="another version"),
        pytest.param(_body("a", configurationItems={}), id="no list"),
        pytest.param(_body("a", configurationItems=None), id="null for a list"),
        pytest.param(gzip.compress(b'{"fileVersion": "1.0"}'), id="no items"),
    ],
)
def test_a_document_that_is_none_is_set_aside(folder: FileSource, body: bytes) -> None:
    folder.put(_key(), body)
    receipt = folder.run()
    assert receipt.failure is None
    assert receipt.quarantined == {"item": 1, "snapshot": 1}
    (verdict,) = ledger.assess(folder.settings, date(2026, 1, 5), datetime.fromisoformat(NOW))
    assert verdict.verdict == "GAP"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Store]:
    with s3_store() as found:
        yield found


def test_a_bucket_is_read_with_the_connection_s_key(server: S3Store, tmp_path: Path) -> None:
    for region in (REGION, "us-east-1"):
        server.put(f"audit/{_key(region=region)}", _body(region))
        server.put(f"audit/{_key(region=region, number=0)}", _body("same second"))
    server.put(f"audit/AWSLogs/{ACCOUNT}/Config/ConfigWritabilityCheckFile", b"")
    source = {
        "id": SOURCE_ID, "kind": "aws_config_inventory", "connection": "aws",
        "location": f"s3://{server.bucket}/audit/", "options": DECLARED,
    }  # fmt: skip
    file = tmp_path / "muniment.yml"
    file.write_text(yaml.safe_dump({"organisation": "T", "sandbox": True, "sources": [source]}))
    read = FileSource(load(file), tmp_path)
    now = datetime(2026, 1, 6, 2, tzinfo=UTC)
    found = collect(
        read.settings, read.settings.source(SOURCE_ID),
        Window(date(2026, 1, 5), date(2026, 1, 6), "window"),
        clock=lambda: now, run_id="a run", role="tests",
        connections=lambda name: server.connection,
    )  # fmt: skip
    assert found.failure is None, found.failure
    bronze.index(read.settings, SOURCE_ID, found.receipt_id)
    receipt = committing.commit(read.settings, SOURCE_ID, found.receipt_id)
    assert _shown(read, receipt) == [f"AWS::S3::Bucket|{REGION}", "AWS::S3::Bucket|us-east-1"]
    assert _said(receipt)[:2] == (
        "file_manifest", "A snapshot of 2026-01-05 from each of 2 regions of accounts."
    )  # fmt: skip
    assert receipt.origin is not None
    assert receipt.origin.tenant == ACCOUNT
    assert f"{ACCOUNT}/us-east-1" in " ".join(receipt.warnings)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRET.encode() not in everything
    (checked,) = checking.check(read.settings, lambda: now, lambda name: server.connection, "tests")
    assert (checked.failure, checked.seen) == (None, "2 regions of 1 accounts")
