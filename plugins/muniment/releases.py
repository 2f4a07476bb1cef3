"""Releases: one published warehouse each, immutable and read-only.

`releases/<number>/` holds the DuckDB file (copied after its writer has closed), the manifest
(inputs, code, rows and content hash per table) and the frozen results beside it. `publishing`
makes them; `pointer` says which one is current. A folder without a manifest is a publish that was
killed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from muniment import database, pointer, receipts
from muniment.errors import EvidenceError, UsageError
from muniment.settings import Settings
from muniment.storage import Store

DATABASE = "muniment.duckdb"
MANIFEST = "manifest.json"
PIN = "pinned"


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


def sealed_numbers(home: Store) -> list[int]:
    """Numbers of the releases that have a manifest, rising."""
    return sorted(
        int(name)
        for name in home.folders("releases")
        if name.isdigit() and home.exists(f"releases/{name}/{MANIFEST}")
    )


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


def manifest_sha256(home: Store, number: int) -> str:
    """SHA-256 (hex) of a release's manifest."""
    return hashlib.sha256(home.read(f"{folder(number)}/{MANIFEST}")).hexdigest()


def current_number(settings: Settings) -> int:
    """The release that `current` points to.

    Raises UsageError before the first release, EvidenceError where the pointer does not fit (see
    `pointer.current`) or the release is another one than it was signed for.
    """
    home = settings.home
    found = pointer.current(home)
    path = f"{folder(found.number)}/{MANIFEST}"
    if not home.exists(path) or manifest_sha256(home, found.number) != found.manifest_sha256:
        raise EvidenceError(
            f"{home.url}/{path} is not the manifest that {pointer.PATH} was signed for. "
            "`muniment verify` says more; `--release` reads another release."
        )
    return found.number


def chosen_number(settings: Settings, number: int | None) -> int:
    """The number of a release that there is; None: the current one. Raises UsageError."""
    chosen = current_number(settings) if number is None else number
    known = sealed_numbers(settings.home)
    if chosen not in known:
        listed = ", ".join(map(str, known)) or "none yet; `muniment run` makes the first"
        raise UsageError(f"No release {chosen}. Releases: {listed}.")
    return chosen


def connect(settings: Settings, number: int | None = None) -> duckdb.DuckDBPyConnection:
    """A read-only connection to one release (default: the current). Raises UsageError."""
    return database.connect(database_path(settings, number), is_read_only=True)


def database_path(
    settings: Settings, number: int | None = None, *, is_hashed: bool = False
) -> Path:
    """The DuckDB file of one release on this machine, as it was published.

    Hashing a year's file would cost every question half a second, so it is done where the file
    was touched after its manifest was written, or for `is_hashed`; `verify` always does. Raises
    UsageError where there is none, EvidenceError where it is not what its manifest names.
    """
    home = settings.home
    chosen = chosen_number(settings, number)
    path = f"{folder(chosen)}/{DATABASE}"
    if not home.exists(path):
        raise UsageError(
            f"Release {chosen} was pruned: its manifest and results remain in "
            f"{home.uri(folder(chosen))}, its database does not. `muniment releases` lists those "
            "that can be asked."
        )
    is_touched = _changed_ns(home, path) > _changed_ns(home, f"{folder(chosen)}/{MANIFEST}")
    if is_hashed or is_touched:
        _check_database(home, chosen)
    return home.local_path(path)


def _changed_ns(home: Store, path: str) -> int:
    """When the file was last touched by anyone: unlike its modification time, not to be set."""
    return home.local_path(path).stat().st_ctime_ns


def _check_database(home: Store, number: int) -> None:
    sha256 = receipts.file_sha256(home, f"{folder(number)}/{DATABASE}")
    if sha256 != manifest_of(home, number)["database_sha256"]:
        raise EvidenceError(
            f"Release {number}: the database is not the one that its manifest names. Nothing is "
            "answered from it. `muniment verify` says more; `--release` reads another release."
        )


def listing(settings: Settings) -> list[Release]:
    """Every sealed release, newest first."""
    home = settings.home
    current = current_number(settings) if home.exists(pointer.PATH) else None
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
