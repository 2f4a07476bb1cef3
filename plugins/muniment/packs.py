"""Audit packs: one framework and period, cut from one release, checkable without us.

A pack is a BagIt bag (RFC 8493) in a ZIP: an offline `index.html`, every population and result as
CSV and Parquet, the ledger, the receipts and the release's manifest, with Ed25519 signatures over
the bag's two manifests. What should be in and is not stops the build and is named.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import bagit

from muniment import (
    __version__,
    pack_evidence,
    pack_page,
    pack_tables,
    queries,
    releases,
    signing,
    withdrawn,
)
from muniment.collection import instant
from muniment.errors import UsageError
from muniment.frozen import KINDS, first_found, same_finding
from muniment.pack_tables import Table
from muniment.pseudonyms import Pseudonyms
from muniment.settings import Settings

MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
SIGNATURES = {name: f"{name}.sig" for name in (MANIFEST, TAG_MANIFEST)}
PUBLIC_KEY = "signing.pub.pem"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the same content gives the same archive
_FILE_MODE = 0o100644 << 16

COVERAGE = """
    select c.framework, c.criterion_id, d.title, d.evidence_mode,
           c.* exclude (framework, criterion_id)
    from coverage($framework, $first, $end) as c
    join marts.dim_criterion as d using (framework, criterion_id)
    order by c.criterion_id
"""
RESULTS = f"""
    select r.*, f.first_found_on
    from marts.fct_test_results as r
    left join {first_found("results")} as f on {same_finding(KINDS["results"][1], "f", "r")}
    where r.counts_to >= $first and r.counts_from < $end
      and exists (from seeds.leg_criterion as l
                  where l.framework = $framework and l.test_id = r.test_id)
    order by r.test_id, r.leg_id, r.effective_on, r.unit_key
"""
LEDGER = """
    select source_id, kind, stream, day, verdict, grade, basis, expected, received, quarantined,
           reason, is_stated_later, is_sandbox, receipt_ids
    from ops.verdicts where day >= $first and day < $end order by source_id, stream, day
"""
LEGS = """
    select t.title, l.* from marts.dim_control_test_leg as l
    join marts.dim_control_test as t using (test_id)
    where exists (from seeds.leg_criterion as c
                  where c.framework = $framework and c.test_id = l.test_id)
    order by l.test_id, l.leg_id
"""
#: what was changed since the period began, whenever: it may speak for days of the period
REGISTER_EDITS = """
    select * from marts.fct_register_edits where changed_at >= $first
    order by changed_at, register, row_id, field, value_before
"""
WITHDRAWN = f"""
    select * from {withdrawn.TABLE} as w
    where counts_to >= $first and counts_from < $end
      and exists (from seeds.leg_criterion as l
                  where l.framework = $framework and l.test_id = w.test_id)
    order by test_id, leg_id, effective_on, unit_key
