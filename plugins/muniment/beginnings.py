"""Digests of the beginnings of a file: by them what was appended is told from what was there."""

from __future__ import annotations

import hashlib
from pathlib import Path

from muniment.bronze.plain import unpacked

_CHUNK_BYTES = 1 << 20


def whole_lines(path: Path) -> int:
    """Where the last whole line of a plain file ends."""
    with path.open("rb") as handle:
        end = handle.seek(0, 2)
        while end:
            begin = max(end - _CHUNK_BYTES, 0)
            handle.seek(begin)
            at = handle.read(end - begin).rfind(b"\n")
            if at >= 0:
                return begin + at + 1
            end = begin
    return 0


def written(copy: Path, target: Path, sizes: set[int]) -> tuple[dict[int, str], str]:
    """Writes the plain bytes; digests of its beginnings of these sizes, and of all of it."""
    hasher = _Marks(sizes)
    with target.open("wb") as plain:
        for chunk in unpacked(copy):
            hasher.update(chunk)
            plain.write(chunk)
    return hasher.found, hasher.digest.hexdigest()


def digests(path: Path, end: int, sizes: set[int]) -> tuple[dict[int, str], str]:
    """The same of a plain file's first bytes."""
    hasher = _Marks({size for size in sizes if size <= end})
    with path.open("rb") as plain:
        while end and (chunk := plain.read(min(_CHUNK_BYTES, end))):
            hasher.update(chunk)
            end -= len(chunk)
    return hasher.found, hasher.digest.hexdigest()


class _Marks:
    """A digest that notes what it is after certain numbers of bytes."""

    def __init__(self, sizes: set[int]) -> None:
        self._wanted = sorted(sizes, reverse=True)
        self._size = 0
        self.digest = hashlib.sha256()
        self.found: dict[int, str] = {}

    def update(self, chunk: bytes) -> None:
        """More bytes."""
        while self._wanted and self._size + len(chunk) >= self._wanted[-1]:
            size = self._wanted.pop()
            piece, chunk = chunk[: size - self._size], chunk[size - self._size :]
            self.digest.update(piece)
            self._size = size
            self.found[size] = self.digest.hexdigest()
        self.digest.update(chunk)
        self._size += len(chunk)


def cut(path: Path, target: Path, begin: int, end: int) -> None:
    """Copies bytes [begin, end) of a file."""
    with path.open("rb") as source, target.open("wb") as copy:
        source.seek(begin)
        while end > begin and (chunk := source.read(min(_CHUNK_BYTES, end - begin))):
            copy.write(chunk)
            begin += len(chunk)
