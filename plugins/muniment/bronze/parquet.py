"""Writing Parquet within bounded memory, the same bytes for the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from muniment.database import literal

#: rows of one row group; small groups keep memory low and both cores busy while writing
GROUP_ROWS = 20480
#: a row group of more than this is not held in memory: groups are then cut by size
GROUP_BYTES = 128 << 20
#: level 1 is twice as fast as the default and as small on logs; a dictionary is worth its making
#: for columns of one value alone
_OPTIONS = "format parquet, compression zstd, compression_level 1, dictionary_size_limit 1"


def copy(
    connection: duckdb.DuckDBPyConnection, select: str, target: Path, *, by_size: bool = False
) -> tuple[int, dict[str, dict[str, str]]]:
    """Writes a SELECT's rows, in its order; returns their count and Parquet's column statistics.

    by_size: cut row groups by bytes, on one thread; for rows that are large.
    """
    groups = "row_group_size_bytes '32MB'" if by_size else f"row_group_size {GROUP_ROWS}"
    statement = (
        f"copy ({select}) to {literal(str(target))} ({_OPTIONS}, {groups}, return_stats true)"
    )
    with _one_thread(connection) if by_size else _as_is():
        row = connection.execute(statement).fetchone()
    assert row is not None  # return_stats gives one row a file
    return int(row[1]), {name.strip('"'): stats for name, stats in row[4].items()}


@contextmanager
def _one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Groups can be cut by size only where order is not promised; one thread keeps it anyway."""
    threads, is_promised = connection.execute(
        "select current_setting('threads'), current_setting('preserve_insertion_order')"
    ).fetchall()[0]
    connection.execute("set threads = 1")
    connection.execute("set preserve_insertion_order = false")
    try:
        yield
    finally:
        connection.execute(f"set preserve_insertion_order = {is_promised}")
        connection.execute(f"set threads = {threads}")


@contextmanager
def _as_is() -> Iterator[None]:
    yield
