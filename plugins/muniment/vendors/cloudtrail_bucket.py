"""A bucket that AWS delivers to: which accounts and regions it holds, its files and their bytes.

The same layout in a local folder is read too; it carries no signatures.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from muniment import objectstores
from muniment.collecting import Ask
from muniment.errors import SourceError
from muniment.vendors import cloudtrail_layout as layout
from muniment.vendors.cloudtrail_layout import Place

#: files that are fetched at once, and their bytes: what is held in memory
_FILES, _BYTES = 64, 32 << 20


class Bucket:
    """The folder that `location` names, with `AWSLogs` in it. Paths are relative to it."""

    def __init__(self, ask: Ask) -> None:
        """`ask`: its folder is read. Raises SourceError where nothing is laid out as AWS does."""
        assert ask.folder is not None  # kinds that need a location always get one
        self._fs, root = ask.folder.filesystem
        self._root = root.rstrip("/")
        self._options = ask.opened_with
        self.is_local = ask.folder.is_local
        self._where = f"{ask.source.id}: {ask.source.location}"
        with self._told("listing it"):
            is_there = self._fs.isdir(f"{self._root}/{layout.ROOT}")
        if not is_there:
            raise SourceError(
                f"{self._where}: there is no folder {layout.ROOT}. Nothing was kept. Expected "
                f"`location` to be the bucket and prefix that AWS delivers to."
            )

    @property
    def name(self) -> str | None:
        """The bucket's name; None for a local folder."""
        return None if self.is_local else self._root.partition("/")[0]

    @property
    def prefix(self) -> str:
        """What stands before our paths in the bucket's keys."""
        within = "" if self.is_local else self._root.partition("/")[2]
        return f"{within}/" if within else ""

    def places(
        self, kinds: Collection[str] = (layout.LOGS, layout.DIGESTS)
    ) -> tuple[set[Place], set[str], list[str]]:
        """Accounts and regions with these kinds, all accounts, and folders of other names."""
        found: set[Place] = set()
        accounts: set[str] = set()
        others: list[str] = []
        for folder in self._accounts(layout.ROOT, others):
            accounts.add(folder)
            for kind in sorted(set(self._folders(folder)) & set(kinds)):
                for region in self._folders(f"{folder}/{kind}"):
                    if layout.REGION.fullmatch(region):
                        found.add(Place(folder, region))
                    else:
                        others.append(f"{folder}/{kind}/{region}")
        return found, accounts, others

    def files(self, folder: str) -> list[dict[str, Any]]:
        """path, size, etag and modified_at of every file below a folder, by path; [] without it."""
        with self._told(f"listing {folder}"):
            found = self._fs.find(f"{self._root}/{folder}", detail=True)
        return [
            {
                "path": str(path).removeprefix(f"{self._root}/"),
                "size": int(info.get("size") or 0),
                "etag": str(info.get("ETag", "")).strip('"') or None,
                "modified_at": str(info.get("LastModified") or "") or None,
            }
            for path, info in sorted(found.items())
        ]

    def bodies(self, files: Iterable[dict[str, Any]]) -> Iterator[tuple[str, bytes | SourceError]]:
        """The bytes of each file, or why they are not to be had. Some are held at once."""
        for batch in _batches(files):
            paths = [f"{self._root}/{path}" for path in batch]
            with self._told("reading"):
                found = self._fs.cat(paths, on_error="return")
            for path, full in zip(batch, paths, strict=True):
                body = found[full]
                yield path, body if isinstance(body, bytes) else self._failure(path, body)

    def fetch(self, path: str, copy: Path) -> None:
        """Copies one file of any size. Raises SourceError."""
        with self._told(f"reading {path}"):
            self._fs.get_file(f"{self._root}/{path}", str(copy))

    def signature(self, path: str) -> str | None:
        """What the object's metadata says is its signature, in hexadecimal."""
        if self.is_local:
            return None
        with self._told(f"reading the metadata of {path}"):
            found = self._fs.metadata(f"{self._root}/{path}")
        return next((v for name, v in found.items() if name.lower() == "signature"), None)

    def _accounts(self, folder: str, others: list[str]) -> Iterator[str]:
        for name in self._folders(folder):
            path = f"{folder}/{name}"
            if layout.ACCOUNT.fullmatch(name):
                yield path
            elif folder == layout.ROOT and layout.ORGANISATION.fullmatch(name):
                yield from self._accounts(path, others)
            else:
                others.append(path)

    def _folders(self, folder: str) -> list[str]:
        with self._told(f"listing {folder}"):
            entries = self._fs.ls(f"{self._root}/{folder}", detail=True)
        folders = [entry["name"] for entry in entries if entry["type"] == "directory"]
        return sorted(str(name).rstrip("/").rpartition("/")[2] for name in folders)

    def _told(self, what: str) -> Any:
        return objectstores.told(f"{self._where}: {what}", self._options)

    def _failure(self, path: str, error: Exception) -> SourceError:
        try:
            with self._told(f"reading {path}"):
                raise error
        except SourceError as said:
            return said


def _batches(files: Iterable[dict[str, Any]]) -> Iterator[list[str]]:
    taken: list[str] = []
    size = 0
    for file in files:
        if taken and (len(taken) == _FILES or size + file["size"] > _BYTES):
            yield taken
            taken, size = [], 0
        taken.append(file["path"])
        size += file["size"]
    if taken:
        yield taken


def wanted(
    accounts: Collection[str], regions: Collection[str], seen: set[Place], folders: set[str]
) -> tuple[set[Place], set[Place]]:
    """The places that must be whole, and those of them that the bucket does not show at all.

    accounts, regions: declared; without them, those that are seen. folders: of all accounts.
    """
    if not accounts and not regions:
        return seen, set()
    folder_of = {Place(folder, "").account: folder for folder in folders}
    found: set[Place] = set()
    for account in accounts or tuple(folder_of):
        folder = folder_of.get(account, f"{layout.ROOT}/{account}")
        own = {place.region for place in seen if place.folder == folder}
        found |= {Place(folder, region) for region in regions or own or {"(no region)"}}
    return found, found - seen


def days(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
