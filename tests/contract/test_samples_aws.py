"""AWS's own files: every record through connector, index and staging, as the list counts them."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

from collector import collector
from file_source import FileSource
from http_source import serving
from iam_report import Iam
from muniment.vendors.cloudtrail_digest import parse, unsigned_because
from staged import staged

DAY = "2023-07-10"
NOW = "2023-07-11T06:00:00Z"


def _listed(shared: Path, kind: str) -> dict[str, int]:
    with (shared / "samples/PROVENANCE.csv").open(newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["kind"] == kind]
    return {row["file"]: int(row["records"]) for row in rows}


def test_every_record_of_a_real_trail_is_accounted_for(tmp_path: Path, shared: Path) -> None:
    listed = _listed(shared, "aws_cloudtrail_s3")
    source = FileSource.make(tmp_path, "aws_cloudtrail")
    for name in listed:
        body = (shared / "samples" / name).read_bytes()
        source.put(name.removeprefix("aws_cloudtrail_s3/"), body)
    receipt = source.run(NOW, DAY)
    assert receipt.failure is None
    assert receipt.quarantined == {}
    files = {line["object_sha256"]: line["url"] for line in source.requests(receipt)}
    found = dict.fromkeys(listed, 0)
    for sha256, stream in source.bronze(receipt, "object_sha256, stream"):
        if stream == "event":
            found[f"aws_cloudtrail_s3/{files[sha256]}"] += 1
    assert found == listed
    assert {proof.basis for proof in receipt.proofs} == {"not_provable"}
    assert "no digest" in (receipt.proofs[0].reason or "")
    total = sum(listed.values())
    # two files of the dataset may tell one event: staging marks it and loses nothing
    assert staged(source.settings, DAY)["event"] == (total, total, 0)


def test_every_loose_event_is_accounted_for(tmp_path: Path, shared: Path) -> None:
    """The events of detection rules come without a log file; the test puts them into one."""
    listed = _listed(shared, "aws_cloudtrail_events")
    source = FileSource.make(tmp_path, "aws_cloudtrail")
    for number, name in enumerate(listed):
        lines = (shared / "samples" / name).read_text(encoding="utf-8").splitlines()
        document = {"Records": [json.loads(line) for line in lines if line.strip()]}
        source.put(
            "AWSLogs/111122223333/CloudTrail/us-east-1/2023/07/10/"
            f"111122223333_CloudTrail_us-east-1_20230710T1200Z_{number:016d}.json.gz",
            gzip.compress(json.dumps(document).encode(), mtime=0),
        )
    receipt = source.run(NOW, DAY)
    assert receipt.failure is None
    total = sum(listed.values())
    assert receipt.records["event"] == total
    assert receipt.quarantined == {}
    assert staged(source.settings, DAY)["event"] == (total, total, 0)


def test_every_item_of_a_configuration_snapshot_is_accounted_for(tmp_path: Path) -> None:
    """No real snapshot is published: this one is of the form that AWS documents."""
    items = [
        {"resourceType": "AWS::EC2::Volume", "resourceId": "vol-1", "arn": "arn:vol-1",
         "accountId": "111122223333", "configurationItemStatus": status, "tags": {}}
        for status in ("OK", "ResourceDeleted", "OK")
    ]  # fmt: skip
    document = {"fileVersion": "1.0", "configSnapshotId": "x", "configurationItems": items}
    source = FileSource.make(tmp_path, "aws_config_inventory")
    source.put(
        "AWSLogs/111122223333/Config/us-east-1/2023/7/10/ConfigSnapshot/"
        "111122223333_Config_us-east-1_ConfigSnapshot_20230710T182011Z_1.json.gz",
        gzip.compress(json.dumps(document).encode(), mtime=0),
    )
    receipt = source.run(NOW, DAY)
    assert receipt.failure is None
    assert (receipt.records["item"], receipt.quarantined) == (3, {})
    assert staged(source.settings, DAY)["item"] == (3, 3, 0)


def test_a_documented_digest_is_read_and_its_edited_signature_refused(shared: Path) -> None:
    body = (shared / "samples/aws_cloudtrail_digest/doc_digest_with_log.json").read_bytes()
    digest = parse("its/key.json.gz", gzip.compress(body), "00")
    assert f"{digest.start:%H:%M:%S} {digest.end:%H:%M:%S}" == "14:01:31 15:01:31"
    assert [file.sha256[:8] for file in digest.files] == ["9bb6196f"]
    text = digest.signed_text.decode().split("\n")
    assert text[0] == "2015-08-17T15:01:31Z"
    assert text[1].startswith("S3-bucket-name/AWSLogs/111122223333/CloudTrail-Digest/us-east-2/")
    assert text[3].startswith("50887ccf")
    assert "lists no public key '31e8b5433410dfb61a9dc45cc65b22ff'" in (
        unsigned_because(digest, {}) or ""
    )


def test_every_row_of_a_credential_report_is_accounted_for(tmp_path: Path, shared: Path) -> None:
    listed = _listed(shared, "aws_iam_credential_report")
    for name, count in listed.items():
        text = (shared / "samples" / name).read_text(encoding="utf-8")
        iam = Iam(items=list(csv.DictReader(text.splitlines())))
        with serving(iam.reply) as source:
            found = collector(tmp_path, source, "aws_iam_credential_report", {}, login="AKIAX")
            collection = found.collect(
                "2026-01-16", "2026-01-17", "2026-01-16T02:00:00Z", "snapshot"
            )
            assert collection.failure is None
            receipt = found.commit(collection)
        assert receipt.records["account"] == count
        assert receipt.quarantined == {}
        assert {proof.expected for proof in receipt.proofs} == {count}
        assert staged(found.settings, "2026-01-16")["account"] == (count, count, 0)
