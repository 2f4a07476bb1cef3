"""Verdicts of the ledger: one row per source, stream and day, and their file in the home."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Literal

from muniment.collection import instant
from muniment.database import connect
from muniment.sources.spec import Basis, Grade
from muniment.storage import Store

Word = Literal["COMPLETE", "EMPTY_CONFIRMED", "LATE", "NOT_PROVABLE", "GAP", "RETIRED"]

#: the gate of everything that reads a day is open on these alone
OPEN: tuple[Word, ...] = ("COMPLETE", "EMPTY_CONFIRMED", "LATE")
PATH = "ledger/verdicts.parquet"

#: the columns of the file, in order, as DuckDB types
COLUMNS: dict[str, str] = {
    "source_id": "VARCHAR",
    "kind": "VARCHAR",
    "entity": "VARCHAR",
    "stream": "VARCHAR",
    "day": "DATE",
    "verdict": "VARCHAR",
    "grade": "VARCHAR",
    "basis": "VARCHAR",
    "expected": "BIGINT",
    "received": "BIGINT",
    "quarantined": "BIGINT",
    "reason": "VARCHAR",
    "receipt_ids": "VARCHAR[]",
    "first_open_at": "TIMESTAMP",
    "is_stated_later": "BOOLEAN",
    "is_sandbox": "BOOLEAN",
    "is_required": "BOOLEAN",
    "event_hours": "MAP(VARCHAR, BIGINT)",
    "is_healable": "BOOLEAN",
}


@dataclass(frozen=True)
class Verdict:
    """What is known of one ledger stream of one source on one UTC day, with proof or reason.

    expected: the source's own figure, where it gave one for this very day. received and
    quarantined: records of the Bronze streams that feed the stream. first_open_at: UTC, when the
    day first became open; None while it is not. event_hours: hour '00'..'23' -> records.
    is_healable: false where asking again cannot mend the day: a state day that nobody looked at, or
    what the source says it will never give.
    """

    source_id: str
    kind: str
    entity: str
    stream: str
    day: date
    verdict: Word
    grade: Grade | None
    basis: Basis | None
    expected: int | None
    received: int
    quarantined: int
    reason: str
    receipt_ids: tuple[str, ...]
    first_open_at: datetime | None
    is_stated_later: bool
    is_sandbox: bool
    is_required: bool
    event_hours: dict[str, int]
    is_healable: bool

    @property
    def is_open(self) -> bool:
        """Whether results may rest on this day."""
        return self.verdict in OPEN


def write(store: Store, verdicts: Iterable[Verdict]) -> None:
    """Rewrites the ledger's file in one step."""
    structure: dict[str, Any] = {
        name: ["VARCHAR"] if kind == "VARCHAR[]" else kind for name, kind in COLUMNS.items()
    }
    with store.scratch() as folder, connect() as connection:
        lines, file = folder / "verdicts.jsonl", folder / "verdicts.parquet"
        lines.write_text("\n".join(json.dumps(_plain(verdict)) for verdict in verdicts), "utf-8")
        connection.execute(
            "create table verdicts as select from_json_strict(json, ?) as row "
            "from read_ndjson_objects(?, compression = 'uncompressed')",
            [json.dumps(structure), str(lines)],
        )
        connection.execute(
            f"copy (select row.* from verdicts) to '{file}' (format parquet, compression zstd)"
        )
        store.replace(PATH, file.read_bytes())


def read(store: Store) -> list[Verdict]:
    """The ledger as last assessed, ordered by source, stream and day; [] before the first time."""
    if not store.exists(PATH):
        return []
    names = [field.name for field in fields(Verdict)]
    with store.scratch() as folder, connect() as connection:
        file = folder / "verdicts.parquet"
        file.write_bytes(store.read(PATH))
        rows = connection.execute(f"select {', '.join(names)} from '{file}'").fetchall()
    found = [dict(zip(names, row, strict=True)) for row in rows]
    for row in found:
        row["receipt_ids"] = tuple(row["receipt_ids"])
        if row["first_open_at"] is not None:
            row["first_open_at"] = row["first_open_at"].replace(tzinfo=UTC)
    return [Verdict(**row) for row in found]


def first_day(store: Store) -> date | None:
    """The ledger's first day, as last assessed; None before the first time."""
    if not store.exists(PATH):
        return None
    with connect() as connection:
        row = connection.execute(
            "select min(day) from read_parquet(?)", [store.uri(PATH)]
        ).fetchone()
    return row[0] if row else None


def _plain(verdict: Verdict) -> dict[str, Any]:
    row = dict(vars(verdict))
    row["day"] = verdict.day.isoformat()
    if verdict.first_open_at is not None:
        row["first_open_at"] = instant(verdict.first_open_at)
    return row
