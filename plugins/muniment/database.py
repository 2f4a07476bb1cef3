"""Every DuckDB connection comes from here, dbt's too: one set of settings, and values as SQL.

Why each setting: the comments below. Times are UTC; nothing downloads.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import duckdb

#: settings of every connection, as DuckDB's own names and values
SETTINGS: dict[str, str] = {
    # top_n_window_elimination: wrong rows from a filter on a partition column with `qualify
    # row_number() = 1` (duckdb issues 24363, 23588, 23675). statistics_propagation: answers min and
    # max from statistics, and ends the whole database with an internal error where there are none
    # (duckdb issues 22713, 23294, 23516; in 1.5.5: min(filename) of a Parquet file).
    # Not a setting: an aggregate `over ()` ends it too, now and then, on two threads (duckdb issue
    # 25713, mended in 1.5.6); a contract test keeps it out of the models.
    "disabled_optimizers": "top_n_window_elimination,statistics_propagation",
    "TimeZone": "UTC",
    "memory_limit": "1GB",
    "threads": "2",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "preserve_insertion_order": "true",
}


def connect(path: Path | None = None, *, is_read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection with the project's settings; without a path, in memory."""
    connection = duckdb.connect(str(path) if path else ":memory:", read_only=is_read_only)
    for name, value in SETTINGS.items():
        connection.execute(f"set {name} = '{value}'")
    return connection


def literal(value: str | date) -> str:
    """A value as SQL.

    Binding one from Python makes DuckDB import pandas, half a second: it is bound where that does
    not count. Raises TypeError for an instant, which would lose its time.
    """
    if isinstance(value, datetime):
        raise TypeError(f"{value} is no day")
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"
