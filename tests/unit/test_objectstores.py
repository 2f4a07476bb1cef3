"""A folder on an object store that a connection opens: what is read, and that no secret leaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from muniment import bronze, committing, objectstores
from muniment.collecting import Window, collect
from muniment.collection import Collection
from muniment.connections import Connection, parse
from muniment.errors import UsageError
from muniment.settings import Settings, load
from muniment.vendors import aws
from s3_store import KEY_ID, SECRET, S3Store, s3_store

REPORT = {"SchemaVersion": 2, "ArtifactName": "shop", "CreatedAt": "2026-01-05T03:00:00Z"}
NOW = datetime(2026, 1, 6, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def store() -> Iterator[S3Store]:
    with s3_store() as found:
        found.put("reports/shop/scan.json", json.dumps(REPORT).encode())
        yield found


def _settings(root: Path, location: str) -> Settings:
    root.mkdir(parents=True, exist_ok=True)
    source = {"id": "scans", "kind": "trivy", "location": location, "connection": "store"}
    file = root / "muniment.yml"
    file.write_text(yaml.safe_dump({"organisation": "Test", "sandbox": True, "sources": [source]}))
    return load(file)


def _collected(root: Path, location: str, connection: Connection) -> Collection:
    settings = _settings(root, location)
    return collect(
        settings, settings.source("scans"), Window(date(2026, 1, 5), NOW.date(), "window"),
        clock=lambda: NOW, run_id="a run", role="tests", connections=lambda name: connection,
    )  # fmt: skip


def _bytes(root: Path) -> bytes:
    return b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())


def test_reads_a_folder_of_a_bucket(tmp_path: Path, store: S3Store) -> None:
    found = _collected(tmp_path, "s3://evidence/reports", store.connection)
    assert found.failure is None
    assert [item.shape for item in found.objects] == ["report", "manifest", "requests"]
    assert {proof.basis for proof in found.proofs} == {"file_manifest"}
    settings = load(tmp_path / "muniment.yml")
    bronze.index(settings, "scans", found.receipt_id)
    receipt = committing.commit(settings, "scans", found.receipt_id)
    assert receipt.records["scan_run"] == 1
    assert receipt.origin.host == store.url.removeprefix("http://")
    assert not receipt.origin.is_verified
    assert receipt.origin.credential_id == "the_connection"
    again = _collected(tmp_path, "s3://evidence/reports", store.connection)
    assert [item.shape for item in again.objects] == ["manifest", "requests"]
    for planted in (SECRET, KEY_ID):
        assert planted.encode() not in _bytes(tmp_path)


@pytest.mark.parametrize(
    ("location", "change", "says"),
    [
        ("s3://nowhere/reports", {}, "the folder s3://nowhere/reports is not there"),
        ("s3://evidence/none", {}, "the folder s3://evidence/none is not there"),
        ("s3://evidence/reports", {"base_url": "http://127.0.0.1:9"}, "Could not connect"),
        ("s3://evidence/reports", {"login": ""}, "belong together"),
    ],
)
def test_says_why_a_bucket_cannot_be_read(
    tmp_path: Path, store: S3Store, location: str, change: dict[str, str], says: str
) -> None:
    found = _collected(tmp_path, location, replace(store.connection, **change))
    assert found.failure is not None
    assert says in found.failure.reason
    assert not found.proofs
    for planted in (SECRET, KEY_ID):
        assert planted.encode() not in _bytes(tmp_path)


def test_refuses_a_connection_beside_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"connection: found 'store' beside the location 'drop/'"):
        _settings(tmp_path, "drop/")


@pytest.mark.parametrize(
    ("service", "region", "address", "signed_for"),
    [
        ("iam", "eu-west-1", "https://iam.amazonaws.com", "us-east-1"),
        ("iam", "us-gov-west-1", "https://iam.us-gov.amazonaws.com", "us-gov-west-1"),
        ("cloudtrail", "eu-west-1", "https://cloudtrail.eu-west-1.amazonaws.com", "eu-west-1"),
        ("cloudtrail", "cn-north-1", "https://cloudtrail.cn-north-1.amazonaws.com.cn",
         "cn-north-1"),
    ],
)  # fmt: skip
def test_a_connection_without_host_is_amazons(
    service: str, region: str, address: str, signed_for: str
) -> None:
    connection = parse("aws", "aws://AKIAPLANTED:se%2Fcret@/?region_name=eu-west-1")
    assert (connection.login, connection.secret) == ("AKIAPLANTED", "se/cret")
    assert objectstores.options(connection)["endpoint_url"] is None
    found = aws.service(service, region, connection)
    assert (found.base_url, found.signing_region) == (address, signed_for)
    assert objectstores.origin(connection).is_verified


def test_a_temporary_credential_keeps_its_third_part() -> None:
    extra = {"aws_session_token": "planted-token", "endpoint_url": "https://store.example:9000/"}
    text = json.dumps({"conn_type": "aws", "login": "A", "password": "B", "extra": extra})
    connection = parse("aws", text)
    found = objectstores.options(connection)
    assert (found["token"], found["endpoint_url"]) == (
        "planted-token",
        "https://store.example:9000",
    )
    assert "planted-token" in connection.secrets
    assert "planted-token" not in repr(connection)
