"""Real records of the estate: every one through connector, index and staging."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from collector import collector
from file_source import FileSource
from http_source import Answer, serving
from staged import staged

DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")


def provenance(shared: Path, kind: str) -> dict[str, int]:
    """File name -> records, as the samples' own list says."""
    with (shared / "samples/PROVENANCE.csv").open(newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["kind"] == kind]
    return {Path(row["file"]).name: int(row["records"]) for row in rows}


def test_every_release_of_every_product_is_staged(tmp_path: Path, shared: Path) -> None:
    """The samples are the repository's records; two products may share a release word for word."""
    listed = provenance(shared, "endoflife")
    folder = shared / "samples/endoflife"
    with serving() as source:
        source.reply = lambda a: Answer((folder / f"{a.path.rpartition('/')[2]}.json").read_bytes())
        products = [Path(name).stem for name in listed]
        run = collector(tmp_path, source, "endoflife", {"products": products})
        result = run.collect(*DAY, mode="snapshot")
        assert result.failure is None
        receipt = run.commit(result)
    assert receipt.records["release"] == sum(listed.values())
    assert receipt.records["product"] == len(listed)
    bronze, staged_, rejected = staged(run.settings, "2026-01-06")["release"]
    assert (bronze, staged_, rejected) == (sum(listed.values()), sum(listed.values()), 0)


#: file -> (records that our shape makes of it, why they are not what PROVENANCE.csv counts)
EXPLAINED = {
    "cyclonedx__valid-vulnerability-1.4.json": (1, "as listed"),
    "cyclonedx__nested-component-log4j.json": (1, "one component, with another within it"),
}
#: what is no CycloneDX JSON of a version that is read, though it lies in the samples' folder
REFUSED = ("cyclonedx__jake.xml", "cyclonedx__spec1.xml")
OTHER_FORMAT = "trivy__license-cyclonedx.json"


@pytest.mark.parametrize(
    ("kind", "stream", "whole"),
    [("cyclonedx", "component", "bom"), ("spdx", "package", "document")],
)
def test_every_bill_is_staged_or_refused_in_words(
    tmp_path: Path, shared: Path, kind: str, stream: str, whole: str
) -> None:
    listed = provenance(shared, kind)
    source = FileSource.make(tmp_path, kind)
    read = [name for name in listed if name not in REFUSED]
    for name in read:
        source.put(name, (shared / "samples" / kind / name).read_bytes())
    receipt = source.run()
    assert receipt.failure is None
    files = {line["object_sha256"]: line["url"] for line in source.requests(receipt)}
    unread = source.quarantine(receipt, "object_sha256, reason")
    assert {files[sha256] for sha256, _ in unread} == {OTHER_FORMAT} & set(read)
    counts = dict.fromkeys(read, 0)
    for sha256, name in source.bronze(receipt, "object_sha256, stream"):
        if name in (stream, whole):
            counts[files[sha256]] += name == stream
    expected = {name: 0 if name == OTHER_FORMAT else listed[name] for name in read}
    for name, (count, _) in EXPLAINED.items():
        if name in expected:
            expected[name] = count
    assert counts == expected
    known = staged(source.settings, "2026-01-05")
    total = sum(expected.values())
    assert known[stream] == (total, total, 0)
    documents = len(read) - len({OTHER_FORMAT} & set(read))
    assert known[whole] == (documents, documents, 0)


def test_bills_in_xml_are_named_and_refused(tmp_path: Path, shared: Path) -> None:
    source = FileSource.make(tmp_path, "cyclonedx")
    for name in REFUSED:
        source.put(name, (shared / "samples/cyclonedx" / name).read_bytes())
    failure = source.collect().failure
    assert failure is not None
    assert all(name in failure.reason for name in REFUSED)


def test_every_result_is_staged(tmp_path: Path, shared: Path) -> None:
    """The samples state no `unixTime`: they are staged for the last day, and that is said."""
    ((name, count),) = provenance(shared, "osquery_results").items()
    source = FileSource.make(tmp_path, "osquery_results")
    source.put(name, (shared / "samples/osquery_results" / name).read_bytes())
    receipt = source.run()
    assert receipt.failure is None
    assert receipt.records["result"] == count
    assert any("state no time" in warning for warning in receipt.warnings)
    bronze, kept, rejected = staged(source.settings, "2026-01-05")["result"]
    assert (bronze, kept, rejected) == (count, count, 0)
