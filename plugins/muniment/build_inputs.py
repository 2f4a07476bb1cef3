"""What a build is told before dbt runs: the `ops` tables, and views over Bronze.

The columns are the contract with dbt (`dbt_project/models/sources.yml`). `ops.receipts` is kept
from build to build, so that only receipts which came since then are read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb

from muniment import bronze_views, former, verdicts
from muniment.collection import canonical, day_of
from muniment.receipts import FOLDER, Receipt, newest_first
from muniment.revision import code_revision
from muniment.settings import Settings, SourceConfig
from muniment.sources import discover
from muniment.storage import Store

#: kept from build to build
KEPT = {
    "receipts": (
        "receipt_id VARCHAR, source_id VARCHAR, kind VARCHAR, sequence BIGINT, tenant VARCHAR, "
        "received_at TIMESTAMP, window_start DATE, window_end DATE, is_new BOOLEAN, "
        "is_sandbox BOOLEAN, bronze_sha256 VARCHAR"
    ),
    "receipt_streams": (
        "receipt_id VARCHAR, source_id VARCHAR, kind VARCHAR, stream VARCHAR, records BIGINT"
    ),
    "built_verdicts": (
        "source_id VARCHAR, stream VARCHAR, day DATE, verdict VARCHAR, grade VARCHAR"
    ),
}
#: written anew by every build
FRESH = {
    "run": (
        "as_of DATE, period_start DATE, run_id VARCHAR, code_revision VARCHAR, "
        "is_sandbox BOOLEAN, is_full_refresh BOOLEAN"
    ),
    "sources": (
        "source_id VARCHAR, kind VARCHAR, entity VARCHAR, system VARCHAR, is_required BOOLEAN, "
        "mode VARCHAR, scanner_types VARCHAR[], options JSON"
    ),
    "source_streams": "source_id VARCHAR, kind VARCHAR, stream VARCHAR",
    "kind_streams": "kind VARCHAR, stream VARCHAR",
    "verdicts": ", ".join(f"{name} {kind}" for name, kind in verdicts.COLUMNS.items()),
    "previous_units": (
        "test_id VARCHAR, effective_on DATE, hangs_from DATE, hangs_to DATE, has_pending BOOLEAN"
    ),
    "failed_tests": "test_id VARCHAR, message VARCHAR",
}


def write(
    connection: duckdb.DuckDBPyConnection, settings: Settings, as_of: date, run_id: str, *,
    is_full_refresh: bool,
) -> None:  # fmt: skip
    """Writes every input of dbt in one transaction; former sources are judged like the others."""
    settings = former.included(settings)
    connection.begin()
    for schema in ("ops", "bronze"):
        connection.execute(f"create schema if not exists {schema}")
    for name, columns in KEPT.items():
        connection.execute(f"create table if not exists ops.{name} ({columns})")
    for name, columns in FRESH.items():
        connection.execute(f"create or replace table ops.{name} ({columns})")
    _write_sources(connection, settings)
    _write_receipts(connection, settings.home)
    _write_verdicts(connection, settings.home, as_of)
    _write_previous_units(connection)
    connection.execute(
        "insert into ops.run select $1, coalesce((select min(day) from ops.verdicts), $1), "
        "$2, $3, $4 or exists (from ops.receipts where is_sandbox), $5",
        [as_of, run_id, code_revision(), settings.is_sandbox, is_full_refresh],
    )
    bronze_views.write(connection, settings.home)
    connection.commit()


def fingerprint(settings: Settings) -> str:
    """SHA-256 (hex) of what the configured sources mean to a build."""
    rows = [
        (*_source_row(settings, source), source.retired and source.retired.model_dump(mode="json"))
        for source in settings.sources
    ]
    return hashlib.sha256(canonical([settings.is_sandbox, rows])).hexdigest()


def count_new(connection: duckdb.DuckDBPyConnection) -> int:
    """Receipts that no successful build has seen."""
    row = connection.execute("select count(*) from ops.receipts where is_new").fetchone()
    return int(row[0]) if row else 0


def new_kinds(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Kinds of the receipts that no successful build has seen."""
    rows = connection.execute("select distinct kind from ops.receipts where is_new").fetchall()
    return {kind for (kind,) in rows}


