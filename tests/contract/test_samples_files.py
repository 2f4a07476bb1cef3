"""Real SARIF and Trivy reports: every record of every file indexed or quarantined with a reason.

Expected counts come from the samples' own list (`PROVENANCE.csv`), and where that list counts
otherwise than the kinds do, the difference is told file by file.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource
from staged import staged

#: file -> findings that our shapes make of it, where PROVENANCE.csv says otherwise, and why
EXPLAINED = {
    "trivy_json/trivy__legacy_many_vulns.json": (
        93, "the list counts the one target of this old report; its 93 vulnerabilities are records"
    ),
    "trivy_json/trivy__kubernetes.json": (
        20, "the list counts the document; its six workloads hold 20 vulnerabilities and "
        "misconfigurations, two levels down"
    ),
}  # fmt: skip


def _provenance(shared: Path, kind: str) -> dict[str, int]:
    with (shared / "samples/PROVENANCE.csv").open(newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["kind"] == kind]
    return {row["file"]: int(row["records"]) for row in rows}


def _collected(tmp_path: Path, shared: Path, kind: str, folder: str) -> tuple[FileSource, Any]:
    source = FileSource.make(tmp_path, kind)
    for path in sorted((shared / "samples" / folder).iterdir()):
        source.put(f"{folder}/{path.name}", path.read_bytes())
    return source, source.run()


@pytest.mark.parametrize(
    ("kind", "folder"), [("sarif", "sarif"), ("trivy", "trivy_json")], ids=["sarif", "trivy"]
)
def test_every_finding_of_every_sample_is_accounted_for(
    tmp_path: Path, shared: Path, kind: str, folder: str
) -> None:
    listed = _provenance(shared, folder)
    source, receipt = _collected(tmp_path, shared, kind, folder)
    files = {line["object_sha256"]: line["url"] for line in source.requests(receipt)}
    assert set(files.values()) - {""} == set(listed)
    assert receipt.failure is None
    assert source.quarantine(receipt) == []
    indexed = dict.fromkeys(listed, 0)
    scans = dict.fromkeys(listed, 0)
    for sha256, stream in source.bronze(receipt, "object_sha256, stream"):
        if stream in ("finding", "scan_run"):
            counts = indexed if stream == "finding" else scans
            counts[files[sha256]] += 1
    assert set(scans.values()) == {1}  # a report without findings is a scan none the less
    for name, (count, _) in EXPLAINED.items():
        if name in listed:
            document = json.loads((shared / "samples" / name).read_bytes())
            assert _entries(document) == count
    expected = {name: EXPLAINED.get(name, (count, ""))[0] for name, count in listed.items()}
    assert indexed == expected
    total = sum(expected.values())
    assert receipt.records["finding"] == total
    known = staged(source.settings, "2026-01-05")
    assert known["finding"] == (total, total, 0)
    assert known["scan_run"] == (len(listed), len(listed), 0)


def _entries(value: Any) -> int:
    """Objects with an id of a vulnerability or misconfiguration, anywhere in a document."""
    if isinstance(value, dict):
        is_entry = "VulnerabilityID" in value or "Resolution" in value
        return is_entry + sum(map(_entries, value.values()))
    return sum(map(_entries, value)) if isinstance(value, list) else 0


def test_bodies_stay_as_they_came_but_for_declared_secrets(tmp_path: Path, shared: Path) -> None:
    for kind, folder in (("sarif", "sarif"), ("trivy", "trivy_json")):
        source, receipt = _collected(tmp_path / kind, shared, kind, folder)
        stored = {body for shape in {o.shape for o in receipt.objects} - {"requests", "manifest"}
                  for body in source.stored(receipt, shape)}  # fmt: skip
        changed = [path.name for path in sorted((shared / "samples" / folder).iterdir())
                   if path.read_bytes() not in stored]  # fmt: skip
        reduced = len(receipt.reductions)
        assert len(changed) == reduced
        assert (
            changed
            == {
                "sarif": ["sarif__gitleaks_7.5.0.sarif"],
                "trivy": ["golden__secrets.json", "trivy__misconfigurations_and_secrets.json"],
            }[kind]
        )


def test_elements_and_remainder_make_the_whole_document_again(tmp_path: Path, shared: Path) -> None:
    source, receipt = _collected(tmp_path, shared, "sarif", "sarif")
    columns = "object_sha256, record_no, record_path, record, stream"
    rows = [row for row in source.bronze(receipt, columns) if row[4] in ("finding", "scan_run")]
    remains = {row[0]: json.loads(row[3]) for row in rows if row[1] == 0}
    for sha256, number, path, record, _ in rows:
        if number:
            _, _, run, _, position = path.split("/")
            results = remains[sha256]["runs"][int(run)]["results"]
            assert len(results) == int(position)
            results.append(json.loads(record))
    stored = [json.loads(body.decode("utf-8-sig")) for body in source.stored(receipt, "report")]
    assert sorted(map(_text, remains.values())) == sorted(map(_text, stored))


def _text(document: Any) -> str:
    return json.dumps(document, sort_keys=True)


def test_this_repository_s_own_history(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        pytest.skip("this is no checkout")
    source = FileSource.make(tmp_path, "git_log", repository="muniment/muniment")
    source.drop.rmdir()
    source.drop.symlink_to(root)
    receipt = source.run()
    assert receipt.failure is None
    assert receipt.quarantined == {}
    (proof,) = receipt.proofs
    assert receipt.records.get("commit", 0) - receipt.duplicates.get("commit", 0) == proof.expected
    known = staged(source.settings, "2026-01-05")
    for stream in ("commit", "ref_tip"):
        count = receipt.records[stream]
        assert known[stream] == (count, count, 0)
