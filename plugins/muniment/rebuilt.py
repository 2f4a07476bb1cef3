"""The newest release, made again from nothing, and compared with what was published.

In a scratch home that links to the release's own receipts and their Bronze, and to nothing that a
run keeps (outcomes, ledger, warehouse), the expectations run again, the ledger is judged again and
the warehouse is built again. The same inputs give the same content of every table, so a table that
comes out otherwise was changed before it was published.
"""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from muniment import (
    expectations,
    frozen,
    ledger,
    publishing,
    releases,
    sealing,
    transformation,
    warehouse,
)
from muniment.claims import DAY
from muniment.database import connect
from muniment.errors import EvidenceError, UsageError
from muniment.findings import Finding, VerifyReport
from muniment.receipts import receipt_path
from muniment.revision import code_revision
from muniment.settings import Settings
from muniment.storage import Store
from muniment.warehouse import WAREHOUSE_PATH

Tables = dict[str, tuple[int, str]]
progress = logging.getLogger("muniment.progress")


def check(settings: Settings, report: VerifyReport) -> None:
    """Adds to `report` every table of the newest release that does not come out again.

    Needs the time and the room on the disk of a full refresh. Raises UsageError where the release
    was made by other code or another configuration, MachineError where this machine fails.
    """
    number, manifest = _newest(settings)
    name = releases.folder(number)
    transformation.forget_kept()  # what models say is read from them, not from what is kept
    progress.info("release %d is made again from nothing, for as long as a full refresh", number)
    with settings.home.scratch() as folder:
        again = replace(settings, home=_linked(settings.home, manifest, folder))
        copy = folder / releases.DATABASE
        try:
            receipt_ids = _make(again, manifest, copy)
        except EvidenceError as error:
            report.findings.append(Finding("release", name, f"cannot be made again: {error}"))
            return
        if expectations.digest(again.home, receipt_ids) != manifest["inputs"]["outcomes_sha256"]:
            message = f"{name} was made of other outcomes than the expectations give now"
            report.findings.append(Finding("release", expectations.OUTCOMES, message))
        stated = _by_table(manifest)
        found = _by_table(sealing.contents(copy))
    report.checked["tables"] = len(stated)
    for table in sorted({*stated, *found}):
        if stated.get(table) != found.get(table):
            message = _difference(name, stated.get(table), found.get(table))
            report.findings.append(Finding("release", table, message))


def _newest(settings: Settings) -> tuple[int, dict[str, Any]]:
    numbers = releases.sealed_numbers(settings.home)
    if not numbers:
        raise UsageError(f"{settings.home.url}: no release yet, so --deep has nothing to compare.")
    manifest = releases.manifest_of(settings.home, numbers[-1])
    made_by = (manifest["code_revision"], manifest["inputs"]["warehouse_version"])
    if made_by != (code_revision(), warehouse.version_of(settings)):
        raise UsageError(
            f"Release {numbers[-1]} was made by other code or another configuration than the "
            f"present ({made_by[0]}; now {code_revision()}), so --deep cannot compare. Verify with "
            "those, or build, publish and verify again."
        )
    return numbers[-1], manifest


def _linked(home: Store, manifest: dict[str, Any], folder: Path) -> Store:
    """A home in `folder` with what the release was made of.

    Hard links, since nothing is ever written in place; of Bronze, whose files are checked against
    their receipts, one link to all.
    """
    made = Store(folder / "home")
    number = int(manifest["number"])
    paths = [
        receipt_path(item["source_id"], sequence)
        for item in manifest["inputs"]["receipts"]
        for sequence in range(1, item["sequence"] + 1)
    ]
    for earlier in releases.sealed_numbers(home):
        if earlier < number:
            results = f"{releases.folder(earlier)}/results"
            paths += [f"{releases.folder(earlier)}/{releases.MANIFEST}", *frozen.files(earlier)]
            paths += [f"{results}/{name}" for name in home.list(results)]
    for path in paths:
        if home.exists(path):
            made.local_path(path).parent.mkdir(parents=True, exist_ok=True)
            os.link(home.local_path(path), made.local_path(path))
    bronze = made.local_path("bronze")
    bronze.parent.mkdir(parents=True, exist_ok=True)
    bronze.symlink_to(home.local_path("bronze"))
    return made


def _make(settings: Settings, manifest: dict[str, Any], copy: Path) -> set[str]:
    """Expectations, ledger, warehouse, release; returns the ids of the receipts that were read."""
    now = datetime.fromisoformat(manifest["published_at"]).astimezone(UTC)
    as_of = date.fromisoformat(manifest["as_of"])
    ledger.assess(settings, now.date() - DAY, now)
    warehouse.build(settings, as_of, now, manifest["run_id"], full_refresh=True)
    number = int(manifest["number"])
    frozen.freeze(settings, number)
    publishing.complete(settings.home, number, settings.home.local_path(WAREHOUSE_PATH), copy)
    with connect(copy, is_read_only=True) as connection:
        return {row[0] for row in connection.execute(sealing.RECEIPT_IDS).fetchall()}


def _by_table(contents: dict[str, list[dict[str, Any]]]) -> Tables:
    return {
        item["table"]: (int(item["rows"]), item["content_sha256"]) for item in contents["tables"]
    }


def _difference(name: str, stated: tuple[int, str] | None, found: tuple[int, str] | None) -> str:
    if stated is None or found is None:
        return f"{name} {'lacks it' if stated is None else 'has it'}; made again it is otherwise"
    if stated[0] != found[0]:
        return f"{name} has {stated[0]} rows; made again it has {found[0]}"
    return f"{name} has {stated[0]} rows with other contents than when it is made again"
