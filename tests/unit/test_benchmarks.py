"""The benchmark runner's document: what it makes of measures that were kept. Nothing is timed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RUNNER = Path(__file__).resolve().parents[2] / "benchmarks" / "run.py"
PROSE = "# Speed\n\nbefore\n\n<!-- measured: begin -->\nold\n<!-- measured: end -->\n\nafter\n"


def _records(*seconds: float, records: int = 1_000_000, peak_mb: int = 500) -> list[dict[str, Any]]:
    return [{"records": records, "seconds": s, "peak_mb": peak_mb} for s in seconds]


def _days(days: int, *builds: float) -> dict[str, Any]:
    runs = [
        {"steps": {"start": 9.0, "plan": 1.0, "build": b}, "records": 10, "seconds": 1.0 + b}
        for b in builds
    ]
    return {"days": days, "runs": runs, "history": {"seconds": 60.0, "window_days": 7}}


def _measures() -> dict[str, Any]:
    """Every target met, each with a little to spare."""
    stage = [{**run, "whole_seconds": 10.0} for run in _records(5.0, 4.0, 6.0)]
    return {
        "measured_at": "2026-01-01 00:00 UTC",
        "machine": {"cpu": "CPU", "cores": 2, "memory_gib": 8, "system": "Linux 6"},
        "versions": {"Python": "3.11", "duckdb": "1.5.5"},
        "load": [0.1, 1.5],
        "record_bytes": 1100,
        "bare": _records(2.0, 2.5, 9.0),
        "python": _records(8.0),
        "documents": _records(2.0, records=200_000),
        "index": _records(5.0, 4.0, 60.0),
        "commit": _records(8.0),
        "stage": stage,
        "memory": {"records": 5_000_000, "peaks": {
            "index": _records(25.0, records=5_000_000, peak_mb=900)[0],
            "commit": _records(40.0, records=5_000_000, peak_mb=2048)[0],
        }},
        "days": {"long": _days(365, 25.0, 11.0, 10.0), "short": _days(7, 9.0, 9.5, 40.0)},
        "coverage": [0.7, 0.99, 3.0],
    }  # fmt: skip


def _compose(folder: Path, measures: dict[str, Any], prose: str = PROSE) -> str:
    kept, document = folder / "measures.json", folder / "benchmarks.md"
    kept.write_text(json.dumps(measures))
    document.write_text(prose)
    command = [sys.executable, str(RUNNER), "--from", str(kept), "--document", str(document)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return document.read_text()


def _row(text: str, begin: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {begin}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_medians_are_set_beside_their_targets(tmp_path: Path) -> None:
    text = _compose(tmp_path, _measures())
    assert _row(text, "index, records of")[1:] == [
        "at least 150,000 records/s", "200,000 records/s", "met"
    ]  # fmt: skip
    assert _row(text, "index against")[2:] == ["2.00 times", "met"]
    assert _row(text, "commit (leaves")[2:] == ["125,000 records/s", "met"]
    assert _row(text, "staging to unified events, the")[2] == (
        "200,000 records/s; 100,000 with dbt's start and parse"
    )
    assert _row(text, "one ordinary day with 365 days of history against 7")[2:] == [
        "1.14 times (12.0 s, 10.5 s)", "met"
    ]  # fmt: skip
    assert _row(text, "memory (process RSS), 5,000,000")[2:] == [
        "index 900, commit 2,048 MiB", "met"
    ]  # fmt: skip
    assert _row(text, "`muniment coverage`")[2:] == ["0.99 s", "met"]
    assert "**missed**" not in text


@pytest.mark.parametrize(
    ("row", "change"),
    [
        ("index, records of", {"index": _records(6.7), "bare": _records(5.0)}),
        ("index against", {"bare": _records(1.6)}),
        ("commit (leaves", {"commit": _records(10.1)}),
        ("one ordinary day", {"days": {"long": _days(365, 12.1), "short": _days(7, 9.0)}}),
        ("`muniment coverage`", {"coverage": [0.9, 1.0, 1.1]}),
    ],
)
def test_a_missed_target_says_so_and_no_other_does(
    tmp_path: Path, row: str, change: dict[str, Any]
) -> None:
    text = _compose(tmp_path, _measures() | change)
    assert _row(text, row)[-1] == "**missed**"
    assert text.count("**missed**") == 1


def test_the_largest_process_decides_about_memory(tmp_path: Path) -> None:
    measures = _measures()
    measures["memory"]["peaks"]["index"]["peak_mb"] = 2049
    assert _row(_compose(tmp_path, measures), "memory (process RSS)")[-1] == "**missed**"


def test_the_steps_of_a_day_show_what_grows(tmp_path: Path) -> None:
    text = _compose(tmp_path, _measures())
    assert _row(text, "build") == ["build", "9.50", "11.00", "1.16"]
    assert _row(text, "**all, without start**")[1:] == ["10.50", "12.00", "1.14"]
    assert "collected in windows of 7 days" in text


def test_prose_around_the_markers_stays_and_old_figures_go(tmp_path: Path) -> None:
    text = _compose(tmp_path, _measures())
    assert text.startswith("# Speed\n\nbefore\n\n<!-- measured: begin -->\nMeasured 2026-01-01")
    assert text.endswith("<!-- measured: end -->\n\nafter\n")
    assert "old" not in text
    again = _compose(tmp_path, _measures(), prose=text)
    assert again == text


def test_a_document_without_markers_is_left_alone(tmp_path: Path) -> None:
    kept, document = tmp_path / "measures.json", tmp_path / "benchmarks.md"
    kept.write_text(json.dumps(_measures()))
    document.write_text("prose alone\n")
    command = [sys.executable, str(RUNNER), "--from", str(kept), "--document", str(document)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "markers" in done.stderr
    assert document.read_text() == "prose alone\n"
