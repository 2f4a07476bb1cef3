"""Speed and memory, every row of the table in one run, into docs/benchmarks.md.

    python benchmarks/run.py                 measures (about half an hour) and writes the document
    python benchmarks/run.py --quick         a small version of everything, to see that it works
    python benchmarks/run.py --from FILE     writes the document from measures kept before

The measures go to standard output as JSON, progress to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import days
import measure
import records
import report

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "great-expectations", "apache-airflow")


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    records: int = 1_000_000
    memory_records: int = 5_000_000
    rounds: int = 3
    long_days: int = 365
    short_days: int = 7
    ordinary_days: int = 3
    window_days: int = 7


QUICK = Extent(100_000, 200_000, 1, 10, 7, 1)


def main() -> None:
    """Measures, or takes measures kept before; writes the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small, printed, document untouched")
    parser.add_argument("--from", dest="kept", type=Path, help="measures kept before")
    parser.add_argument(
        "--window-days", type=int, help="history in windows of so many days (default: 7)"
    )
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    asked = parser.parse_args()
    if asked.kept:
        report.write(json.loads(asked.kept.read_text(encoding="utf-8")), asked.document)
        return
    extent = QUICK if asked.quick else Extent()
    if asked.window_days:
        extent = replace(extent, window_days=asked.window_days)
    found = _measure_all(extent)
    print(json.dumps(found))
    if asked.quick:
        print(report.compose(found), file=sys.stderr)
    else:
        report.write(found, asked.document)


def _measure_all(extent: Extent) -> report.Measures:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="muniment-bench-") as folder:
        found = {**_records(Path(folder), extent), **_company(Path(folder), extent)}
    return {
        "measured_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": _machine(),
        "versions": {"Python": platform.python_version()} | {p: version(p) for p in PACKAGES},
        "load": [load, os.getloadavg()[0]],
        **found,
    }


def _records(folder: Path, extent: Extent) -> report.Measures:
    made = folder / "made"
    _say(f"making {extent.memory_records:,} records")
    records.make(made, extent.memory_records)
    found: report.Measures = {name: [] for name, _ in report.RECORD_MEASURES}
    for number in range(extent.rounds):
        home = folder / f"round-{number}"
        records.home(made, home, extent.records)
        for name, _ in report.RECORD_MEASURES:
            found[name].append(_one(name, home))
    found["documents"] = [
        _one("documents", folder / f"documents-{number}", str(extent.records // 5))
        for number in range(extent.rounds)
    ]
    home = folder / "memory"
    records.home(made, home, extent.memory_records)
    peaks = {name: _one(name, home) for name in ("index", "commit", "stage")}
    found["memory"] = {"records": peaks["index"]["records"], "peaks": peaks}
    found["record_bytes"] = records.RECORD_BYTES
    return found


def _company(folder: Path, extent: Extent) -> report.Measures:
    lengths = {"short": extent.short_days, "long": extent.long_days}
    found: report.Measures = {
        name: {"days": number, "runs": []} for name, number in lengths.items()
    }
    with ExitStack() as stack:
        for name, number in lengths.items():
            stack.enter_context(days.served(folder / name))
            # both end on the same day, so that the days after differ in nothing but history
            skipped = extent.long_days - number
            found[name]["history"] = _one(
                "history", folder / name, *map(str, (skipped, number, extent.window_days))
            )
        for offset in range(extent.ordinary_days):
            for name in lengths:
                day = _one("ordinary_day", folder / name, str(extent.long_days + offset))
                found[name]["runs"].append(day)
        _say("coverage")
        year = extent.long_days + extent.ordinary_days
        covered = [days.coverage(folder / "long", year) for _ in range(2 * extent.rounds - 1)]
    return {"days": found, "coverage": covered}


def _one(name: str, folder: Path, *arguments: str) -> dict[str, Any]:
    found = measure.run(name, folder, *arguments)
    _say(f"{name} {folder.name} {' '.join(arguments)}: {found['seconds']:.1f} s")
    return found


def _machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30),
        "system": f"Linux {platform.release().split('-')[0]}",
    }


def _say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
