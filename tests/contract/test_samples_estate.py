"""Real records of the estate: every one through connector, index and staging."""

from __future__ import annotations

import csv
from pathlib import Path

from collector import collector
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
