"""What could not be read: told to the ledger without a byte of it, listed whole for who asks.

Both read the quarantine file that the receipt fixed, and keep nothing of it.
"""

from __future__ import annotations

import re
from typing import Any

from muniment import receipts
from muniment.bronze import quarantine_path
from muniment.database import connect, literal
from muniment.receipts import Receipt
from muniment.sources import discover
from muniment.storage import Store

COLUMNS = ("source_id", "receipt_id", "object_sha256", "line", "byte_offset", "reason", "bytes")
#: the first row of each shape, whole objects apart, in the file's order
_FIRST = """
    select shape, is_whole_object, arg_min({'object_sha256': object_sha256, 'line': line,
        'byte_offset': byte_offset, 'reason': reason}, file_row_number) as first
    from found group by all order by min(file_row_number)
"""
_ALL = """
    select object_sha256, line, byte_offset, reason, bytes from found order by file_row_number
"""


def told(home: Store, receipt: Receipt) -> dict[str, str]:
    """Bronze stream -> its first unreadable record in words, the file's first record first.

    Has every stream that the receipt counts. Says nothing that stood in the record: the words go
    into the ledger and so into releases, which outlive a purge.
    """
    counted = [stream for stream, count in receipt.quarantined.items() if count]
    if not counted:
        return {}
    path, wrong = _path(receipt), _wrong(home, receipt)
    spec = discover()[receipt.kind].spec
    words: dict[str, str] = {}
    for name, is_whole, first in () if wrong else _rows(home, path, _FIRST):
        shape = spec.shape(name)
        said = (
            f"The first is {_place(first)}: {_without_findings(first['reason'])}. `muniment ledger "
            f"--quarantine --source {receipt.source_id}` lists all of {path} with their bytes."
        )
        for stream in {shape.stream, (is_whole and shape.rest) or shape.stream}:
            words.setdefault(stream, said)
    missing = wrong or f"{path} does not hold what the receipt counts. Run `muniment verify`."
    return words | {stream: missing for stream in counted if stream not in words}


def listed(home: Store, receipt_ids: set[str]) -> list[dict[str, Any]]:
    """Every row in quarantine of these receipts, chain by chain, by COLUMNS.

    line and byte_offset (of the plain bytes, from 0) are None for a whole object. bytes: at most
    the first 64 KiB, as text; what cannot be printed, and the backslash, are escaped. A file that
    is not there, or not the one that its receipt fixed, is one row whose reason says so.
    """
    found: list[dict[str, Any]] = []
    for receipt in receipts.read_all(home):
        if receipt.receipt_id in receipt_ids and any(receipt.quarantined.values()):
            found += _listed(home, receipt)
    return found


def _listed(home: Store, receipt: Receipt) -> list[dict[str, Any]]:
    ids = (receipt.source_id, receipt.receipt_id)
    if wrong := _wrong(home, receipt):
        return [dict(zip(COLUMNS, (*ids, None, None, None, wrong, None), strict=True))]
    return [
        dict(zip(COLUMNS, (*ids, *where, _shown(reason), _text(kept)), strict=True))
        for *where, reason, kept in _rows(home, _path(receipt), _ALL)
    ]


def _path(receipt: Receipt) -> str:
    return quarantine_path(receipt.source_id, receipt.receipt_id)


def _wrong(home: Store, receipt: Receipt) -> str | None:
    """Why the receipt's quarantine file says nothing; None where it is the one that was fixed."""
    found = receipts.sha256_if_there(home, _path(receipt))
    if found is not None and found == receipt.quarantine_sha256:
        return None
    what = "is missing" if found is None else f"is not the file that {receipt.path} fixed"
    return f"{_path(receipt)}, which says where and why, {what}. Run `muniment verify`."


def _rows(home: Store, path: str, query: str) -> list[tuple[Any, ...]]:
    file = f"read_parquet({literal(home.uri(path))}, file_row_number = true)"
    with connect() as connection:
        return connection.execute(f"with found as (from {file}) {query}").fetchall()


def _place(row: dict[str, Any]) -> str:
    if row["line"] is None:
        return f"the whole object {row['object_sha256']}"
    return f"line {row['line']}, byte offset {row['byte_offset']}, of object {row['object_sha256']}"


def _without_findings(reason: str) -> str:
    """Bronze's own words: what it found stands in quotes (a column's name) or after a colon."""
    return re.sub("'.*'", "'…'", reason, flags=re.DOTALL).partition(":")[0]


def _text(kept: bytes | None) -> str | None:
    if kept is None:
        return None
    return _shown(kept.decode("utf-8", "surrogateescape").replace("\\", "\\\\"))


def _shown(text: str) -> str:
    """Safe on a terminal: nothing in it moves the cursor, rings or changes the direction."""
    return "".join(sign if sign.isprintable() else _escaped(ord(sign)) for sign in text)


def _escaped(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\U{code:08x}"
