"""Which lines of an object could not be read, and why.

Python reads only objects in which DuckDB met a record that it could not read, or refused to go on.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from muniment.bronze.selects import DEPTH_LIMIT, RECORD_LIMIT_BYTES

#: how much of an unreadable record goes into the quarantine row; the locker holds the rest
KEPT_BYTES = 1 << 16

_ESCAPED = re.compile(rb'\\\\|\\"')
_OTHERS = bytes(byte for byte in range(256) if byte not in b'"[]{}')
_STRINGS = re.compile(rb'"[^"]*"?')
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


@dataclass(frozen=True)
class Line:
    """One line with something on it. number: from 1, blank lines counted; record_no: not counted.

    head: its first bytes, without the line end; size: all its bytes, without the line end.
    """

    number: int
    record_no: int
    offset: int
    head: bytes
    size: int

    @property
    def is_over_limits(self) -> bool:
        """Whether the record is too large or nested too deep to be read."""
        return self.size > RECORD_LIMIT_BYTES or is_over_limits(self.head)


@dataclass(frozen=True)
class Unread:
    """One quarantine row of an object; line and offset are None for a whole object."""

    line: int | None
    byte_offset: int | None
    bytes: bytes | None
    reason: str


def depth(text: bytes) -> int:
    """How deep brackets nest in JSON text, strings left aside; malformed text gives a bound."""
    brackets = _STRINGS.sub(b"", _ESCAPED.sub(b"", text).translate(None, _OTHERS))
    return max(itertools.accumulate(_STEPS[byte] for byte in brackets), default=0)


def is_over_limits(text: bytes) -> bool:
    """Whether a record is too large or nested too deep to be read."""
    if len(text) > RECORD_LIMIT_BYTES:
        return True
    opened = text.count(b"[") + text.count(b"{")
    return opened > DEPTH_LIMIT and depth(text) > DEPTH_LIMIT


def lines(path: Path) -> Iterator[Line]:
    """Every line that is not blank. Of a line over the record limit only the head is held."""
    number = record_no = offset = 0
    with path.open("rb") as handle:
        while piece := handle.readline(RECORD_LIMIT_BYTES + 1):
            number += 1
            size, last = len(piece), piece
            while not last.endswith(b"\n") and (more := handle.readline(1 << 20)):
                size, last = size + len(more), more
            if size > len(piece) or piece.strip():
                record_no += 1
                head = piece.rstrip(b"\r\n")
                ends = len(head) if size == len(piece) else size - last.endswith(b"\n")
                yield Line(number, record_no, offset, head, ends)
            offset += size


def spoil(path: Path, target: Path) -> None:
    """Copies JSON lines, with each line over the limits made unreadable.

    DuckDB stops at such lines; made unreadable they keep their place in the numbering.
    """
    with target.open("wb") as copy:
        for line in lines(path):
            copy.write(b"!\n" if line.is_over_limits else line.head + b"\n")


def unread(path: Path, record_nos: set[int], bom_bytes: int) -> Iterator[Unread]:
    """The quarantine rows of these records of a file of JSON lines."""
    for line in lines(path):
        if line.record_no in record_nos:
            yield Unread(
                line.number, line.offset + bom_bytes, line.head[:KEPT_BYTES], reason_of(line)
            )


def reason_of(line: Line) -> str:
    """Why a line is unreadable, most specific first."""
    if line.size > RECORD_LIMIT_BYTES:
        return f"record of {line.size} bytes is over the limit of {RECORD_LIMIT_BYTES}"
    if b"\0" in line.head:
        return f"NUL byte at position {line.head.index(0)} of the line"
    try:
        text = line.head.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"invalid UTF-8 at position {error.start} of the line"
    if (found := depth(line.head)) > DEPTH_LIMIT:
        return f"nested {found} deep, over the limit of {DEPTH_LIMIT}"
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"invalid JSON: {error}"
    return "invalid JSON: a string holds half of a surrogate pair"
