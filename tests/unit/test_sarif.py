"""SARIF: runs and results, several tools, and what secret scanners print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource

SECRET = "ghp_PLANTEDSECRET0000"


def run(tool: str, *results: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"tool": {"driver": {"name": tool}}, "results": list(results)} | more


def sarif(*runs: dict[str, Any], version: str = "2.1.0") -> dict[str, Any]:
    return {"version": version, "runs": list(runs)}


def leak(rule: str) -> dict[str, Any]:
    region = {"startLine": 3, "snippet": {"text": f"token = {SECRET}"}}
    return {
        "ruleId": rule, "message": {"text": "a secret was found"},
        "locations": [{"physicalLocation": {"region": region, "contextRegion": region}}],
        "properties": {"offender": SECRET, "commit": "abc"},
    }  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> FileSource:
    return FileSource.make(tmp_path, "sarif")


def test_runs_and_results(source: FileSource) -> None:
    document = sarif(
        run("semgrep", {"ruleId": "a"}, {"ruleId": "b"},
            invocations=[{"executionSuccessful": True}]),
        run("bandit"), {"tool": {"driver": {"name": "no results"}}}, run("x") | {"results": None},
        run("codeql", {"ruleId": "c"}),
    )  # fmt: skip
    body = b"\xef\xbb\xbf" + json.dumps(document).encode()
    source.put("app/scan.sarif", body)
    receipt = source.run()
    rows = source.bronze(receipt, "stream, record_no, record_path, record")
    assert [row[:3] for row in rows if row[0] in ("scan_run", "finding")] == [
        ("scan_run", 0, ""), ("finding", 1, "/runs/0/results/0"),
        ("finding", 2, "/runs/0/results/1"), ("finding", 3, "/runs/4/results/0"),
    ]  # fmt: skip
    (remains,) = [json.loads(row[3]) for row in rows if row[0] == "scan_run"]
    assert [entry.get("results", "absent") for entry in remains["runs"]] == [
        [], [], "absent", None, [],
    ]  # fmt: skip
    assert remains["runs"][0]["invocations"] == [{"executionSuccessful": True}]
    assert source.stored(receipt, "report") == [body]
    assert receipt.reductions == []


def test_no_runs_and_null_runs_are_a_report_without_findings(source: FileSource) -> None:
    source.put("app/none.sarif", sarif())
    source.put("app/null.sarif", {"version": "2.1.0", "runs": None})
    receipt = source.run()
    assert receipt.records["scan_run"] == 2
    assert receipt.quarantined == {}


def test_secret_scanners_are_masked_and_others_are_not(source: FileSource) -> None:
    other = leak("style") | {"properties": {}}
    other["locations"] = [{"physicalLocation": {"region": {"snippet": {"text": "x = 1"}}}}]
    source.put("app/leaks.sarif", sarif(run("Gitleaks", leak("github-pat")), run("semgrep", other)))
    receipt = source.run()
    (body,) = source.stored(receipt, "report")
    assert SECRET.encode() not in body
    runs = json.loads(body)["runs"]
    assert runs[0]["results"][0]["properties"] == {"offender": "***masked***", "commit": "abc"}
    assert runs[1]["results"] == [other]
    (reduction,) = receipt.reductions
    assert (reduction["rule"], reduction["count"]) == ("secret_values", 3)


def test_a_source_of_secret_scans_is_masked_whatever_its_tool(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "sarif", scanner_types=["secret"])
    source.put("app/leaks.sarif", sarif(run("house-made", leak("x"))))
    assert SECRET.encode() not in source.stored(source.run(), "report")[0]


def test_a_truncated_report_is_masked_only_where_secrets_are_looked_for(
    source: FileSource,
) -> None:
    for tool in ("gitleaks", "semgrep"):
        body = json.dumps(sarif(run(tool, leak("x")))).encode()
        source.put(f"app/{tool}.sarif", body[:-3])
    first, second = source.stored(source.run(), "report")
    assert SECRET.encode() not in first
    assert SECRET.encode() in second  # its source lines are evidence


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the object is empty"),
        (b"<sarif/>", "unexpected character"),
        (json.dumps(sarif(version="1.0.0")).encode(), "at '/version'"),
        (b'{"version":"2.1.0"}', "at '/runs'"),
        (b'{"version":"2.1.0","runs":{}}', "at '/runs' expected ARRAY, found OBJECT"),
        (b'{"version":"2.1.0","runs":[{"results":{}}]}', "at '/runs/0/results' expected ARRAY"),
        (json.dumps(sarif(run("t", {"ruleId": "a"}))).encode()[:-3], "unexpected end of data"),
        (json.dumps(sarif()).encode("utf-16"), "not one JSON document"),
    ],
    ids=["empty", "xml", "version", "no-runs", "object", "results", "cut", "utf-16"],
)
def test_what_is_no_sarif_is_quarantined_and_the_others_are_read(
    source: FileSource, body: bytes, reason: str
) -> None:
    source.put("app/bad.sarif", body)
    source.put("app/good.sarif", sarif(run("t", {"ruleId": "a"})))
    receipt = source.run()
    assert receipt.quarantined == {"finding": 1, "scan_run": 1}
    assert receipt.records["finding"] == 1
    assert reason in source.quarantine(receipt)[0][0]


def test_a_report_too_large_to_be_read_is_not_kept(source: FileSource) -> None:
    source.put(
        "app/large.sarif", b'{"version":"2.1.0","runs":[], "x":"' + b"x" * (64 << 20) + b'"}'
    )
    receipt = source.run()
    assert receipt.failure is not None
    assert "more than 64 MiB: split the report" in receipt.failure.reason
    assert source.stored(receipt, "report") == []


def test_reports_that_belong_to_no_asset_are_said(tmp_path: Path, source: FileSource) -> None:
    repository = {"versionControlProvenance": [{"repositoryUri": "https://github.com/org/app"}]}
    source.put("named.sarif", sarif(run("bandit", **repository)))
    source.put("image.sarif", sarif(run("trivy", properties={"imageName": "app:1"})))
    source.put("app/plain.sarif", sarif(run("bandit")))
    source.put("plain.sarif", sarif(run("bandit", **repository), run("semgrep")))
    (said,) = source.run().warnings
    assert said.startswith("1 reports belong to no asset")
    stated = FileSource.make(tmp_path / "stated", "sarif", asset="app")
    stated.put("plain.sarif", sarif(run("bandit")))
    assert stated.run().warnings == []
