"""Scan reports as the scanners write them: Trivy's JSON and SARIF."""

from __future__ import annotations

import json
from datetime import UTC
from hashlib import sha256
from typing import Any

from muniment.sandbox.repositories import MAIN
from muniment.sandbox.scans import CATEGORY, TOOL, Finding, ScanRun
from muniment.sandbox.times import iso_s

Json = dict[str, Any]
LEVEL = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
SCORE = {"critical": "9.3", "high": "8.1", "medium": "5.4", "low": "2.1"}
CODE_HOST = "https://github.com/harbourline"
REGISTRY = "registry.harbourline.example"
VERSIONS = {"semgrep": "1.142.0", "zap": "2.16.1", "trivy": "0.67.2"}


def file_name(run: ScanRun) -> str:
    """Where the report lies, below the drop."""
    ending = "json" if CATEGORY[run.scanner.scanner_type] == "trivy" else "sarif"
    folder = CATEGORY[run.scanner.scanner_type]
    return f"{folder}/{run.scanner.asset_id}/{run.day.isoformat()}.{ending}"


def report(run: ScanRun) -> bytes:
    """The report's bytes: always the same for the same run."""
    is_trivy = CATEGORY[run.scanner.scanner_type] == "trivy"
    document = _trivy(run) if is_trivy else _sarif(run)
    return (json.dumps(document, indent=2) + "\n").encode()


def _trivy(run: ScanRun) -> Json:
    is_image = run.scanner.scanner_type == "container"
    document: Json = {
        "SchemaVersion": 2,
        "Trivy": {"Version": VERSIONS["trivy"]},
        "ReportID": sha256(f"{run.scanner.key}{run.day}".encode()).hexdigest()[:32],
        "CreatedAt": run.completed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000000000Z"),
        "ArtifactName": _artifact(run),
        "ArtifactType": "container_image" if is_image else "repository",
        "Metadata": _image(run) if is_image else _checkout(run),
        "Results": _trivy_results(run),
    }
    return document


def _artifact(run: ScanRun) -> str:
    if run.scanner.scanner_type == "container":
        return f"{REGISTRY}/{run.scanner.repository}:{run.revision[:12]}"
    return f"{CODE_HOST}/{run.scanner.repository}"


def _image(run: ScanRun) -> Json:
    digest = sha256(run.revision.encode()).hexdigest()
    name = f"{REGISTRY}/{run.scanner.repository}"
    return {
        "OS": {"Family": "debian", "Name": "12.11"},
        "ImageID": f"sha256:{digest[::-1]}",
        "RepoTags": [f"{name}:{run.revision[:12]}"],
        "RepoDigests": [f"{name}@sha256:{digest}"],
    }


def _checkout(run: ScanRun) -> Json:
    return {"RepoURL": _artifact(run), "Branch": MAIN, "Commit": run.revision}


def _trivy_results(run: ScanRun) -> list[Json]:
    """One result a target; the key of what was not found is absent, as Trivy leaves it out."""
    is_image = run.scanner.scanner_type == "container"
    result: Json = {
        "Target": "app (debian 12.11)" if is_image else "Gemfile.lock",
        "Class": "os-pkgs" if is_image else "lang-pkgs",
        "Type": "debian" if is_image else "bundler",
    }
    if run.findings:
        result["Vulnerabilities"] = [_vulnerability(finding) for finding in run.findings]
    return [result]


def _vulnerability(finding: Finding) -> Json:
    package = f"package-{finding.rule_id[-5:]}"
    kind = "deb/debian" if finding.scanner_type == "container" else "gem"
    return {
        "VulnerabilityID": finding.rule_id,
        "PkgName": package,
        "PkgIdentifier": {"PURL": f"pkg:{kind}/{package}@1.2.3"},
        "InstalledVersion": "1.2.3",
        "FixedVersion": "1.2.4",
        "Status": "fixed",
        "SeveritySource": "nvd",
        "PrimaryURL": f"https://avd.aquasec.com/nvd/{finding.rule_id.lower()}",
        "Title": f"{package}: a weakness of the simulated company",
        "Severity": finding.severity.upper(),
    }


def _sarif(run: ScanRun) -> Json:
    tool = TOOL[run.scanner.scanner_type]
    document: Json = {
        "tool": {
            "driver": {
                "name": tool,
                "version": VERSIONS[tool],
                "rules": [_rule(finding) for finding in run.findings],
            }
        },
        "invocations": [_invocation(run)],
        "results": [_result(finding, place) for place, finding in enumerate(run.findings)],
    }
    if run.scanner.scanner_type == "sast":
        document["versionControlProvenance"] = [
            {
                "repositoryUri": f"{CODE_HOST}/{run.scanner.repository}",
                "revisionId": run.revision,
                "branch": MAIN,
            }
        ]
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return {"$schema": schema, "version": "2.1.0", "runs": [document]}


def _invocation(run: ScanRun) -> Json:
    invocation: Json = {
        "executionSuccessful": run.is_successful,
        "startTimeUtc": iso_s(run.started_at),
        "endTimeUtc": iso_s(run.completed_at),
    }
    if not run.is_successful:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": "The scan was cut off: out of memory."}}
        ]
    return invocation


def _rule(finding: Finding) -> Json:
    return {
        "id": finding.rule_id,
        "shortDescription": {"text": "A weakness of the simulated company"},
        "defaultConfiguration": {"level": LEVEL[finding.severity]},
        "properties": {"security-severity": SCORE[finding.severity], "tags": ["security"]},
    }


def _result(finding: Finding, place: int) -> Json:
    fingerprint = sha256(f"{finding.asset_id}{finding.rule_id}".encode()).hexdigest()
    return {
        "ruleId": finding.rule_id,
        "ruleIndex": place,
        "level": LEVEL[finding.severity],
        "message": {"text": "A weakness of the simulated company"},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": finding.location}}}
        ],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }  # fmt: skip
