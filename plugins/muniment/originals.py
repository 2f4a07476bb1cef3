"""Originals: one record cut out of a stored object's own bytes, exactly as it was received.

Bronze holds values; its numbers and blanks may be written differently. So the text is sliced from
the object, found by position, and never parsed and written again.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from muniment.errors import EvidenceError, UsageError
from muniment.sources.spec import CsvDialect, Shape

_BLANKS = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"[^\s,\]}]+")
#: whatever opens, closes or hides brackets; enough to find a value's end at any depth
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_KEYS = json.JSONDecoder(strict=False)
_GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_FIELD_LIMIT_BYTES = 64 << 20


def cut(body: bytes, shape: Shape, record_no: int, record_path: str) -> str | None:
    """The text of one record of an object; None where the object has no such record.

    body: the object's bytes (gzip is undone). record_no, record_path: as in the record key.
    Raises EvidenceError where the object cannot be read as its shape says.
    """
    text = _plain(body).removeprefix(_BOM)
    if shape.form == "lines":
        return _nth((line for line in text.split(b"\n") if line.strip()), record_no)
    document = text.decode("utf-8", "backslashreplace")
    try:
        if shape.form == "csv":
            return _csv_row(document, shape.csv or CsvDialect(), record_no)
        if record_path:
            span = find(document, record_path)
            return None if span is None else document[span[0] : span[1]]
        if record_no == 0 and shape.elements:
            return _rest(document, shape.elements)
        whole = record_no == 1 and shape.form == "document" and not shape.elements
        return document.strip() if whole else None
    except (ValueError, IndexError) as error:
        raise EvidenceError(
            f"The object is not the {shape.form} that shape '{shape.name}' says ({error})."
        ) from error


def find(document: str, pointer: str) -> tuple[int, int] | None:
    """Start and end of the value that a JSON pointer (RFC 6901) names; None where there is none."""
    at = _skip_blanks(document, 0)
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        members = _members(document, at)
        found = next((start for key, start, _ in members if key == name), None)
        if found is None:
            return None
        at = found
    return at, _end_of(document, at)


def _members(document: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Key (or position), start and end of each member of the object or array at `at`."""
    is_object = document[at] == "{"
    if not is_object and document[at] != "[":
        return
    position, at = 0, _skip_blanks(document, at + 1)
    while document[at] not in "]}":
        key = str(position)
        if is_object:
            key, at = _KEYS.raw_decode(document, at)
            at = _skip_blanks(document, _skip_blanks(document, at) + 1)
        end = _end_of(document, at)
        yield key, at, end
        position, at = position + 1, _skip_blanks(document, end)
        if document[at] == ",":
            at = _skip_blanks(document, at + 1)


def _end_of(document: str, at: int) -> int:
    """Where the value at `at` ends; never recursive, so that no depth breaks it."""
    if document[at] not in '[{"':
        return _matched(_SCALAR, document, at)
    depth = 0
    for token in _BRACKETS.finditer(document, at):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        if depth == 0:
            return token.end()
    raise ValueError("the document ends within a value")


def _rest(document: str, patterns: tuple[str, ...]) -> str:
    """The document with the arrays that the patterns name emptied; all else as written."""
    spans = sorted(
        {
            span
            for pattern in patterns
            for span in _matches(document, pattern.rpartition("/")[0])
            if document[span[0]] == "["
        }
    )
    pieces, done = [], 0
    for start, end in spans:
        if start >= done:
            pieces += [document[done:start], "[]"]
            done = end
    return ("".join(pieces) + document[done:]).strip()


def _matches(document: str, pattern: str) -> list[tuple[int, int]]:
    starts = [_skip_blanks(document, 0)]
    for token in pattern.split("/")[1:]:
        starts = [
            start
            for at in starts
            for key, start, _ in _members(document, at)
            if token in ("*", key)
        ]
    return [(at, _end_of(document, at)) for at in starts]


def _csv_row(document: str, dialect: CsvDialect, record_no: int) -> str | None:
    """The n-th row that is not empty, unreadable ones counted, the header not; blanks are a row."""
    rows = _quoted_rows(document, dialect) if dialect.quote else document.split("\n")
    wanted = record_no + (0 if dialect.names else 1)
    filled = (row for row in rows if row.strip("\r\n"))
    text = next(islice(filled, wanted - 1, None), None) if record_no > 0 else None
    return None if text is None else text.rstrip("\r\n")


def _quoted_rows(document: str, dialect: CsvDialect) -> Iterator[str]:
    csv.field_size_limit(_FIELD_LIMIT_BYTES)
    lines = list(io.StringIO(document, newline="\n"))
    rows = csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
    start = 0
    while start < len(lines):
        with suppress(csv.Error, StopIteration):  # a row that cannot be read has its number too
            next(rows)
        yield "".join(lines[start : rows.line_num])
        start = rows.line_num


def _nth(lines: Iterator[bytes], record_no: int) -> str | None:
    found = next((line for n, line in enumerate(lines, 1) if n == record_no), None)
    return None if found is None else found.rstrip(b"\r").decode("utf-8", "backslashreplace")


def _plain(body: bytes) -> bytes:
    if not body.startswith(_GZIP_MAGIC):
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise EvidenceError(f"The object is a damaged gzip file ({error}).") from error


def _skip_blanks(document: str, at: int) -> int:
    return _matched(_BLANKS, document, at)


def _matched(pattern: re.Pattern[str], document: str, at: int) -> int:
    match = pattern.match(document, at)
    if match is None:
        raise ValueError(f"no value at character {at}")
    return match.end()


def parse_key(record_key: str) -> tuple[str, int, str]:
    """Object, number and pointer of a record key. Raises UsageError for another form."""
    match = re.fullmatch(r"([0-9a-f]{64}):(\d{1,18})(?:#(/.*))?", record_key, re.DOTALL)
    if match is None:
        raise UsageError(
            f"'{record_key}' is not a record key; expected <sha256>:<number> or "
            "<sha256>:<number>#/json/pointer, as `record_keys` of every result names them."
        )
    return match[1], int(match[2]), match[3] or ""
