"""Syslog lines and when they were written.

The form of old (RFC 3164) says neither year nor zone: the zone is what the source's options state,
the year the latest in which the line is not younger than the file, and each line says so.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from muniment.bronze.selects import RECORD_LIMIT_BYTES
from muniment.collection import instant

Basis = Literal["stated", "inferred", "undated"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OLD = re.compile(
    rb"(?:<\d{1,3}>)?([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6})\d*)? "
)
_NEW = re.compile(
    rb"(?:<\d{1,3}>(?:1 )?)?"
    rb"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})) "
)
#: clocks of a host and of its file store may differ by so much
_SLACK = timedelta(days=1)
#: a 29 February lies at most so many years back
_LEAP_YEARS = 8


def dated(path: Path, target: Path, modified_at: datetime, zone: ZoneInfo | None) -> int:
    """Writes each line that is not blank as a JSON object; returns how many times were inferred.

    at: when it was written, or null; time_basis: how that is known; line: the text, with U+FFFD for
    what is not UTF-8; bytes_base64: then the bytes.
    """
    inferred = 0
    with target.open("w", encoding="utf-8") as out:
        for line in _lines(path):
            moment, basis = _moment(line, modified_at, zone)
            inferred += basis == "inferred"
            text = line.decode("utf-8", "replace")
            record = {"at": moment, "time_basis": basis, "line": text}
            if "\ufffd" in text:
                record["bytes_base64"] = base64.b64encode(line).decode()
            out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
    return inferred


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while line := handle.readline(RECORD_LIMIT_BYTES >> 2):
            if line := line.rstrip(b"\r\n"):
                yield line


def _moment(line: bytes, modified_at: datetime, zone: ZoneInfo | None) -> tuple[str | None, Basis]:
    if new := _NEW.match(line):
        return new[1].decode().replace(",", "."), "stated"
    old = _OLD.match(line)
    if old is None or zone is None or (month := old[1].decode()) not in _MONTHS:
        return None, "undated"
    day, hour, minute, second = (int(part) for part in old.groups()[1:5])
    fraction_us = int((old[6] or b"0").ljust(6, b"0"))
    for year in range(modified_at.year + 1, modified_at.year - _LEAP_YEARS - 1, -1):
        try:
            there = datetime(year, _MONTHS.index(month) + 1, day, hour, minute, second, fraction_us)
            moment = there.replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue  # a 29 February in another year, or no time at all
        if moment <= modified_at + _SLACK:
            return instant(moment), "inferred"
    return None, "undated"
