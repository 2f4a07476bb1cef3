"""What one index run counted, for the receipt and the ledger."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from muniment.bronze.part import Part, relation


@dataclass(frozen=True)
class IndexCounts:
    """Counts per Bronze stream; event_hours: stream -> `YYYY-MM-DDTHH` -> records.

    quarantined counts unreadable records; an object unreadable as a whole counts one for each
    stream that its shape feeds. duplicates: records whose text came before in this collection.
    quarantine_sha256: None where nothing was unreadable, so that there is no such file.
    """

    receipt_id: str
    bronze_version: int
    records: dict[str, int]
    quarantined: dict[str, int]
    duplicates: dict[str, int]
    event_hours: dict[str, dict[str, int]]
    bronze_sha256: str
    quarantine_sha256: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for `canonical`."""
        return asdict(self)


def quarantined(parts: list[Part]) -> dict[str, int]:
    """Unreadable records per stream."""
    counts: Counter[str] = Counter()
    for part in parts:
        streams = {part.shape.stream}
        if part.is_whole_object and part.shape.rest:
            streams.add(part.shape.rest)
        for stream in streams:
            counts[stream] += len(part.unread)
    return dict(sorted((+counts).items()))


def records(connection: duckdb.DuckDBPyConnection, parts: list[str]) -> dict[str, int]:
    """Rows per stream."""
    return _by_stream(
        connection,
        f"select stream, count(*) from {relation(parts)} where size_bytes > 0 "
        "group by all order by all",
    )


def duplicates(connection: duckdb.DuckDBPyConnection, parts: list[str]) -> dict[str, int]:
    """Repeated texts per stream; those with equal fingerprints are told apart by their MD5."""
    connection.execute(
        "create or replace temp table repeated as select stream, fingerprint "
        f"from {relation(parts)} where size_bytes > 0 group by all having count(*) > 1",
    )
    if not connection.execute("select exists (from repeated)").fetchall()[0][0]:
        return {}
    return _by_stream(
        connection,
        "select stream, count(*) - count(distinct md5_number(record)) as n "
        f"from {relation(parts)} semi join repeated using (stream, fingerprint) "
        "where size_bytes > 0 group by all having n > 0 order by all",
    )


def event_hours(
    connection: duckdb.DuckDBPyConnection, parts: list[str]
) -> dict[str, dict[str, int]]:
    """Records per stream and hour of their event time (UTC)."""
    rows = connection.execute(
        "select stream, strftime(event_time, '%Y-%m-%dT%H') as hour, count(*) "
        f"from {relation(parts)} where size_bytes > 0 and event_time is not null "
        "group by all order by all",
    ).fetchall()
    hours: dict[str, dict[str, int]] = {}
    for stream, hour, count in rows:
        hours.setdefault(stream, {})[hour] = count
    return hours


def _by_stream(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return dict(connection.execute(query).fetchall())
