"""What the expectations look at: receipts and Bronze of the collections to be checked, as tables.

`accounts` has a row per receipt and Bronze stream, `proofs` one per receipt and ledger stream, and
each kind has its records, with a column per field that its suite names.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean

import duckdb

from muniment.claims import RECORD_COUNTS, Feed, feeds
from muniment.collection import day_of
from muniment.database import connect, literal
from muniment.receipts import Receipt, bronze_path
from muniment.settings import Settings
from muniment.storage import Store

#: volume is compared with at most this many earlier receipts, and with no fewer than the minimum
BASELINE_RECEIPTS = 28
BASELINE_MINIMUM = 7

_ACCOUNTS = (
    "receipt_id varchar, source_id varchar, stream varchar, counted bigint, stored bigint, "
    "newest_event_age_h double, volume_ratio double"
)
_PROOFS = (
    "receipt_id varchar, source_id varchar, stream varchar, expected bigint, received bigint, "
    "missing bigint, gap_days bigint"
)


@dataclass(frozen=True)
class Subject:
    """One receipt to be checked, with its kind's feeds and the receipts before it in its chain."""

    receipt: Receipt
    feeds: tuple[Feed, ...]
    earlier: tuple[Receipt, ...]


def subjects(
    settings: Settings, chains: dict[str, list[Receipt]], receipt_ids: set[str]
) -> list[Subject]:
    """The receipts of these ids, ready to be laid out as tables."""
    found: list[Subject] = []
    for source in settings.sources:
        spec = settings.connector(source).spec
        streams = spec.ledger_streams(settings.options(source))
        fed = tuple(feeds(spec, streams, settings.is_sandbox))
        chain = chains[source.id]
        for place, receipt in enumerate(chain):
            if receipt.receipt_id in receipt_ids and receipt.failure is None:
                found.append(Subject(receipt, fed, tuple(chain[:place])))
    return found


def lay_out(
    path: Path, store: Store, found: list[Subject], fields: dict[str, set[str]]
) -> dict[str, dict[str, int]]:
    """Writes the tables into a new DuckDB file; returns rows to be expected by table and receipt.

    fields: kind -> JSON pointers that its suite names.
    """
    with connect(path) as connection:
        readable, stored = _stored(connection, store, found)
        connection.begin()  # one write to the disk, not one a row
        accounts = [row for subject in found for row in _accounts(subject, stored)]
        proofs = [row for subject in found for row in _proofs(subject)]
        _fill(connection, "accounts", _ACCOUNTS, accounts)
        _fill(connection, "proofs", _PROOFS, proofs)
        rows = {
            name: dict(Counter(str(row[0]) for row in filled))
            for name, filled in (("accounts", accounts), ("proofs", proofs))
        }
        for kind, pointers in fields.items():
            own = [subject.receipt for subject in found if subject.receipt.kind == kind]
            if own:
                files = [(readable[r.receipt_id], r) for r in own if r.receipt_id in readable]
                _records(connection, kind, files, pointers)
                rows[kind] = {r.receipt_id: sum(r.records.values()) for r in own}
        connection.commit()
    return rows


def _fill(
    connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[tuple[object, ...]]
) -> None:
    connection.execute(f"create table {name} ({columns})")
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(f"insert into {name} values ({marks})", rows)


def _stored(
    connection: duckdb.DuckDBPyConnection, store: Store, found: list[Subject]
) -> tuple[dict[str, str], dict[tuple[str, str], int]]:
    """Address of every receipt's Bronze file, and rows by receipt and stream.

    A file that is missing or cannot be read holds no rows, which its receipt's counts will show;
    so do rows that bear another receipt's id. The hash makes DuckDB read all that checks will look
    at, so that damage is found here, file by file, and not in the middle of everybody's batch.
    """
    readable: dict[str, str] = {}
    stored: dict[tuple[str, str], int] = {}
    for receipt in (subject.receipt for subject in found):
        file = store.uri(bronze_path(receipt.source_id, receipt.receipt_id))
        try:
            rows = connection.execute(
                "select stream, count(*) filter (receipt_id = ?), "
                "bit_xor(hash(native_id, record::varchar)) from read_parquet(?) group by stream",
                [receipt.receipt_id, file],
            ).fetchall()
        except duckdb.OutOfMemoryException:
            raise  # the machine's failure, not the file's
        except duckdb.Error:
            continue
        readable[receipt.receipt_id] = file
        stored |= {(receipt.receipt_id, stream): count for stream, count, _ in rows}
    return readable, stored


