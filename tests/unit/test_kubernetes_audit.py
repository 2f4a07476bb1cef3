"""kubernetes_audit: stages, microseconds, and objects of secrets that must not be stored."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource
from log_source import json_lines, put, records, stated


def event(at: str, audit_id: str = "a", resource: str = "pods", **more: Any) -> dict[str, Any]:
    return {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": audit_id,
        "stage": "ResponseComplete", "level": "RequestResponse", "verb": "get",
        "objectRef": {"resource": resource}, "requestReceivedTimestamp": f"2026-01-{at}Z",
        "stageTimestamp": f"2026-01-{at}Z", **more,
    }  # fmt: skip


DAY = [event("04T23:00:00.000001"), event("05T12:00:00.000002", "b"), event("06T00:00:01", "c")]


@pytest.fixture
def source(tmp_path: Path) -> FileSource:
    return FileSource.make(tmp_path, "kubernetes_audit")


def test_rotated_files_of_one_api_server_are_one_log(source: FileSource) -> None:
    put(source, "cp1/audit-2026-01-05T08-00-00.000.log", json_lines(*DAY[:2]))
    put(source, "cp1/audit.log", json_lines(*DAY[2:]))
    collection = source.collect()
    assert stated(collection) == [("file_manifest", None, "2026-01-05", "2026-01-06")]
    source.commit(collection)
    times = [str(at) for at, stream in source.bronze(collection, "event_time, stream")
             if stream == "event"]  # fmt: skip
    assert times[1] == "2026-01-05 12:00:00.000002"


@pytest.mark.parametrize(
    ("about", "is_masked"),
    [
        ({"objectRef": {"resource": "secrets"}}, True),
        ({"objectRef": {"resource": "tokenreviews"}}, True),
        ({"objectRef": {"resource": "serviceaccounts", "subresource": "token"}}, True),
        ({"objectRef": {"resource": "configmaps", "name": "secret-names"}}, False),
        ({"objectRef": None, "requestURI": "/secrets"}, False),
    ],
)
def test_objects_of_secrets_are_masked_before_they_are_stored(
    source: FileSource, about: dict[str, Any], is_masked: bool
) -> None:
    held = event("05T13:00:00", "s", responseObject={"data": {"password": "UExBTlRFRA=="}}, **{
        "requestObject": {"spec": {"token": "UExBTlRFRA=="}}, **about})  # fmt: skip
    put(source, "audit.log.1", gzip.compress(json_lines(*DAY, held)))
    collection = source.collect()
    source.commit(collection)
    [kept] = [item for item in records(source, collection, "event") if item["auditID"] == "s"]
    assert ("UExBTlRFRA==" not in str(kept)) is is_masked
    home = Path(source.settings.home.url)
    stored = [f.read_bytes() for f in home.rglob("*") if f.is_file()]
    assert any(b"UExBTlRFRA==" in (gzip.decompress(b) if b[:2] == b"\x1f\x8b" else b)
               for b in stored) is not is_masked  # fmt: skip
    assert [(r["rule"], r["count"]) for r in collection.reductions] == (
        [("kubernetes_secret_objects", 1)] if is_masked else []
    )
    assert len(records(source, collection, "event")) == 4


def test_a_line_that_names_secrets_and_is_cut_off_is_quarantined_masked(source: FileSource) -> None:
    held = event("05T13:00:00", "s", responseObject={"data": {"password": "UExBTlRFRA=="}}, **{
        "objectRef": {"resource": "secrets"}})  # fmt: skip
    lines = [json_lines(DAY[0]), json_lines(held)[:-9] + b"\n", json_lines(*DAY[1:])]
    put(source, "audit.log.1", gzip.compress(b"".join(lines)))
    collection = source.collect()
    receipt = source.commit(collection)
    assert receipt.quarantined == {"event": 1}
    home = Path(source.settings.home.url)
    for file in (f for f in home.rglob("*") if f.is_file()):
        body = file.read_bytes()
        plain = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        assert b"UExBTlRFRA==" not in plain
    assert len(records(source, collection, "event")) == 3


def test_events_without_zone_are_kept_undated_and_said(source: FileSource) -> None:
    odd = event("05T12:00:00") | {"stageTimestamp": "2026-01-05 12:00:00.123"}
    put(source, "audit.log", json_lines(*DAY, odd))
    collection = source.collect()
    assert collection.warnings == [
        "1 records state no time with a zone: they count for the last day."
    ]
    assert source.commit(collection).records["event"] == 4


def test_settings_of_containers_are_masked_as_in_workloads(source: FileSource) -> None:
    """People put passwords into variables and command lines, and patches name what they set."""
    container = {
        "image": "app:1", "args": ["--password=UExBTlRFRA=="],
        "env": [{"name": "DB", "value": "UExBTlRFRA=="}],
    }  # fmt: skip
    deployment = {"spec": {"template": {"spec": {"containers": [container]}}}}
    path = "/spec/template/spec/containers/0/env/0/value"
    held = [
        event("05T13:00:00", "s", "deployments", requestObject=deployment),
        event("05T13:00:00", "t", "deployments",
              requestObject=[{"op": "replace", "path": path, "value": "UExBTlRFRA=="}],
              responseObject=deployment),
    ]  # fmt: skip
    put(source, "audit.log", json_lines(*DAY, *held))
    collection = source.collect()
    source.commit(collection)
    stored = b"".join(source.stored(collection, "events"))
    assert b"UExBTlRFRA==" not in stored
    assert b"app:1" in stored
    assert [(item["rule"], item["count"]) for item in collection.reductions] == [
        ("container_settings", 5)
    ]  # fmt: skip
    assert stated(collection) == [("file_manifest", None, "2026-01-05", "2026-01-06")]
