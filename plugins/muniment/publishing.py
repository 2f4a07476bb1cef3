"""Publishing: the closed warehouse is sealed into the next release, and `current` moves to it.

The manifest comes last: whatever kills a publish, or leaves it without room on the disk, leaves a
folder that is no release, and the next publish takes the same number.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from muniment import frozen, machine, pointer, receipts, releases, sealing, withdrawn
from muniment.collection import canonical, instant
from muniment.errors import UsageError
from muniment.releases import DATABASE, MANIFEST, Release, folder, sealed_numbers
from muniment.settings import Settings
from muniment.storage import Store
from muniment.warehouse import WAREHOUSE_PATH, warehouse_lock

FORMAT_VERSION = 1
_READ_ONLY = 0o444


def publish(settings: Settings, now: datetime) -> Release:
    """Seals the closed warehouse into the next release and moves `current`.

    Safe to repeat: a publish that was killed is finished, or done again under the same number.
    Raises UsageError where no build has ended, MachineError while another run writes or where this
    machine fails.
    """
    home = settings.home
    built = home.local_path(WAREHOUSE_PATH)
    if not built.exists():
        raise UsageError(f"{built}: nothing is built yet. Run `muniment build` first.")
    with machine.failures_told("What was published before stands"), warehouse_lock(home):
        run = sealing.run_of(built)
        number = _interrupted(home, run)
        if number is None:
            number = _next_number(home)
            _write(settings, number, run, now, built)
        pointer.move(home, number, releases.manifest_sha256(home, number), now)
        releases.prune(settings)
    return next(item for item in releases.listing(settings) if item.number == number)


def _interrupted(home: Store, run: dict[str, Any]) -> int | None:
    """The release of this very run that was sealed, and killed before `current` moved to it."""
    newest = max(sealed_numbers(home), default=0)
    if newest <= _pointed(home):
        return None
    manifest = releases.manifest_of(home, newest)
    return newest if all(manifest.get(key) == value for key, value in run.items()) else None


def _next_number(home: Store) -> int:
    """Above everything that was ever sealed, pointed to or signed: a number is never used twice."""
    return max([*sealed_numbers(home), _pointed(home), pointer.signed_number(home)]) + 1


def _pointed(home: Store) -> int:
    found = pointer.stated(home)
    return found.number if found else 0


def _write(
    settings: Settings, number: int, run: dict[str, Any], now: datetime, built: Path
) -> None:
    home, place = settings.home, folder(number)
    frozen.freeze(settings, number)
    with home.scratch() as scratch:
        copy = scratch / DATABASE
        complete(home, number, built, copy)
        stated = {
            "format_version": FORMAT_VERSION,
            "number": number,
            "published_at": instant(now),
            "organisation": settings.organisation,
            **run,
            "inputs": sealing.inputs(home, copy),
            **sealing.contents(copy),
            "database_sha256": sealing.file_sha256(copy),
            "previous_manifest_sha256": _previous(home, number),
        }
        beside = [
            *(_bring(home, file, f"{place}/results") for file in _results(copy, scratch)),
            *frozen.files(number),
            *_bring_data_docs(home, place, run["as_of"]),
        ]
        _bring(home, copy, place)
    files = {path: receipts.file_sha256(home, path) for path in beside}
    home.create(f"{place}/{MANIFEST}", canonical({**stated, "files": files}))
    home.local_path(f"{place}/{MANIFEST}").chmod(_READ_ONLY)


def complete(home: Store, number: int, built: Path, copy: Path) -> None:
    """Makes `copy` of the built warehouse what release `number` holds, standing alone."""
    shutil.copyfile(built, copy)
    withdrawn.record(copy, home, number)
    sealing.seal(copy)


def _results(copy: Path, scratch: Path) -> list[Path]:
    made = scratch / "results"
    made.mkdir()
    return [*sealing.write_results(copy, made), withdrawn.write(copy, made)]


def _bring(home: Store, file: Path, place: str) -> str:
    path = f"{place}/{file.name}"
    file.chmod(_READ_ONLY)
    home.put_file(file, path)
    return path


def _previous(home: Store, number: int) -> str | None:
    before = [sealed for sealed in sealed_numbers(home) if sealed < number]
    return releases.manifest_sha256(home, before[-1]) if before else None


def _bring_data_docs(home: Store, place: str, as_of: str) -> list[str]:
    """Copies Great Expectations' pages of this day beside the release; returns their paths."""
    source = home.local_path(f"expectations/{as_of}/data_docs")
    if not source.is_dir():
        return []
    shutil.copytree(source, home.local_path(f"{place}/data_docs"), dirs_exist_ok=True)
    pages = sorted(page for page in source.rglob("*") if page.is_file())
    return [f"{place}/data_docs/{page.relative_to(source).as_posix()}" for page in pages]
