"""Frozen results: what was found, with the day it was first found, outliving the raw rows.

One Parquet file a release holds the outcomes and verdicts that no earlier release held. A rebuilt
warehouse reads them back, so first-found dates survive full refreshes, corrections and purges.
"""

from __future__ import annotations

import duckdb

from muniment import database, receipts, releases
from muniment.errors import EvidenceError, MachineError
from muniment.settings import Settings
from muniment.storage import Store
from muniment.warehouse import WAREHOUSE_PATH

#: kind -> relation, the columns that make two findings the same, what else is kept
KINDS = {
    "results": (
        "marts.fct_test_results",
        ("test_id", "leg_id", "unit_key", "outcome", "reason_code"),
        (
            "reason",
            "severity",
            "effective_on",
            "counts_from",
            "counts_to",
            "attributes",
            "person_id",
            "vendor_id",
            "record_keys",
        ),
    ),
    "verdicts": ("ops.verdicts", ("source_id", "stream", "day", "verdict"), ("grade", "reason")),
}


def same_finding(keys: tuple[str, ...], one: str, other: str) -> str:
    """SQL: whether the rows of two aliases are one finding."""
    return " and ".join(f"{one}.{key} is not distinct from {other}.{key}" for key in keys)


def first_found(kind: str) -> str:
    """SQL: a relation of the findings of a kind with the day each was first found."""
    keys = ", ".join(KINDS[kind][1])
    table = f"ops.frozen_{kind}"
    return f"(select {keys}, min(first_found_on) as first_found_on from {table} group by all)"


def files(number: int) -> list[str]:
    """Where a release's new findings lie in the home."""
    return [_file(kind, number) for kind in KINDS]


def _file(kind: str, number: int) -> str:
    return f"frozen/{kind}/{number:08d}.parquet"


def freeze(settings: Settings, number: int) -> None:
    """Writes `frozen/<kind>/<release>.parquet` with what is new in this release.

    The warehouse keeps the same rows in `ops.frozen_<kind>` so that a day's cost does not grow
    with the number of files. Safe to repeat for the same number. Leaves the warehouse closed and
    whole in its one file; raises MachineError where it is not, EvidenceError where what an earlier
    release froze is missing or changed.
    """
    warehouse = settings.home.local_path(WAREHOUSE_PATH)
    with database.connect(warehouse) as connection:
        for kind in KINDS:
            _freeze_kind(connection, settings.home, kind, number)
        connection.execute("checkpoint")
    if warehouse.with_name(warehouse.name + ".wal").exists():
        raise MachineError(
            f"{warehouse} is still open elsewhere: a copy would miss its last writes. Nothing was "
            "published; end the other process and publish again."
        )


def _freeze_kind(
    connection: duckdb.DuckDBPyConnection, home: Store, kind: str, number: int
) -> None:
    relation, keys, others = KINDS[kind]
    table = f"ops.frozen_{kind}"
    columns = ", ".join((*keys, *others))
    connection.execute(
        f"create table if not exists {table} as select {columns}, date '1970-01-01' as "
        f"first_found_on, 0::integer as first_release from {relation} limit 0"
    )
    connection.execute(f"delete from {table} where first_release >= ?", [number])
    _restore(connection, home, kind, number)
    connection.execute(
        f"insert into {table} select {columns}, (select as_of from ops.run), ? "
        f"from {relation} as fresh "
        f"where not exists (from {table} as known where {same_finding(keys, 'known', 'fresh')})",
        [number],
    )
    _write(connection, home, kind, number)


def _restore(connection: duckdb.DuckDBPyConnection, home: Store, kind: str, number: int) -> None:
    """Reads back what earlier releases froze and this warehouse lacks: all, after a rebuild."""
    table = f"ops.frozen_{kind}"
    known = connection.execute(f"select coalesce(max(first_release), 0) from {table}").fetchone()
    last = int(known[0]) if known else 0
    missing = [earlier for earlier in releases.sealed_numbers(home) if last < earlier < number]
    files = [home.uri(_sound(home, _file(kind, earlier), earlier)) for earlier in missing]
    if files:
        # a release of before knows fewer columns
        connection.execute(
            f"insert into {table} by name from read_parquet(?, union_by_name = true)", [files]
        )


def _sound(home: Store, path: str, number: int) -> str:
    """The path again; EvidenceError where it is not the file that its release was sealed with."""
    sealed = releases.manifest_of(home, number)["files"].get(path)
    if not home.exists(path) or receipts.file_sha256(home, path) != sealed:
        raise EvidenceError(
            f"{home.url}/{path} is not what release {number} froze: it is missing or was changed. "
            "Without it, what was found then would count as found today. Nothing was published; "
            "bring the file back from a backup. `muniment verify` says more."
        )
    return path


def _write(connection: duckdb.DuckDBPyConnection, home: Store, kind: str, number: int) -> None:
    with home.scratch() as scratch:
        out = scratch / "frozen.parquet"
        connection.execute(
            f"copy (select * from ops.frozen_{kind} where first_release = {number} order by all) "
            f"to '{out}' (format parquet, compression zstd)"
        )
        home.put_file(out, _file(kind, number))
