"""The plain bytes of one stored object: checked against its name, decompressed, without a BOM.

DuckDB ignores the checksum of gzip and reads a truncated file as a normal end, so it is
decompressed here, with checksum and end checked, before anything is read (design: facts). ISA-L
does that four times as fast as zlib.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from isal import isal_zlib

from muniment.errors import EvidenceError
from muniment.locker import Locker

_CHUNK_BYTES = 1 << 18
#: larger pieces of plain bytes are new pages each time, which costs as much as inflating them
_GIVEN_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"
#: of a gzip member's header (RFC 1952): where its flags stand, and the one of a file name
_FLAGS_AT, _NAME_FLAG = 3, 8
_ZIP = b"PK\x03\x04"
#: how files begin that are compressed in a way that nothing here reads
_OTHERS = {b"\xfd7zX": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", _ZIP: "zip"}
#: its stub names an instance where the library has a class
_GZIP_ERROR = cast(type[Exception], isal_zlib.error)
_BOM = b"\xef\xbb\xbf"
#: a gzip stream that is both this large and this dense is taken for a decompression bomb;
#: deflate cannot exceed 1032:1, logs and reports stay below 100:1
_BOMB_BYTES = 1 << 30
_BOMB_RATIO = 200


class Unreadable(Exception):
    """The object as a whole cannot be read as its shape; the message is the reason."""


@dataclass(frozen=True)
class Plain:
    """One object's plain bytes in a local file, and what was counted on the way.

    lines: line ends, plus one for a last line without; bom_bytes: what was left out at the start
    (offsets count from the plain bytes with it); first: the first byte that is not blank;
    starts_at_once: the first line is not blank.
    """

    path: Path
    size: int
    lines: int
    bom_bytes: int
    first: bytes
    starts_at_once: bool


def plain(locker: Locker, sha256: str, scratch: Path) -> Plain:
    """Writes the plain bytes of one object over `scratch`.

    Raises Unreadable (damaged gzip, decompression bomb) and EvidenceError where the locker holds
    other bytes than the name says.
    """
    digest = hashlib.sha256()
    with locker.open(sha256) as handle:
        head = handle.read(len(_ZIP))
        handle.seek(0)
        stored = _hashed(handle, digest)
        try:
            if head == _ZIP:
                raise Unreadable("a zip archive, which is not read: unpack it")
            result = _write(inflated(stored) if head.startswith(_GZIP) else stored, scratch)
        finally:
            for _ in _hashed(handle, digest):
                pass
            _check_name(sha256, digest.hexdigest())
    return result


def unpacked(path: Path) -> Iterator[bytes]:
    """The plain bytes of a local file, gzip or not, in pieces. Raises Unreadable as `plain` does.

    A byte order mark stays.
    """
    with path.open("rb") as handle:
        head = handle.read(len(_ZIP))
        handle.seek(0)
        for begin, name in _OTHERS.items():
            if head.startswith(begin):
                raise Unreadable(f"{name} is not read: unpack it, or compress with gzip")
        stored = iter(lambda: handle.read(_CHUNK_BYTES), b"")
        yield from inflated(stored) if head.startswith(_GZIP) else stored


def _hashed(handle: IO[Any], digest: hashlib._Hash) -> Iterator[bytes]:
    while chunk := handle.read(_CHUNK_BYTES):
        digest.update(chunk)
        yield chunk


def _check_name(sha256: str, found: str) -> None:
    if found != sha256:
        raise EvidenceError(
            f"Object {sha256} lies in the locker with other bytes (SHA-256 {found}). Nothing was "
            "indexed from this collection. Run `muniment verify`, and bring the object back from "
            "a backup."
        )


def inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompressed chunks of one gzip file (several members are one file, as gzip says).

    Raises Unreadable.
    """
    member, taken, given, before, carried = None, 0, 0, -1, b""
    for chunk in chunks:
        taken += len(chunk)
        chunk, carried = carried + chunk, b""
        while chunk:
            if member is None or member.eof:
                # zeros may follow a member, as tape drives leave them
                chunk = chunk.lstrip(b"\0") if member else chunk
                if len(chunk) < _FLAGS_AT + 1:
                    carried = chunk
                    break
                member, before = _member(chunk), given if member else -1
            try:
                data = member.decompress(chunk, _GIVEN_BYTES)
            except (zlib.error, _GZIP_ERROR) as error:
                raise Unreadable(f"gzip is damaged: {error} (after {given} bytes)") from error
            given += len(data)
            if given > _BOMB_BYTES and given > _BOMB_RATIO * taken:
                raise Unreadable(
                    f"gzip grows from {taken} to more than {given} bytes: taken for a bomb"
                )
            yield data
            chunk = member.unused_data if member.eof else member.unconsumed_tail
    if member and (carried or (not member.eof and given == before)):
        raise Unreadable(f"gzip is damaged: other bytes follow its end (after {given} bytes)")
    if member is None or not member.eof:
        raise Unreadable(f"gzip ends early: no end mark after {given} plain bytes")


def _member(begin: bytes) -> Any:
    """What inflates the member that begins so.

    ISA-L 1.9 misreads a header with optional parts other than a name where a chunk ends within it:
    one file would have two contents. zlib takes those.
    """
    is_plain = not begin[_FLAGS_AT] & ~_NAME_FLAG
    return isal_zlib.decompressobj(31) if is_plain else zlib.decompressobj(31)


def _write(chunks: Iterator[bytes], scratch: Path) -> Plain:
    size = lines = bom_bytes = 0
    first = last = head = b""
    # An existing file is written over, not made anew: its pages are there already, which is four
    # times as fast as fresh ones.
    with scratch.open("r+b" if scratch.exists() else "wb") as target:
        for chunk in chunks:
            if not chunk:
                continue
            last = chunk[-1:]
            lines += chunk.count(b"\n")
            if not size and chunk.startswith(_BOM):
                chunk, bom_bytes = chunk[3:], 3
            head = head or chunk[:1]
            first = first or chunk.lstrip()[:1]
            size += len(chunk)
            target.write(chunk)
        target.truncate()
    lines += last not in (b"", b"\n")
    return Plain(scratch, size, lines, bom_bytes, first, bool(head.strip()))
