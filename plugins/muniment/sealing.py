"""Sealing: a copy of the closed warehouse is made to stand alone, and stated table by table.

The copy loses what reaches outside its file (views over Bronze), every remaining view is bound
once, and every table is hashed by its content, so that two builds of the same inputs can be
compared although their files differ.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from muniment import database, expectations
from muniment.errors import EvidenceError, UsageError
from muniment.frozen import KINDS, first_found, same_finding
from muniment.receipts import receipt_path
from muniment.storage import Store

#: how a build came about, not what it found: listed with their rows, without a content hash
BUILD_TABLES = frozenset(
    {"ops.run", "ops.previous_units", "ops.int_affected_days", "ops.int_changed_days"}
)
RECEIPT_IDS = "select receipt_id from ops.receipts"
_UNBUILT = "Run `muniment build` to its end, then publish."


def seal(copy: Path) -> None:
    """Drops what reaches outside the file; raises EvidenceError where another view still does."""
    with database.connect(copy) as connection:
        connection.execute("drop schema if exists bronze cascade")
        connection.execute("checkpoint")
    with database.connect(copy, is_read_only=True) as connection:
        connection.execute("set enable_external_access = false")
        views = connection.execute(
            "select schema_name, view_name from duckdb_views() "
            "where not internal and database_name = current_database() order by all"
        ).fetchall()
        for schema, name in views:
            _bind(connection, f'"{schema}"."{name}"')


def _bind(connection: duckdb.DuckDBPyConnection, view: str) -> None:
    try:
        connection.execute(f"select * from {view} limit 0")
    except duckdb.Error as error:
        raise EvidenceError(
            f"View {view} cannot be read from the release alone ({str(error).splitlines()[0]}). "
            "Nothing was published; the current release is as it was."
        ) from error


def run_of(warehouse: Path) -> dict[str, Any]:
    """What the last build was: as_of, period_start, run_id, code_revision.

    Raises UsageError where it did not end: half a build is never published.
    """
    columns = ("as_of", "period_start", "run_id", "code_revision", "is_sandbox")
    try:
        with database.connect(warehouse, is_read_only=True) as connection:
            row = connection.execute(f"select {', '.join(columns)} from ops.run").fetchone()
            unseen = connection.execute(
                "select (select count(*) from ops.receipts where is_new) + (select count(*) from "
                "(select source_id, stream, day, verdict, grade from ops.verdicts except "
                "select source_id, stream, day, verdict, grade from ops.built_verdicts))"
            ).fetchone()
    except duckdb.Error as error:
        raise UsageError(
            f"{warehouse}: the last build did not end ({str(error).splitlines()[0]}). {_UNBUILT}"
        ) from error
    if row is None or unseen is None or unseen[0]:
        raise UsageError(f"{warehouse}: the last build did not end. {_UNBUILT}")
    found = dict(zip(columns, row, strict=True))
    return {**found, "as_of": row[0].isoformat(), "period_start": row[1].isoformat()}


def contents(copy: Path) -> dict[str, list[dict[str, Any]]]:
    """Every table with its rows and, where it holds findings, the hash of its content.

    The hash is SHA-256 over the sorted SHA-256 of each row's JSON: free of row order and of the
    file's own layout.
    """
    with database.connect(copy, is_read_only=True) as connection:
        names = [
            f"{schema}.{name}"
            for schema, name in connection.execute(
                "select schema_name, table_name from duckdb_tables() "
                "where not internal and database_name = current_database() order by all"
            ).fetchall()
        ]
    # Tables of this size are read by one thread each; two at a time keep both cores busy.
    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(lambda half: _tables(copy, half), (names[::2], names[1::2]))
        stated = sorted((table for half in halves for table in half), key=itemgetter("table"))
    return {
        "tables": [table for table in stated if table["table"] not in BUILD_TABLES],
        "build_tables": [table for table in stated if table["table"] in BUILD_TABLES],
    }


def _tables(copy: Path, names: list[str]) -> list[dict[str, Any]]:
    """Through a connection of its own: a cursor would not have our time zone."""
    with database.connect(copy, is_read_only=True) as connection:
        return [_table(connection, name) for name in names]


def _table(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, Any]:
    relation = ".".join(f'"{part}"' for part in table.split("."))
    if table in BUILD_TABLES:
        found = connection.execute(f"select count(*) from {relation}").fetchone()
        return {"table": table, "rows": (found or (0,))[0]}
    rows, digest = connection.execute(
        f"select count(*), sha256(coalesce(string_agg(h, '' order by h), '')) "
        f"from (select sha256(cast(to_json(t) as varchar)) as h from {relation} as t)"
    ).fetchone() or (0, "")
    return {"table": table, "rows": rows, "content_sha256": digest}


def inputs(home: Store, copy: Path) -> dict[str, Any]:
    """What the build was made of: the receipts that it has read, their outcomes, its version.

    Raises EvidenceError where a receipt that it has read is no longer in the locker.
    """
    with database.connect(copy, is_read_only=True) as connection:
        read = connection.execute(
            "select source_id, count(*), max(sequence) from ops.receipts "
            "group by source_id order by source_id"
        ).fetchall()
        version = connection.execute("select version from ops.warehouse").fetchone()
        ids = {row[0] for row in connection.execute(RECEIPT_IDS).fetchall()}
    return {
        "receipts": [
            {"source_id": source, "count": count, "sequence": last,
             "hash": _receipt_hash(home, source, last)}
            for source, count, last in read
        ],
        "outcomes_sha256": expectations.digest(home, ids),
        "warehouse_version": version[0] if version else None,
    }  # fmt: skip


def _receipt_hash(home: Store, source_id: str, sequence: int) -> str:
    path = receipt_path(source_id, sequence)
    try:
        return str(json.loads(home.read(path))["hash"])
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise EvidenceError(
            f"{path}: the warehouse was built on this receipt, and it cannot be read. Nothing was "
            "published. `muniment verify` says more."
        ) from error


def write_results(copy: Path, folder: Path) -> list[Path]:
    """The release's results and verdicts as Parquet, each with the day it was first found."""
    written = []
    with database.connect(copy, is_read_only=True) as connection:
        for kind, (relation, keys, _) in KINDS.items():
            out = folder / f"{kind}.parquet"
            connection.execute(
                f"copy (select found.*, known.first_found_on "
                f"from {relation} as found left join {first_found(kind)} as known "
                f"on {same_finding(keys, 'known', 'found')} order by all) "
                f"to '{out}' (format parquet, compression zstd)"
            )
            written.append(out)
    return written


def file_sha256(path: Path) -> str:
    """SHA-256 of one local file, hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
