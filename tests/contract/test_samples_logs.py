"""Real log files: every record of every file indexed and staged, none lost and none told twice.

Expected counts come from the samples' own list (`PROVENANCE.csv`).
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource
from log_source import put
from staged import staged

#: kind, folders of samples, its stream, its options
KINDS: list[tuple[str, tuple[str, ...], str, dict[str, Any]]] = [
    ("kubernetes_audit", ("kubernetes_audit",), "event", {}),
    ("sshd_log", ("sshd_authlog",), "message", {"timezone": "UTC"}),
    ("pgaudit", ("pgaudit", "postgres_log"), "record", {}),
]


def _provenance(shared: Path, folders: tuple[str, ...]) -> dict[str, int]:
    with (shared / "samples/PROVENANCE.csv").open(newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["kind"] in folders]
    return {row["file"]: int(row["records"]) for row in rows}


@pytest.mark.parametrize(("kind", "folders", "stream", "options"), KINDS, ids=lambda v: str(v))
def test_every_line_of_every_sample_is_accounted_for(
    tmp_path: Path, shared: Path, kind: str, folders: tuple[str, ...], stream: str,
    options: dict[str, Any],
) -> None:  # fmt: skip
    listed = _provenance(shared, folders)
    assert listed
    source = FileSource.make(tmp_path, kind, **options)
    for name in listed:
        put(source, name, (shared / "samples" / name).read_bytes(), at="2026-01-05T20:00:00Z")
    receipt = source.run()
    assert receipt.failure is None
    assert source.quarantine(receipt) == []
    files = {line["object_sha256"]: line["url"] for line in source.requests(receipt)}
    rows = source.bronze(receipt, "object_sha256, stream")
    assert Counter(files[sha256] for sha256, name in rows if name == stream) == listed
    total = sum(listed.values())
    assert staged(source.settings, "2026-01-05")[stream] == (total, total, 0)


def test_linux_audit_records_are_no_sign_ins_but_are_kept_as_lines(
    tmp_path: Path, shared: Path
) -> None:
    """auditd's own format is no kind here: its lines among sshd's lose nothing."""
    listed = _provenance(shared, ("linux_auditd",))
    source = FileSource.make(tmp_path, "sshd_log", timezone="UTC")
    for name in listed:
        put(source, name, (shared / "samples" / name).read_bytes(), at="2026-01-05T20:00:00Z")
    receipt = source.run()
    assert receipt.records["message"] == sum(listed.values())
    assert receipt.quarantined == {}
