"""Values as they are written out: one form of dates, instants and cells for JSON and CSV."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

#: what a spreadsheet takes for the beginning of a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain(value: object) -> Any:
    """A JSON value for dates, instants (UTC, ending in Z), bytes and DuckDB's own types."""
    if isinstance(value, datetime):
        return value.isoformat() + ("Z" if value.tzinfo is None else "")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def cell(value: object) -> str:
    """One CSV cell; text that a spreadsheet would run as a formula starts with an apostrophe.

    None is an empty cell; lists, objects and booleans are JSON text.
    """
    if value is None:
        return ""
    if isinstance(value, list | dict | bool):
        return json.dumps(value, ensure_ascii=False, default=plain)
    if isinstance(value, int | float):
        return str(value)
    text = str(value if isinstance(value, str) else plain(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
