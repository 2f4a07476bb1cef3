"""Index: one collection's objects become one Bronze file, and what was unreadable quarantine.

Received = Bronze + quarantined, checked before anything is written. Safe to repeat: the counts
are written last, and while they fit their Bronze file nothing is read again.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import duckdb

from muniment import committing, receipts
from muniment.bronze import batch, parquet, selects, tally
from muniment.bronze.batch import Wanted
from muniment.bronze.part import Part, relation
from muniment.bronze.reader import Reader
from muniment.bronze.selects import BRONZE_VERSION, COLUMNS
from muniment.bronze.tally import IndexCounts
from muniment.collection import Collection, canonical
from muniment.database import connect, literal
from muniment.errors import EvidenceError
from muniment.locker import Locker
from muniment.settings import Settings
from muniment.sources import discover
from muniment.storage import Store

__all__ = ["BRONZE_VERSION", "COLUMNS", "IndexCounts", "empty_file", "index", "index_path"]

_WORKERS = 2
_QUARANTINE = (
    "bronze_version integer, source_id varchar, receipt_id varchar, object_sha256 varchar, "
    "shape varchar, line bigint, byte_offset bigint, bytes blob, reason varchar, "
    "is_whole_object boolean"
)


def index_path(source_id: str, receipt_id: str) -> str:
    """Where the counts of one index run lie in the home."""
    return f"index/{source_id}/{receipt_id}.json"


def quarantine_path(source_id: str, receipt_id: str) -> str:
    """Where the unreadable records of one receipt lie in the home."""
    return f"quarantine/{source_id}/{receipt_id}.parquet"


def index(settings: Settings, source_id: str, receipt_id: str) -> IndexCounts:
    """Indexes one pending collection, or a receipt's again; returns its counts.

    The same objects give the same Bronze file, byte for byte, as long as this code and DuckDB are
    the same. Raises EvidenceError where the locker does not hold an object as named or a record
    went missing, MachineError where this machine fails.
    """
    home = settings.home
    if (known := _known(home, source_id, receipt_id)) is not None:
        return known
    collection = _collection(home, source_id, receipt_id)
    with home.scratch() as folder:
        parts = _read(home, collection, folder)
        counts = _write(home, collection, parts, folder)
    home.replace(index_path(source_id, receipt_id), canonical(counts.to_json()))
    return counts


def empty_file(path: Path) -> None:
    """Writes a Bronze file with the columns and no row, for a source that has nothing yet."""
    columns = ", ".join(f"null::{kind} as {name}" for name, kind in COLUMNS.items())
    with connect() as connection:
        parquet.copy(connection, f"select {columns} limit 0", path)


def _known(home: Store, source_id: str, receipt_id: str) -> IndexCounts | None:
    """The counts of an earlier run, where they still fit what it wrote, and its version."""
    path = index_path(source_id, receipt_id)
    bronze = receipts.bronze_path(source_id, receipt_id)
    if not (home.exists(path) and home.exists(bronze)):
        return None
    try:
        counts = IndexCounts(**json.loads(home.read(path)))
    except (TypeError, ValueError):  # damaged, or of another version: made again
        return None
    quarantine = quarantine_path(source_id, receipt_id)
    fits = (
        counts.bronze_version == BRONZE_VERSION
        and receipts.file_sha256(home, bronze) == counts.bronze_sha256
        and receipts.sha256_if_there(home, quarantine) == counts.quarantine_sha256
    )
    return counts if fits else None


def _collection(home: Store, source_id: str, receipt_id: str) -> Collection:
    with suppress(committing.NotPendingError):  # it has its receipt already
        return committing.pending_collection(home, source_id, receipt_id)
    for receipt in receipts.newest_first(home, source_id):
        if receipt.receipt_id == receipt_id:
            return receipt
    raise EvidenceError(
        f"{source_id}: no pending collection and no receipt has the id {receipt_id}. "
        "Nothing was indexed; run `muniment collect` first."
    )


def _read(home: Store, collection: Collection, folder: Path) -> list[Part]:
    """One part for each distinct object and shape, in the collection's order."""
    spec = discover()[collection.kind].spec
    wanted: dict[tuple[str, str], Wanted] = {}
    for item in collection.objects:
        wanted.setdefault((item.sha256, item.shape), (item, spec.shape(item.shape)))
    if not wanted:
        return []
    free: SimpleQueue[Reader] = SimpleQueue()

    def read(at: int, run: list[Wanted]) -> list[Part]:
        reader = free.get()
        try:
            paths = [folder / f"{at:08d}-{no:08d}.parquet" for no in range(len(run))]
            return reader.read_run(run, paths)
        finally:
            free.put(reader)

    runs = list(batch.runs(wanted.values()))
    with ExitStack() as stack:
        for at in range(min(_WORKERS, len(runs))):
            free.put(_reader(stack, home, collection, folder / f"reader-{at}"))
        pool = stack.enter_context(ThreadPoolExecutor(_WORKERS))
        futures = [pool.submit(partial(read, at, run)) for at, run in enumerate(runs)]
        try:
            return [part for future in futures for part in future.result()]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _reader(stack: ExitStack, home: Store, collection: Collection, folder: Path) -> Reader:
    folder.mkdir()
    connection = stack.enter_context(_spilling_to(folder))
    connection.execute("set threads = 1")  # two readers share two cores better than threads do
    # one thread keeps the order by itself; promising it costs a copy of every row
    connection.execute("set preserve_insertion_order = false")
    return Reader(connection, Locker(home), folder, collection.source_id)


