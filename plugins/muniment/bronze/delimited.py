"""Delimited files (CSV and the like) as JSON objects of strings, one a row.

DuckDB reads them. A file that it refuses, or that it would misread in silence (quotes that do not
pair swallow the rest, NUL bytes pass), is read here instead, row by row, and each bad row named.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from muniment.bronze.plain import Plain, Unreadable
from muniment.bronze.scan import KEPT_BYTES, Unread
from muniment.sources.spec import CsvDialect

_CELL_LIMIT_BYTES = 64 << 20
_CHUNK_BYTES = 1 << 18


@dataclass
class _Row:
    """One row as it stands in the file; `reason` says why its cells are None."""

    line: int
    offset: int
    text: str
    cells: list[str] | None
    reason: str = ""


def column_names(source: Plain, dialect: CsvDialect) -> list[str]:
    """The dialect's names, else the header row's. Raises Unreadable where there is no header."""
    if dialect.names:
        return list(dialect.names)
    header = next(_rows(source, dialect), None)
    if header is None:
        raise Unreadable("no header row: the object is empty")
    if header.cells is None:
        raise Unreadable(f"the header row cannot be read: {header.reason}")
    names = [cell.strip() or f"column_{at}" for at, cell in enumerate(header.cells, 1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Unreadable(f"the header names column '{twice[0]}' twice")
    return names


def is_plain(source: Plain, dialect: CsvDialect, names: list[str]) -> bool:
    """Whether DuckDB either reads this file rightly or refuses it.

    It takes a blank first line for the header, names that differ in case alone for one, and a
    blank line of a single column for a row.
    """
    quotes, nuls = 0, 0
    with source.path.open("rb") as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            quotes += chunk.count(dialect.quote.encode()) if dialect.quote else 0
            nuls += chunk.count(b"\0")
    has_own_names = len({name.casefold() for name in names}) == len(names) > 1
    return has_own_names and source.starts_at_once and quotes % 2 == 0 and not nuls


def by_hand(source: Plain, dialect: CsvDialect, names: list[str], target: Path) -> list[Unread]:
    """Writes the rows as JSON lines, a bad row as a line that is none; returns the bad rows.

    Raises Unreadable where a quoted value never ends, since no later row can be told.
    """
    unread = []
    with target.open("w", encoding="utf-8") as out:
        for at, row in enumerate(_rows(source, dialect)):
            if not dialect.names and at == 0:
                continue
            if row.cells is not None and len(row.cells) > len(names):
                row.reason = f"{len(row.cells)} cells where there are {len(names)} columns"
            if row.reason:
                kept = row.text.encode("utf-8", "surrogateescape")[:KEPT_BYTES]
                unread.append(Unread(row.line, row.offset + source.bom_bytes, kept, row.reason))
                out.write("!\n")
                continue
            cells: list[str | None] = [*(row.cells or ())]
            cells += [None] * (len(names) - len(cells))
            record = dict(zip(names, cells, strict=True))
            out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
    return unread


def _rows(source: Plain, dialect: CsvDialect) -> Iterator[_Row]:
    """Every row that is not blank, the header too."""
    for row in _quoted(source.path, dialect) if dialect.quote else _split(source.path, dialect):
        if "\0" in row.text:
            row.reason = row.reason or "NUL byte in the row"
        elif not dialect.is_lenient and any("\udc80" <= sign <= "\udcff" for sign in row.text):
            row.reason = row.reason or "invalid UTF-8 in the row"
        if row.cells is not None and dialect.is_lenient:
            row.cells = [_shown(cell) for cell in row.cells]
        yield row


def _split(path: Path, dialect: CsvDialect) -> Iterator[_Row]:
    """Rows without quoting: a line is a row, whatever else stands in it."""
    offset = 0
    for number, line in enumerate(_lines(path), 1):
        text = line.rstrip("\n")
        if text:
            yield _Row(number, offset, text, text.split(dialect.delimiter))
        offset += _size(line)


def _quoted(path: Path, dialect: CsvDialect) -> Iterator[_Row]:
    taken: list[str] = []

    def feed() -> Iterator[str]:
        for line in _lines(path):
            taken.append(line)
            yield line

    csv.field_size_limit(_CELL_LIMIT_BYTES)
    reader = csv.reader(feed(), delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
    line, offset = 1, 0
    while True:
        cells, reason = None, ""
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise Unreadable(f"a quoted value that begins in line {line} never ends") from error
            reason = f"not a row: {error}"
        if not taken:
            return
        text = "".join(taken)
        if text.strip("\r\n"):
            yield _Row(line, offset, text.rstrip("\r\n"), cells, reason)
        line, offset = line + len(taken), offset + _size(text)
        taken.clear()


def _lines(path: Path) -> Iterator[str]:
    """Lines ended by \\n alone, bytes that are not UTF-8 kept as surrogates."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as handle:
        yield from handle


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def _shown(cell: str) -> str:
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
