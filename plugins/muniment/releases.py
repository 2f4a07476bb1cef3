"""Releases: one published warehouse each, immutable and read-only.

`releases/<number>/` holds the DuckDB file (copied after its writer has closed), the manifest
(inputs, code, rows and content hash per table) and the frozen results beside it.
`releases/current.json` is a small signed pointer whose number only rises; a reader says so when it
ever goes back. The manifest comes last: a folder without one is a publish that was killed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from muniment import checkpoints, database, receipts, signing
from muniment.collection import canonical, instant
from muniment.errors import EvidenceError, UsageError
from muniment.settings import Settings
from muniment.storage import Store

FORMAT_VERSION = 1
POINTER = "releases/current.json"
DATABASE = "muniment.duckdb"
MANIFEST = "manifest.json"
PIN = "pinned"
_READ_ONLY = 0o444


@dataclass(frozen=True)
class Release:
    """One release as listed."""

    number: int
    path: str
    manifest: dict[str, Any]
    is_current: bool
    is_pinned: bool
    has_database: bool

    def row(self) -> dict[str, Any]:
        """The columns that `muniment releases` shows."""
        return {
            "release": self.number,
            "as_of": self.manifest["as_of"],
            "published_at": self.manifest["published_at"],
            "is_current": self.is_current,
            "is_pinned": self.is_pinned,
            "has_database": self.has_database,
            "code_revision": self.manifest["code_revision"],
        }


def folder(number: int) -> str:
    """Where a release lies in the home."""
    return f"releases/{number:08d}"


def publish(settings: Settings, now: datetime) -> Release:
    """Seals the closed warehouse into the next release and moves `current`.

    Safe to repeat: a publish that was killed is finished, or done again under the same number.
    Raises UsageError where no build has ended, MachineError while another run writes.
    """
    from muniment import sealing
    from muniment.warehouse import WAREHOUSE_PATH, warehouse_lock

    home = settings.home
    built = home.local_path(WAREHOUSE_PATH)
    if not built.exists():
        raise UsageError(f"{built}: nothing is built yet. Run `muniment build` first.")
    with warehouse_lock(home):
        run = sealing.run_of(built)
        number = _interrupted(home, run)
        if number is None:
            number = _next_number(home)
            _write(settings, number, run, now, built)
        _point(home, number, now)
        prune(settings)
    return next(item for item in listing(settings) if item.number == number)


def _interrupted(home: Store, run: dict[str, Any]) -> int | None:
    """The release of this very run that was sealed, and killed before `current` moved to it."""
    newest = max(sealed_numbers(home), default=0)
    if newest <= _pointed(home):
        return None
    manifest = manifest_of(home, newest)
    return newest if all(manifest.get(key) == value for key, value in run.items()) else None


def _next_number(home: Store) -> int:
    """Above everything that was ever sealed, pointed to or signed: a number is never used twice."""
    return max([*sealed_numbers(home), _pointed(home), _signed_number(home)]) + 1


def _write(
    settings: Settings, number: int, run: dict[str, Any], now: datetime, built: Path
) -> None:
    from muniment import frozen, sealing

    home = settings.home
    frozen.freeze(settings, number)
    with tempfile.TemporaryDirectory(dir=built.parent) as scratch:
        copy = Path(scratch) / DATABASE
        shutil.copyfile(built, copy)
        sealing.seal(copy)
        results = sealing.write_results(copy, Path(scratch))
        manifest = {
            "format_version": FORMAT_VERSION,
            "number": number,
            "published_at": instant(now),
            "organisation": settings.organisation,
            **run,
            "inputs": sealing.inputs(home, copy),
            **sealing.contents(copy),
            "database_sha256": sealing.file_sha256(copy),
            "files": {
                **{f"{folder(number)}/results/{f.name}": sealing.file_sha256(f) for f in results},
                **{path: receipts.file_sha256(home, path) for path in frozen.files(number)},
            },
            "previous_manifest_sha256": _previous(home, number),
        }
        for file in results:
            file.chmod(_READ_ONLY)
            home.put_file(file, f"{folder(number)}/results/{file.name}")
        copy.chmod(_READ_ONLY)
        home.put_file(copy, f"{folder(number)}/{DATABASE}")
    _bring_data_docs(home, number, run["as_of"])
    home.create(f"{folder(number)}/{MANIFEST}", canonical(manifest))
    home.local_path(f"{folder(number)}/{MANIFEST}").chmod(_READ_ONLY)


def _previous(home: Store, number: int) -> str | None:
    before = [sealed for sealed in sealed_numbers(home) if sealed < number]
    return _sha256(home.read(f"{folder(before[-1])}/{MANIFEST}")) if before else None


def _bring_data_docs(home: Store, number: int, as_of: str) -> None:
    """Copies Great Expectations' pages of this day beside the release."""
    source = home.local_path(f"expectations/{as_of}/data_docs")
    if source.is_dir():
        target = home.local_path(f"{folder(number)}/data_docs")
        shutil.copytree(source, target, dirs_exist_ok=True)


def _point(home: Store, number: int, now: datetime) -> None:
    body = {
        "number": number,
        "manifest_sha256": _sha256(home.read(f"{folder(number)}/{MANIFEST}")),
        "moved_at": instant(now),
    }
    home.replace(POINTER, signing.envelope(signing.signer(home), body))


def sealed_numbers(home: Store) -> list[int]:
    """Numbers of the releases that have a manifest, rising."""
    return sorted(
        int(name)
        for name in home.folders("releases")
        if name.isdigit() and home.exists(f"releases/{name}/{MANIFEST}")
    )


