"""The locker's objects: stored bodies, each named by the SHA-256 of its bytes, never changed.

The same body stored twice is one object. An object that no receipt and no pending collection
names is an orphan (a run was killed before its collection was written): listed, never staged.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from muniment.collection import Collection
from muniment.errors import EvidenceError, UsageError
from muniment.storage import Store

FOLDER = "locker/objects"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK_BYTES = 1 << 20


class Locker:
    """Content-addressed, append-only storage of what sources answered."""

    def __init__(self, store: Store) -> None:
        """`store`: the home."""
        self._store = store

    def put(self, body: bytes | Path) -> tuple[str, int]:
        """Stores one body; returns its SHA-256 (hex) and size in bytes.

        A local file is used up. Repeating is safe. Raises EvidenceError where the object is
        already there with other bytes: what is stored is never overwritten.
        """
        sha256, size = _digest_of(body)
        path = object_path(sha256)
        try:
            if isinstance(body, Path):
                self._store.create_file(body, path)
            else:
                self._store.create(path, body)
        except FileExistsError:
            self._check_same(sha256)
            if isinstance(body, Path):
                body.unlink(missing_ok=True)
        return sha256, size

    def open(self, sha256: str) -> IO[Any]:
        """A binary reading handle. Raises EvidenceError where the object is missing."""
        try:
            return self._store.open(object_path(sha256))
        except FileNotFoundError as error:
            raise _missing(sha256) from error

    def read(self, sha256: str) -> bytes:
        """All bytes of one object. Raises EvidenceError where it is missing."""
        try:
            return self._store.read(object_path(sha256))
        except FileNotFoundError as error:
            raise _missing(sha256) from error

    def digest(self, sha256: str) -> tuple[str, int]:
        """SHA-256 and size of the bytes that really lie under this name."""
        with self.open(sha256) as handle:
            return _digest(handle)

    def objects(self) -> Iterator[str]:
        """The names of all stored objects, in order."""
        for folder in self._store.folders(FOLDER):
            yield from self._store.list(f"{FOLDER}/{folder}")

    def orphans(self, collections: Iterable[Collection]) -> list[str]:
        """Objects that none of these receipts and pending collections names, in order."""
        named = {item.sha256 for collection in collections for item in collection.objects}
        return [sha256 for sha256 in self.objects() if sha256 not in named]

    def _check_same(self, sha256: str) -> None:
        if self.digest(sha256)[0] != sha256:
            raise EvidenceError(
                f"Object {sha256} lies in the locker with bytes that are not its own. It was left "
                "as it is, and nothing was stored over it. Run `muniment verify`, and bring the "
                "object back from a backup."
            )


def object_path(sha256: str) -> str:
    """Where an object lies in the home. Raises UsageError for anything but a SHA-256 in hex."""
    if not _SHA256.fullmatch(sha256):
        raise UsageError(f"'{sha256}' is not an object's name; expected 64 hexadecimal digits.")
    return f"{FOLDER}/{sha256[:2]}/{sha256}"


def _digest_of(body: bytes | Path) -> tuple[str, int]:
    if isinstance(body, bytes):
        return hashlib.sha256(body).hexdigest(), len(body)
    with body.open("rb") as handle:
        return _digest(handle)


def _digest(handle: IO[Any]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := handle.read(_CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _missing(sha256: str) -> EvidenceError:
    return EvidenceError(
        f"Object {sha256} is not in the locker. Run `muniment verify` to see which receipts "
        "name it, and bring it back from a backup."
    )
