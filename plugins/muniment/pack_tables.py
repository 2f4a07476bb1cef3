"""Tables of a pack: the same rows as CSV (for people) and Parquet (typed)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from muniment import database
from muniment.database import literal
from muniment.plain import cell, plain


@dataclass(frozen=True)
class Table:
    """Rows as dictionaries; columns: name to DuckDB type, in order. JSON values are parsed."""

    columns: dict[str, str]
    rows: list[dict[str, Any]]

    def mapped(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Table:
        """The same table with every row changed."""
        return replace(self, rows=[change(row) for row in self.rows])


def select(
    connection: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any] | None = None
) -> Table:
    """The rows of one statement."""
    cursor = connection.execute(sql, values or {})
    columns = {str(column[0]): str(column[1]) for column in cursor.description or []}
    rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    for name in (name for name, kind in columns.items() if kind == "JSON"):
        for row in rows:
            row[name] = json.loads(row[name]) if row[name] is not None else None
    return Table(columns, rows)


def write(bag: Path, name: str, table: Table) -> None:
    """`<name>.csv` and `<name>.parquet` below `bag`, in the order of the rows."""
    path = bag / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(table.columns)
        writer.writerows([[cell(row[column]) for column in table.columns] for row in table.rows])
    _write_parquet(bag / f"{name}.parquet", table)


def _write_parquet(target: Path, table: Table) -> None:
    lines = target.with_suffix(".ndjson")
    with lines.open("w", encoding="utf-8") as handle:
        handle.writelines(
            json.dumps(row, ensure_ascii=False, default=plain) + "\n" for row in table.rows
        )
    fields = ", ".join(f'row."{column}" as "{column}"' for column in table.columns)
    shape = {name: ["VARCHAR"] if kind == "VARCHAR[]" else kind
             for name, kind in table.columns.items()}  # fmt: skip
    source = f"read_ndjson_objects({literal(str(lines))}, compression = 'uncompressed')"
    parsed = f"select from_json_strict(json, {literal(json.dumps(shape))}) as row from {source}"
    with database.connect() as connection:
        connection.execute(
            f"copy (select {fields} from ({parsed})) "
            f"to {literal(str(target))} (format parquet, compression zstd)"
        )
    lines.unlink()