"""


@dataclass(frozen=True)
class Cut:
    """Which pack: criteria of a framework over [first_day, end_day), from one release."""

    framework: str
    first_day: date
    end_day: date
    release: int
    manifest: dict[str, Any]


@dataclass(frozen=True)
class BuiltPack:
    """What `build_pack` wrote."""

    path: Path
    files: int
    release_number: int


def build_pack(
    settings: Settings, framework: str, first_day: date, end_day: date, out: Path, *,
    now: datetime, release_id: int | None = None,
) -> BuiltPack:  # fmt: skip
    """Writes the pack of a framework over [first_day, end_day) to `out` (a new ZIP file).

    The release is pinned first, so that pruning never takes away what a pack was cut from. Raises
    UsageError for a period outside the release or a file that exists, EvidenceError for a missing
    or altered part; then nothing is written.
    """
    if out.exists():
        raise UsageError(f"{out} exists; packs are never overwritten. Choose another --out.")
    number = releases.current_number(settings) if release_id is None else release_id
    cut = Cut(framework, first_day, end_day, number, _checked(settings, number, first_day, end_day))
    was_pinned = settings.home.exists(f"{releases.folder(number)}/{releases.PIN}")
    releases.set_pin(settings, number, is_pinned=True)
    try:
        files = _build(settings, cut, out, now)
    except BaseException:
        releases.set_pin(settings, number, is_pinned=was_pinned)
        raise
    return BuiltPack(out, files, number)


def _checked(settings: Settings, number: int, first_day: date, end_day: date) -> dict[str, Any]:
    """The manifest of a release that knows the period and still is what was published."""
    releases.database_path(settings, number, is_hashed=True)
    manifest = releases.manifest_of(settings.home, number)
    if first_day >= end_day:
        raise UsageError(f"The period {first_day} to {end_day} holds no day; --to is exclusive.")
    last = date.fromisoformat(manifest["as_of"])
    if end_day > last + timedelta(days=1):
        raise UsageError(
            f"The period ends on {end_day}, but release {number} knows nothing after {last}. "
            "Choose an earlier --to, or run and publish first."
        )
    return manifest


def _build(settings: Settings, cut: Cut, out: Path, now: datetime) -> int:
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".pack-") as scratch:
        bag = Path(scratch) / "pack"
        bag.mkdir()
        _fill(settings, cut, bag)
        _bag(settings, bag, cut, now)
        archive = Path(scratch) / "pack.zip"
        files = _zip(bag, archive)
        shutil.move(archive, out)
    return files


def _fill(settings: Settings, cut: Cut, bag: Path) -> None:
    # asked first: it says what is wrong with a framework or a period
    _, counts = queries.coverage(settings, cut.framework, cut.first_day, cut.end_day, cut.release)
    raw, tables = _tables(settings, cut)
    judged = [*raw["results"].rows, *raw["register_edits"].rows]
    brought = pack_evidence.bring(settings.home, judged, raw["ledger"].rows, bag / "receipts")
    for name, table in {**tables, **_populations(tables)}.items():
        pack_tables.write(bag, name, table)
    manifest = settings.home.read(f"{releases.folder(cut.release)}/{releases.MANIFEST}")
    (bag / "release_manifest.json").write_bytes(manifest)
    facts = {
        "organisation": settings.organisation, "framework": cut.framework,
        "first_day": cut.first_day.isoformat(), "end_day": cut.end_day.isoformat(),
        "release": cut.release, "is_sandbox": cut.manifest["is_sandbox"], "counts": counts,
        "receipts": brought, "rows": {name: len(table.rows) for name, table in tables.items()},
    }  # fmt: skip
    (bag / "pack.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    page = pack_page.render(facts, cut.manifest, {n: table.rows for n, table in tables.items()})
    (bag / "index.html").write_text(page, encoding="utf-8")


def _tables(settings: Settings, cut: Cut) -> tuple[dict[str, Table], dict[str, Table]]:
    """The pack's tables as the release holds them, and with pseudonyms."""
    period = {"first": cut.first_day, "end": cut.end_day}
    framework = {"framework": cut.framework}
    with queries.release_connection(settings, cut.release) as connection:
        people = Pseudonyms(settings.home, connection)
        raw = {
            "coverage": pack_tables.select(connection, COVERAGE, {**framework, **period}),
            "legs": pack_tables.select(connection, LEGS, framework),
            "results": pack_tables.select(connection, RESULTS, {**framework, **period}),
            "ledger": pack_tables.select(connection, LEDGER, period),
            "register_edits": pack_tables.select(
                connection, REGISTER_EDITS, {"first": cut.first_day}
            ),
            "withdrawn_exceptions": pack_tables.select(
                connection, WITHDRAWN, {**framework, **period}
            ),
        }
    return raw, {
        name: table if name == "legs" else table.mapped(people.row) for name, table in raw.items()
    }


def _populations(tables: dict[str, Table]) -> dict[str, Table]:
    """One population a leg: every unit that it judged. None is a file too, with its header."""
    judged: dict[tuple[str, str], list[dict[str, Any]]] = {
        (leg["test_id"], leg["leg_id"]): [] for leg in tables["legs"].rows
    }
    for row in tables["results"].rows:
        judged[row["test_id"], row["leg_id"]].append(row)
    columns = tables["results"].columns
    return {
        f"populations/{test_id}.{leg_id}": Table(columns, rows)
        for (test_id, leg_id), rows in judged.items()
    }


def _bag(settings: Settings, bag: Path, cut: Cut, now: datetime) -> None:
    info = {
        "Source-Organization": settings.organisation,
        "External-Description": (
            f"Evidence for {cut.framework}, {cut.first_day} to {cut.end_day} (exclusive); "
            "states evidence, never a conclusion"
        ),
        "External-Identifier": f"release {cut.release}",
        "Bagging-Date": instant(now)[:10],
        "Bag-Software-Agent": f"muniment {__version__}",
        "Sandbox": "yes, a simulated company" if cut.manifest["is_sandbox"] else "no",
    }
    bagit.make_bag(str(bag), info, checksums=["sha256"])
    signer = signing.signer(settings.home)
    for signed, signature in SIGNATURES.items():
        (bag / signature).write_bytes(signer.sign((bag / signed).read_bytes()))
    (bag / PUBLIC_KEY).write_bytes(signer.public_key)


def _zip(bag: Path, archive: Path) -> int:
    paths = sorted(path for path in bag.rglob("*") if path.is_file())
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for path in paths:
            entry = zipfile.ZipInfo(f"pack/{path.relative_to(bag).as_posix()}", _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _FILE_MODE
            with path.open("rb") as source, out.open(entry, "w") as target:
                shutil.copyfileobj(source, target)
    return len(paths)