def current_number(settings: Settings) -> int:
    """The release that `current` points to.

    Raises UsageError before the first release, EvidenceError when the pointer's signature does
    not fit, its number is lower than one that was signed before, or the release is another one.
    """
    home = settings.home
    if not home.exists(POINTER):
        raise UsageError(f"{home.url}: no release yet. `muniment run` makes the first.")
    body = _pointer(home)
    number, seen = int(body["number"]), _signed_number(home)
    if number < seen:
        raise EvidenceError(
            f"{home.url}/{POINTER} names release {number}, but a checkpoint signed release "
            f"{seen}: the pointer was set back. Ask who changed it; `--release {seen}` reads the "
            "later one, and `muniment publish` moves on."
        )
    path = f"{folder(number)}/{MANIFEST}"
    if not home.exists(path) or _sha256(home.read(path)) != body["manifest_sha256"]:
        raise EvidenceError(
            f"{home.url}/{path} is not the manifest that {POINTER} was signed for. "
            "`muniment verify` says more; `--release` reads another release."
        )
    return number


def _pointer(home: Store) -> dict[str, Any]:
    try:
        return signing.open_envelope(home.read(POINTER), signing.public_key(home))
    except EvidenceError as error:
        raise EvidenceError(
            f"{home.url}/{POINTER}: {error}. `--release` reads a release by its number."
        ) from error


def _pointed(home: Store) -> int:
    return int(_pointer(home)["number"]) if home.exists(POINTER) else 0


def _signed_number(home: Store) -> int:
    """The release that the newest checkpoint signed; 0 before the first."""
    newest = checkpoints.newest(home) or {}
    return int((newest.get("release") or {}).get("number", 0))


def connect(settings: Settings, number: int | None = None) -> duckdb.DuckDBPyConnection:
    """A read-only connection to one release (default: the current). Raises UsageError."""
    return database.connect(database_path(settings, number), is_read_only=True)


def database_path(settings: Settings, number: int | None = None) -> Path:
    """The DuckDB file of one release on this machine, as it was published.

    Raises UsageError where there is none, EvidenceError where it is not what its manifest names.
    """
    home = settings.home
    chosen = current_number(settings) if number is None else number
    known = sealed_numbers(home)
    if chosen not in known:
        listed = ", ".join(map(str, known)) or "none yet; `muniment run` makes the first"
        raise UsageError(f"No release {chosen}. Releases: {listed}.")
    path = f"{folder(chosen)}/{DATABASE}"
    if not home.exists(path):
        raise UsageError(
            f"Release {chosen} was pruned: its manifest and results remain in "
            f"{home.uri(folder(chosen))}, its database does not. `muniment releases` lists those "
            "that can be asked."
        )
    file = home.local_path(path)
    facts = file.stat()
    digest = _digest_of(file, facts.st_mtime_ns, facts.st_size)
    if digest != manifest_of(home, chosen)["database_sha256"]:
        raise EvidenceError(
            f"Release {chosen}: the database is not the one that its manifest names. Nothing is "
            "answered from it. `muniment verify` says more; `--release` reads another release."
        )
    return file


@cache
def _digest_of(file: Path, changed_ns: int, size: int) -> str:
    """SHA-256 of a release's file, reckoned once a process for a file that nobody touches."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def listing(settings: Settings) -> list[Release]:
    """Every sealed release, newest first."""
    home = settings.home
    current = current_number(settings) if home.exists(POINTER) else None
    return [
        Release(
            number,
            home.uri(folder(number)),
            manifest_of(home, number),
            number == current,
            home.exists(f"{folder(number)}/{PIN}"),
            home.exists(f"{folder(number)}/{DATABASE}"),
        )
        for number in reversed(sealed_numbers(home))
    ]


def manifest_of(home: Store, number: int) -> dict[str, Any]:
    """The manifest of one release. Raises EvidenceError where it cannot be read."""
    path = f"{folder(number)}/{MANIFEST}"
    try:
        manifest: dict[str, Any] = json.loads(home.read(path))
        if manifest["number"] == number:
            return manifest
    except (ValueError, KeyError, TypeError) as error:
        raise EvidenceError(f"{path} cannot be read ({error!r}). Run `muniment verify`.") from error
    raise EvidenceError(f"{path} is the manifest of another release. Run `muniment verify`.")


def set_pin(settings: Settings, number: int, *, is_pinned: bool) -> None:
    """Keeps a release from pruning, or lets it go again. Raises UsageError for an unknown one."""
    if number not in sealed_numbers(settings.home):
        raise UsageError(f"No release {number}. `muniment releases` lists them.")
    path = f"{folder(number)}/{PIN}"
    if is_pinned:
        settings.home.replace(path, b"")
    else:
        settings.home.delete(path)


def prune(settings: Settings) -> list[int]:
    """Removes the databases of old releases; manifest and frozen results stay for ever.

    Kept: the newest `releases_kept` of `muniment.yml`, the current one, and every pinned one.
    """
    home = settings.home
    current = current_number(settings)
    pruned = []
    for number in sealed_numbers(home)[: -settings.releases_kept]:
        path = f"{folder(number)}/{DATABASE}"
        is_pinned = home.exists(f"{folder(number)}/{PIN}")
        if number != current and not is_pinned and home.exists(path):
            home.delete(path)
            pruned.append(number)
    return pruned


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