def _records(
    connection: duckdb.DuckDBPyConnection, kind: str, files: list[tuple[str, Receipt]],
    pointers: set[str],
) -> None:  # fmt: skip
    """The kind's records; `versions` is 2 where one native id stands for unlike records."""
    if not files:
        names = ["receipt_id", "stream", "native_id", "versions", *sorted(pointers)]
        columns = ", ".join(f"{_name(name)} varchar" for name in names)
        connection.execute(f"create table {_name(kind)} ({columns})")
        return
    alike: dict[tuple[str, ...], list[str]] = {}
    for file, receipt in files:
        places = tuple(_place(receipt, pointer) for pointer in sorted(pointers))
        alike.setdefault(places, []).append(file)
    selects = (
        _select(dict(zip(sorted(pointers), places, strict=True)), own)
        for places, own in alike.items()
    )
    # a table: each field is taken out of the records once, however many checks read it
    connection.execute(f"create table {_name(kind)} as {' union all '.join(selects)}")


def _place(receipt: Receipt, pointer: str) -> str:
    """Where a receipt's records hold a field: a register's columns may be named otherwise."""
    renamed = receipt.configured_as.get("options", {}).get("columns", {}).get(pointer[1:])
    return pointer if renamed is None else "/" + renamed.replace("~", "~0").replace("/", "~1")


def _select(fields: dict[str, str], files: list[str]) -> str:
    """fields: column -> JSON pointer of its value.

    All fields are taken out by one call: a call each parses every record again, and holds what it
    has parsed (a year of pull requests: 1.4 GB instead of 0.3).
    """
    within = "(partition by receipt_id, stream, native_id)"
    names = "".join(f", found[{place}] as {_name(name)}" for place, name in enumerate(fields, 1))
    return (
        "select receipt_id, stream, native_id, case when native_id is not null then "
        f"1 + (min(content) over {within} <> max(content) over {within})::integer end "
        f"as versions{names} from (select receipt_id, stream, native_id, "
        "hash(record::varchar) as content, "
        f"json_extract_string(record, [{', '.join(map(literal, fields.values()))}]::varchar[]) "
        f"as found from read_parquet([{', '.join(map(literal, files))}]))"
    )


def _accounts(subject: Subject, stored: dict[tuple[str, str], int]) -> list[tuple[object, ...]]:
    receipt = subject.receipt
    in_bronze = {stream for receipt_id, stream in stored if receipt_id == receipt.receipt_id}
    return [
        (
            receipt.receipt_id, receipt.source_id, stream, receipt.records.get(stream, 0),
            stored.get((receipt.receipt_id, stream), 0), _age_h(receipt, stream),
            _volume_ratio(subject, stream),
        )
        for stream in sorted({*receipt.records, *in_bronze})
    ]  # fmt: skip


def _age_h(receipt: Receipt, stream: str) -> float | None:
    """Hours from the newest event to the end of the window; None without dated events."""
    hours = receipt.event_hours.get(stream, {})
    if not hours:
        return None
    newest = datetime.fromisoformat(f"{max(hours)}:00").replace(tzinfo=UTC)
    end = datetime.fromisoformat(receipt.window_end).replace(tzinfo=UTC)
    return (end - newest) / timedelta(hours=1)


def _volume_ratio(subject: Subject, stream: str) -> float | None:
    """Records a day against the mean of the receipts before; None without a baseline."""
    sound = [receipt for receipt in subject.earlier if receipt.failure is None]
    before = [_daily(receipt, stream) for receipt in sound[-BASELINE_RECEIPTS:]]
    if len(before) < BASELINE_MINIMUM or not any(before):
        return None
    return _daily(subject.receipt, stream) / fmean(before)


def _daily(receipt: Receipt, stream: str) -> float:
    days = (day_of(receipt.window_end) - day_of(receipt.window_start)).days
    return receipt.records.get(stream, 0) / max(days, 1)


def _proofs(subject: Subject) -> list[tuple[object, ...]]:
    receipt = subject.receipt
    by_stream = {feed.stream: feed for feed in subject.feeds}
    rows: list[tuple[object, ...]] = []
    for proof in receipt.proofs:
        feed = by_stream.get(proof.stream)
        if feed is None:
            continue  # options were narrowed since; the ledger has no such stream any more
        received = feed.count(receipt.records) - feed.count(receipt.duplicates)
        expected = proof.expected if proof.basis in RECORD_COUNTS else None
        missing = None if expected is None else expected - received
        gap_days = _gap_days(subject, feed, proof.first_day)
        rows.append(
            (receipt.receipt_id, receipt.source_id, proof.stream, proof.expected, received,
             missing, gap_days)
        )  # fmt: skip
    return rows


def _gap_days(subject: Subject, feed: Feed, first_day: str) -> int | None:
    """Days between what was proven before and this proof; None for what is read as it stands."""
    ends = [
        day_of(proof.end_day)
        for receipt in subject.earlier
        for proof in receipt.proofs
        if proof.stream == feed.stream
    ]
    if feed.mode != "event" or not ends:
        return None
    return max((day_of(first_day) - max(ends)).days, 0)


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
