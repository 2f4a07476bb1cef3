"""Trivy: each form of report is cut into its findings, and no secret reaches the locker."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource

SECRET = "AKIAPLANTEDSECRET123"


def report(**more: Any) -> dict[str, Any]:
    return {"SchemaVersion": 2, "ArtifactName": "img", "CreatedAt": "2026-01-05T03:00:00Z"} | more


def secret(line: int) -> dict[str, Any]:
    return {
        "RuleID": "aws-access-key-id", "Severity": "CRITICAL", "StartLine": line,
        "Code": {"Lines": [{"Number": line, "Content": f"key={SECRET}", "IsCause": True,
                            "Highlighted": f"\x1b[1m{SECRET}"}]},
        "Match": f"key={SECRET}", "Offset": 36,
    }  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> FileSource:
    return FileSource.make(tmp_path, "trivy")


def rows(source: FileSource, receipt: Any) -> list[tuple[str, str]]:
    return source.bronze(receipt, "stream, record_path") and [
        row for row in source.bronze(receipt, "stream, record_path")
        if row[0] in ("finding", "scan_run")
    ]  # fmt: skip


def test_a_clean_report_is_a_scan_without_findings(source: FileSource) -> None:
    body = json.dumps(report(Results=[{"Target": "img", "Class": "os-pkgs"}])).encode()
    source.put("img/clean.json", body)
    receipt = source.run()
    assert rows(source, receipt) == [("scan_run", "")]
    assert source.stored(receipt, "report") == [body]  # untouched, byte for byte
    assert receipt.reductions == []
    streams = [proof.stream for proof in receipt.proofs]
    assert streams == ["findings.finding", "findings.scan_run"]


def test_a_report_counts_for_the_day_that_it_states(source: FileSource) -> None:
    stated = {"CreatedAt": "2026-01-03T03:51:13.123456789Z"}
    source.put("img/late.json", report(Results=[{"Vulnerabilities": [{"n": 1}]}], **stated))
    receipt = source.run()
    assert receipt.event_hours == {
        "finding": {"2026-01-03T03": 1}, "scan_run": {"2026-01-03T03": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    "twice",
    [
        '"Results":[{"Target":"t"}],"Results":[{"Vulnerabilities":[{"n":1}]}]',
        '"Results":[{"Target":"t"}],"R\\u0065sults":[{"Vulnerabilities":[{"n":1}]}]',
        '"Results":[{"Vulnerabilities":[],"Vulnerabilities":[{"n":1}]}]',
        '"SchemaVersion":3,"Results":[]',
    ],
)
def test_a_name_that_is_there_twice_hides_nothing(source: FileSource, twice: str) -> None:
    source.put("img/twice.json", f'{{"SchemaVersion":2,"ArtifactName":"a",{twice}}}'.encode())
    receipt = source.run()
    assert receipt.quarantined == {"finding": 1, "scan_run": 1}
    assert "each name once" in source.quarantine(receipt)[0][0]


def test_findings_of_every_list(source: FileSource) -> None:
    lists = ("Vulnerabilities", "Misconfigurations", "Licenses")
    results = [{"Target": "t", **{name: [{"n": 1}, {"n": 2}] for name in lists}}]
    source.put("img/full.json", report(Results=results))
    assert rows(source, source.run())[1:] == [
        ("finding", f"/Results/0/{name}/{at}") for name in lists for at in (0, 1)
    ]


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        ({"ClusterName": "c", "Resources": [{"Results": [{"Vulnerabilities": [{}]}]}]},
         ["/Resources/0/Results/0/Vulnerabilities/0"]),
        ({"ClusterName": "c", "Vulnerabilities": [{"Results": [{"Vulnerabilities": [{}]}]}],
          "Misconfigurations": [{"Results": [{"Misconfigurations": [{}]}]}]},
         ["/Vulnerabilities/0/Results/0/Vulnerabilities/0",
          "/Misconfigurations/0/Results/0/Misconfigurations/0"]),
        (report(Resources=[{"Results": [{"Secrets": [{"RuleID": "x"}]}]}]),
         ["/Resources/0/Results/0/Secrets/0"]),
        ([{"Target": "t", "Vulnerabilities": [{}, {}]}],
         ["/0/Vulnerabilities/0", "/0/Vulnerabilities/1"]),
        (None, []),
    ],
    ids=["cluster", "old-cluster", "resources", "legacy", "null"],
)  # fmt: skip
def test_the_shape_is_chosen_by_the_top(
    source: FileSource, document: Any, paths: list[str]
) -> None:
    source.put("a/r.json", json.dumps(document).encode())
    receipt = source.run()
    assert receipt.quarantined == {}
    assert rows(source, receipt) == [("scan_run", ""), *(("finding", path) for path in paths)]


@pytest.mark.parametrize("pack", [lambda body: body, gzip.compress], ids=["plain", "gzip"])
def test_secrets_are_masked_before_the_locker_and_declared(source: FileSource, pack: Any) -> None:
    document = report(
        Results=[{"Target": "t", "Secrets": [secret(3), secret(9)], "Vulnerabilities": [
            {"VulnerabilityID": "CVE-1", "CVSS": 7.5, "Title": "Match: nothing"}]}]
    )  # fmt: skip
    suffix = "json.gz" if pack is gzip.compress else "json"
    source.put(f"img/secrets.{suffix}", pack(json.dumps(document).encode()))
    receipt = source.run()
    home = Path(source.settings.home.url)
    for path in home.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()
    (body,) = source.stored(receipt, "report")
    for item in document["Results"][0]["Secrets"]:
        item["Match"] = item["Code"]["Lines"][0]["Content"] = "***masked***"
        item["Code"]["Lines"][0]["Highlighted"] = "***masked***"
    assert json.loads(body) == document  # and nothing else changed
    assert receipt.reductions == [
        {"rule": "secret_values", "version": 1, "paths": ["Code", "Match"], "count": 6}
    ]
    assert receipt.records["finding"] == 3
    assert source.stored(source.run("2026-01-07T02:00:00Z"), "report") == []


def test_secrets_in_a_truncated_report_are_masked_too(source: FileSource) -> None:
    body = json.dumps(report(Results=[{"Secrets": [secret(3)]}])).encode()
    source.put("img/cut.json", body[:-12])
    source.put("img/cut-in-secret.json", body[: body.index(b"Highlighted") - 20])
    receipt = source.run()
    assert all(SECRET.encode() not in body for body in source.stored(receipt, "legacy"))
    assert receipt.quarantined == {"finding": 2, "scan_run": 2}
    assert [item["count"] for item in receipt.reductions] == [1, 3]


def test_a_gzip_in_which_nobody_can_look_is_not_kept(source: FileSource) -> None:
    body = gzip.compress(json.dumps(report(Results=[{"Secrets": [secret(3)]}])).encode())
    source.put("img/cut.json.gz", body[:-9])
    source.put("img/good.json", report())
    receipt = source.run()
    assert receipt.failure is not None
    assert "cut.json.gz': gzip is damaged" in receipt.failure.reason
    assert len(source.stored(receipt, "report")) == 1
    assert receipt.proofs == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the object is empty"),
        (b"<html>Service unavailable</html>", "unexpected character"),
        (json.dumps({"SchemaVersion": 3, "Results": []}).encode(), "expected 2, found 3"),
        (b'{"bomFormat":"CycloneDX","components":[]}', "at '/ClusterName'"),
        (b'{"SchemaVersion":2,"Results":{"Target":"t"}}', "at '/Results' expected ARRAY"),
        (b'{"SchemaVersion":2,"Results":[{"Target":"caf\xe9"}]}', "invalid UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "not of this shape"),
    ],
    ids=["empty", "html", "version", "format", "object", "encoding", "deep"],
)
def test_what_is_no_report_is_quarantined_and_the_others_are_read(
    source: FileSource, body: bytes, reason: str
) -> None:
    source.put("img/bad.json", body)
    source.put("img/good.json", report(Results=[{"Vulnerabilities": [{}]}]))
    receipt = source.run()
    assert receipt.quarantined == {"finding": 1, "scan_run": 1}
    assert receipt.records["finding"] == 1
    assert reason in source.quarantine(receipt)[0][0]


def test_a_zip_is_kept_and_said_not_to_be_read(source: FileSource) -> None:
    source.put("img/reports.zip", b"PK\x03\x04 and so on")
    receipt = source.run()
    assert "unpack it" in source.quarantine(receipt)[0][0]


def test_reports_that_belong_to_no_asset_are_said(source: FileSource) -> None:
    source.put("named.json", report())
    source.put("img-web/old.json", [])
    source.put("old.json", [])
    source.put("nameless.json", report(ArtifactName=""))
    (said,) = source.run().warnings
    assert said.startswith("2 reports belong to no asset: they name none, lie in no sub-folder")