def known_kinds(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Kinds of which something was ever received."""
    rows = connection.execute("select distinct kind from ops.receipts order by kind").fetchall()
    return [kind for (kind,) in rows]


def count_unplaced(connection: duckdb.DuckDBPyConnection) -> int:
    """Scan runs of the built warehouse that belong to no asset."""
    row = connection.execute(
        "select count(*) from intermediate.int_scan_runs where asset_id is null"
    ).fetchone()
    return int(row[0]) if row else 0


def record_built(connection: duckdb.DuckDBPyConnection) -> None:
    """What this build has seen need not be looked at again; one transaction."""
    connection.begin()
    connection.execute("update ops.receipts set is_new = false where is_new")
    connection.execute("delete from ops.built_verdicts")
    connection.execute(
        "insert into ops.built_verdicts select source_id, stream, day, verdict, grade "
        "from ops.verdicts"
    )
    connection.commit()


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(f"insert into ops.{table} values ({marks})", rows)


def _write_sources(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    kinds = discover()
    _insert(connection, "sources", [_source_row(settings, source) for source in settings.sources])
    _insert(
        connection,
        "source_streams",
        [
            (source.id, source.kind, stream)
            for source in settings.sources
            for stream in kinds[source.kind].spec.ledger_streams(settings.options(source))
        ],
    )
    _insert(
        connection,
        "kind_streams",
        sorted(
            {
                (kind, stream)
                for kind, connector in kinds.items()
                for streams in connector.spec.feeds.values()
                for stream in streams
            }
        ),
    )


def _source_row(settings: Settings, source: SourceConfig) -> tuple[Any, ...]:
    spec = settings.connector(source).spec
    options = settings.options(source).model_dump(mode="json")
    scanner_types = options.get("scanner_types") or list(spec.scanner_types)
    return (
        source.id, source.kind, settings.entity(source), source.system, source.required,
        spec.mode, scanner_types, json.dumps(options),
    )  # fmt: skip


def _write_receipts(connection: duckdb.DuckDBPyConnection, home: Store) -> None:
    known = dict(
        connection.execute(
            "select source_id, max(sequence) from ops.receipts group by source_id"
        ).fetchall()
    )
    fresh = [
        receipt
        for source_id in home.folders(FOLDER)
        for receipt in _newer(home, source_id, known.get(source_id, 0))
    ]
    _insert(
        connection,
        "receipts",
        [
            (
                item.receipt_id, item.source_id, item.kind, item.sequence,
                item.origin.tenant if item.origin else None,
                item.finished_at or item.started_at,
                day_of(item.window_start), day_of(item.window_end), True, item.is_sandbox,
                item.bronze_sha256,
            )
            for item in fresh
        ],
    )  # fmt: skip
    _insert(
        connection,
        "receipt_streams",
        [
            (item.receipt_id, item.source_id, item.kind, stream, count)
            for item in fresh
            for stream, count in item.records.items()
        ],
    )


def _newer(home: Store, source_id: str, sequence: int) -> Iterator[Receipt]:
    for receipt in newest_first(home, source_id):
        if receipt.sequence <= sequence:
            return
        yield receipt


def _write_verdicts(connection: duckdb.DuckDBPyConnection, home: Store, as_of: date) -> None:
    """The ledger up to `as_of`; a state source's newest snapshot may belong to the day after."""
    if not home.exists(verdicts.PATH):
        return
    connection.execute(
        "insert into ops.verdicts by name select ledger.* from read_parquet($path) as ledger "
        "left join ops.sources as sources using (source_id) "
        "where day <= $as_of::date + if(sources.mode = 'state', 1, 0)",
        {"path": home.uri(verdicts.PATH), "as_of": as_of},
    )


def _write_previous_units(connection: duckdb.DuckDBPyConnection) -> None:
    built = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'control_tests'"
    ).fetchall()
    for (name,) in built:
        connection.execute(
            "insert into ops.previous_units select test_id, effective_on, min(hangs_from), "
            f"max(hangs_to), bool_or(outcome = 'PENDING') from control_tests.{name} "
            "group by test_id, effective_on"
        )
