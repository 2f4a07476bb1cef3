"""Builds the warehouse upon what a source gave, and says where every record went."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from muniment import warehouse
from muniment.database import connect
from muniment.settings import Settings


def staged(settings: Settings, last_day: str) -> dict[str, tuple[int, int, int]]:
    """stream -> (records in Bronze, rows staged or marked as duplicates, rows rejected).

    Streams that have no staging model are left out: they only help a collector.
    """
    as_of = datetime.fromisoformat(last_day).date()
    now = datetime.combine(as_of + timedelta(days=1), time(2), UTC)
    assert warehouse.build(settings, as_of, now, "a run").failed_tests == {}
    with connect(settings.home.local_path(warehouse.WAREHOUSE_PATH), is_read_only=True) as built:
        rows = built.execute(
            "select stream, bronze, staged + duplicates, rejected from marts.fct_record_account "
            "where is_staged and stream <> 'request'"
        ).fetchall()
    return {stream: (bronze, kept, rejected) for stream, bronze, kept, rejected in rows}
