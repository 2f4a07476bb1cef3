"""azure_diagnostic_logs: hourly files as one log, and which days lines around them prove."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource
from muniment.errors import UsageError

ACTIVITY, SIGN_IN = "change_events.infra_change", "access_events.sign_in"
FOLDER = "insights-activity-logs/resourceId=/SUBSCRIPTIONS/0B5E/"
NOW = "2026-01-09T02:00:00Z"


def entry(time: str, number: int = 1) -> dict[str, Any]:
    return {
        "time": time, "category": "Administrative", "correlationId": f"c{number}",
        "operationName": "MICROSOFT.COMPUTE/DISKS/WRITE", "resultType": "Success",
    }  # fmt: skip


def put(source: FileSource, *entries: dict[str, Any]) -> None:
    """Each entry into the file of its hour, after what is there."""
    for item in entries:
        year, month, day, hour = item["time"][:4], item["time"][5:7], item["time"][8:10], "09"
        path = f"{FOLDER}y={year}/m={month}/d={day}/h={hour}/m=00/PT1H.json"
        file = source.drop / path
        before = file.read_bytes() if file.is_file() else b""
        source.put(path, before + json.dumps(item).encode() + b"\r\n")


def bases(receipt: Any, stream: str) -> dict[str, str]:
    """Day -> basis, days as the proofs cut them."""
    return {p.first_day: p.basis for p in receipt.proofs if p.stream == stream}


def test_the_hours_of_a_day_are_one_log(tmp_path: Path) -> None:
    """A day is proven by lines before and after it, whatever files they stand in."""
    source = FileSource.make(tmp_path, "azure_diagnostic_logs")
    put(source, *(entry(f"2026-01-0{day}T09:30:00.0000000Z") for day in (5, 6, 7)))
    receipt = source.run(NOW, "2026-01-05")
    assert receipt.failure is None
    assert receipt.records["entry"] == 3
    assert bases(receipt, ACTIVITY) == {
        "2026-01-05": "not_provable", "2026-01-06": "file_manifest", "2026-01-07": "not_provable"
    }  # fmt: skip
    assert receipt.event_hours["entry"] == {f"2026-01-0{day}T09": 1 for day in (5, 6, 7)}


def test_a_day_without_lines_is_not_taken_for_a_quiet_one(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "azure_diagnostic_logs")
    put(source, *(entry(f"2026-01-0{day}T09:30:00Z") for day in (4, 5, 7, 8)))
    receipt = source.run(NOW, "2026-01-05")
    assert set(bases(receipt, ACTIVITY).values()) == {"not_provable"}
    reasons = " ".join(str(proof.reason) for proof in receipt.proofs)
    assert "is silent from 2026-01-05 09:30:00Z to 2026-01-07 09:30:00Z" in reasons


def test_a_file_that_azure_goes_on_writing_is_read_on(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "azure_diagnostic_logs")
    put(source, entry("2026-01-05T09:10:00Z"))
    assert source.run("2026-01-06T02:00:00Z").records["entry"] == 1
    put(source, entry("2026-01-05T09:50:00Z", 2))
    assert source.run("2026-01-07T02:00:00Z").records["entry"] == 1


def test_a_line_that_is_no_json_is_quarantined(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "azure_diagnostic_logs")
    source.put(f"{FOLDER}PT1H.json", b'{"time": "2026-01-05T09:00:00Z"}\n{"time": \n')
    receipt = source.run(NOW, "2026-01-05")
    assert (receipt.records["entry"], receipt.quarantined) == (1, {"entry": 1})


def test_what_the_folder_holds_is_what_it_feeds(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "azure_diagnostic_logs", holds=["sign_ins"])
    put(source, entry("2026-01-05T09:10:00Z"))
    assert {proof.stream for proof in source.run(NOW).proofs} == {SIGN_IN}
    with pytest.raises(UsageError, match="holds"):
        FileSource.make(tmp_path / "other", "azure_diagnostic_logs", holds=["flow_logs"])