def _spilling_to(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection that puts what exceeds its memory into our folder, not the current one."""
    connection = connect()
    connection.execute(f"set temp_directory = {literal(str(folder / 'spilled'))}")
    return connection


def _write(home: Store, collection: Collection, parts: list[Part], folder: Path) -> IndexCounts:
    """Puts the parts together, checks the account, brings both files home."""
    source_id, receipt_id = collection.source_id, collection.receipt_id
    paths = list(dict.fromkeys(str(part.path) for part in parts if part.rows))
    target, unread = folder / "bronze.parquet", folder / "quarantine.parquet"
    with ThreadPoolExecutor(1) as pool, _spilling_to(folder) as connection:
        tallied = pool.submit(_tallied, paths, folder)  # beside the join, not after it
        written = _join(connection, collection, paths, target)
        lost = sum(part.received - len(part.unread) for part in parts) - written
        if lost:
            raise EvidenceError(
                f"{source_id}, collection {receipt_id}: {lost} records more were received than "
                "were indexed or quarantined. Nothing was written; please report this."
            )
        quarantined = tally.quarantined(parts)
        if quarantined:
            _write_quarantine(connection, collection, parts, unread)
        counts = IndexCounts(
            receipt_id=receipt_id,
            bronze_version=BRONZE_VERSION,
            quarantined=quarantined,
            bronze_sha256=_sha256(target),
            quarantine_sha256=_sha256(unread) if quarantined else None,
            **tallied.result(),
        )
    if quarantined:
        home.put_file(unread, quarantine_path(source_id, receipt_id))
    home.put_file(target, receipts.bronze_path(source_id, receipt_id))
    return counts


def _tallied(paths: list[str], folder: Path) -> dict[str, Any]:
    """The counts that are made of the parts' rows."""
    if not paths:
        return {"records": {}, "duplicates": {}, "event_hours": {}}
    own = folder / "tally"
    own.mkdir()
    with _spilling_to(own) as connection:
        return {
            "records": tally.records(connection, paths),
            "duplicates": tally.duplicates(connection, paths),
            "event_hours": tally.event_hours(connection, paths),
        }


def _join(
    connection: duckdb.DuckDBPyConnection, collection: Collection, paths: list[str], target: Path
) -> int:
    """Writes the Bronze file from its parts, in order; returns its rows."""
    if not paths:
        empty_file(target)
        return 0
    parts = relation(paths)
    source_id, receipt_id = collection.source_id, collection.receipt_id
    largest = connection.execute(
        "select max(size_bytes) from (select sum(size_bytes) as size_bytes from (select "
        f"size_bytes, row_number() over () // {parquet.GROUP_ROWS} as group_no from {parts}) "
        "group by group_no)"
    ).fetchall()[0][0]
    select = selects.enveloped(parts, source_id, receipt_id, collection.finished_at)
    rows, _ = parquet.copy(connection, select, target, by_size=largest > parquet.GROUP_BYTES)
    return rows


def _write_quarantine(
    connection: duckdb.DuckDBPyConnection, collection: Collection, parts: list[Part], target: Path
) -> None:
    connection.execute(f"create or replace temp table quarantine ({_QUARANTINE})")
    for part in parts:
        if not part.unread:
            continue
        connection.execute(
            "insert into quarantine select $version, $source, $receipt, $sha256, $shape, "
            "unnest($lines::bigint[]), unnest($offsets::bigint[]), unnest($bytes::blob[]), "
            "unnest($reasons::varchar[]), $whole",
            {
                "version": BRONZE_VERSION, "source": collection.source_id,
                "receipt": collection.receipt_id, "sha256": part.item.sha256,
                "shape": part.shape.name, "whole": part.is_whole_object,
                "lines": [row.line for row in part.unread],
                "offsets": [row.byte_offset for row in part.unread],
                "bytes": [row.bytes for row in part.unread],
                "reasons": [row.reason for row in part.unread],
            },
        )  # fmt: skip
    parquet.copy(connection, "from quarantine", target)


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
