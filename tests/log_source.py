"""Log files of one kind in a folder, with the times that their files bear."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from file_source import FileSource
from muniment.collection import Collection


def put(source: FileSource, path: str, body: bytes, at: str = "2026-01-06T01:00:00Z") -> Path:
    """Writes a file of the drop; `at`: when it was written to last."""
    file = source.put(path, body)
    moment = datetime.fromisoformat(at).timestamp()
    os.utime(file, (moment, moment))
    return file


def json_lines(*records: Any) -> bytes:
    """One record a line."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def stated(collection: Collection) -> list[tuple[str, str | None, str, str]]:
    """(basis, grade, first day, end day) of the first ledger stream."""
    stream = collection.proofs[0].stream
    return [
        (p.basis, p.grade, p.first_day, p.end_day) for p in collection.proofs if p.stream == stream
    ]


def doubt(collection: Collection) -> str:
    """Why the first day that is not provable is not."""
    return next(p.reason or "" for p in collection.proofs if p.basis == "not_provable")


def records(source: FileSource, collection: Collection, stream: str) -> list[dict[str, Any]]:
    """The records of one stream, in Bronze's order."""
    rows = source.bronze(collection, "stream, record")
    return [json.loads(record) for name, record in rows if name == stream]
