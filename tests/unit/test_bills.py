"""cyclonedx and spdx: documents of their versions are cut, everything else is told in words."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource

CYCLONEDX = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a"}]}
SPDX = {
    "spdxVersion": "SPDX-2.3", "documentNamespace": "http://x/1",
    "creationInfo": {"created": "2026-01-05T12:00:00Z"}, "packages": [{"SPDXID": "SPDXRef-1"}],
}  # fmt: skip
XML = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><bom>&a;</bom>'


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
def test_each_version_of_cyclonedx_is_cut(tmp_path: Path, version: str) -> None:
    source = FileSource.make(tmp_path, "cyclonedx")
    source.put("img/a.json", {**CYCLONEDX, "specVersion": version})
    receipt = source.run()
    assert receipt.failure is None
    assert (receipt.records["component"], receipt.records["bom"]) == (1, 1)
    (line,) = [line for line in source.requests(receipt) if line["shape"] == "bom"]
    assert line["context"]["asset_id"] == "img"


@pytest.mark.parametrize("version", ["SPDX-2.2", "SPDX-2.3"])
@pytest.mark.parametrize("is_export", [False, True], ids=["document", "export"])
def test_each_version_and_form_of_spdx_is_cut(
    tmp_path: Path, version: str, is_export: bool
) -> None:
    document: dict[str, Any] = {**SPDX, "spdxVersion": version}
    source = FileSource.make(tmp_path, "spdx")
    body = json.dumps({"sbom": document} if is_export else document).encode()
    source.put("a.spdx.json", body)
    source.put("b.json.gz", gzip.compress(body, mtime=0))
    receipt = source.run()
    assert receipt.failure is None
    assert receipt.quarantined == {}
    assert (receipt.records["package"], receipt.records["document"]) == (2, 2)


@pytest.mark.parametrize(
    ("kind", "document", "said"),
    [
        ("cyclonedx", {**CYCLONEDX, "specVersion": "1.2"}, "1.2"),
        ("cyclonedx", {**CYCLONEDX, "specVersion": "2.0"}, "2.0"),
        ("cyclonedx", {"SchemaVersion": 2, "Results": []}, "bomFormat"),
        ("cyclonedx", {**CYCLONEDX, "components": {}}, "components"),
        ("spdx", {**SPDX, "spdxVersion": "SPDX-3.0"}, "SPDX-3.0"),
        ("spdx", {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}, "spdxVersion"),
        ("spdx", {**SPDX, "documentNamespace": None}, "documentNamespace"),
        ("spdx", {**SPDX, "packages": "none"}, "packages"),
    ],
)
def test_another_format_or_version_is_quarantined_with_the_reason(
    tmp_path: Path, kind: str, document: dict[str, Any], said: str
) -> None:
    source = FileSource.make(tmp_path, kind)
    source.put("a.json", document)
    receipt = source.run()
    assert receipt.failure is None
    ((reason,),) = source.quarantine(receipt)
    assert said in reason


@pytest.mark.parametrize(
    ("kind", "name", "body"),
    [
        ("cyclonedx", "a.xml", XML),
        ("cyclonedx", "a.json", b"\xef\xbb\xbf" + XML),
        ("spdx", "a.spdx", b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n"),
        ("spdx", "a.rdf", b"<rdf:RDF/>"),
        ("spdx", "a.yaml", b"spdxVersion: SPDX-2.3\n"),
    ],
)
def test_forms_that_are_not_read_are_named_and_the_rest_is_kept(
    tmp_path: Path, kind: str, name: str, body: bytes
) -> None:
    source = FileSource.make(tmp_path, kind)
    source.put(name, body)
    source.put("good.json", CYCLONEDX if kind == "cyclonedx" else SPDX)
    receipt = source.run()
    assert receipt.failure is not None
    assert name in receipt.failure.reason
    assert "export it so" in receipt.failure.reason
    assert receipt.records


@pytest.mark.parametrize("kind", ["cyclonedx", "spdx"])
@pytest.mark.parametrize(
    "body",
    [b"", b'{"bomFormat": "Cycl', gzip.compress(b"{}")[:-4], b'{"a": ' + b"[" * 20_000],
    ids=["empty", "truncated", "damaged gzip", "deep"],
)
def test_a_broken_file_is_told_and_ends_nothing(tmp_path: Path, kind: str, body: bytes) -> None:
    source = FileSource.make(tmp_path, kind)
    source.put("a.json.gz" if body[:1] == b"\x1f" else "a.json", body)
    receipt = source.run()
    assert receipt.failure is None
    assert source.quarantine(receipt)
