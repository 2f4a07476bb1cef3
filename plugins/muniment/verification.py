"""Verification: recompute every hash, chain, proof and signature of a home; trust nothing.

Every check names the first thing that does not fit and goes on with the next chain, object or
receipt, so that one flipped bit does not hide another.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb

from muniment import committing, continuity, rebuilt, receipts, recomputed
from muniment.collection import Collection, canonical
from muniment.commitment import commitment_of, first_difference
from muniment.database import connect
from muniment.errors import EvidenceError, UsageError
from muniment.findings import Finding, VerifyReport
from muniment.locker import Locker
from muniment.receipts import Receipt
from muniment.settings import Settings
from muniment.sources import discover
from muniment.storage import Store


def verify(
    settings: Settings, against: Path | None = None, *, is_deep: bool = False
) -> VerifyReport:
    """Checks the whole home; `against`: a checkpoint file that was kept elsewhere.

    is_deep: also makes the newest release again from nothing (see `rebuilt`). Raises UsageError
    where `against` is not a checkpoint file, or nothing can be compared with that release.
    """
    home = settings.home
    kept = continuity.read_kept(home, against)
    report = VerifyReport()
    chains = {source: _Chain.read(home, source) for source in home.folders(receipts.FOLDER)}
    sound = [receipt for chain in chains.values() for receipt in chain.receipts]
    for chain in chains.values():
        report.findings += chain.findings
    report.findings += _check_objects(home, sound)
    with connect() as connection:
        for receipt in sound:
            report.findings += _check_records(connection, home, receipt)
            report.findings += _check_quarantine(connection, home, receipt)
    hashes = {source: chain.hashes for source, chain in chains.items()}
    continuity.check(home, hashes, kept, report)
    report.findings += continuity.check_current(settings)
    recomputed.check(settings, report)
    if is_deep:
        rebuilt.check(settings, report)
    report.checked = {
        "receipts": len(sound),
        "objects": len({item.sha256 for receipt in sound for item in receipt.objects}),
        "records": sum(receipt.leaf_count for receipt in sound),
        **report.checked,
    }
    _list_unfinished(home, sound, report)
    return report


@dataclass
class _Chain:
    """One source's chain as found: receipts that can be read, hashes by sequence, findings."""

    receipts: list[Receipt]
    hashes: dict[int, str]
    findings: list[Finding]

    @classmethod
    def read(cls, home: Store, source_id: str) -> _Chain:
        chain = cls([], {}, [])
        folder = f"{receipts.FOLDER}/{source_id}"
        expected, previous = 1, receipts.NO_HASH
        seen: set[str] = set()
        for name in home.list(folder):
            path = f"{folder}/{name}"
            try:
                receipt = _read_receipt(home, path)
            except EvidenceError as error:
                chain.findings.append(Finding("receipt", path, str(error)))
                expected, previous = expected + 1, ""
                continue
            misfit = _misfit(receipt, path, expected, previous, seen)
            if misfit:
                chain.findings.append(misfit)
            if receipt.path == path:  # another's files are not looked for in this one's name
                chain.receipts.append(receipt)
            chain.hashes[receipt.sequence] = receipt.hash
            seen.add(receipt.receipt_id)
            expected, previous = receipt.sequence + 1, receipt.hash
        return chain


def _read_receipt(home: Store, path: str) -> Receipt:
    raw = home.read(path)
    try:
        receipt = receipts.decoded(raw)
        data = json.loads(raw)
        own_hash, form = receipts.own_hash(data), canonical(data)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"cannot be read as a receipt ({error!r})") from error
    if own_hash != receipt.hash:
        raise EvidenceError("its contents do not have the hash that it states: it was edited")
    if form != raw:
        raise EvidenceError("it is not in the form in which it was written: it was edited")
    return receipt


def _misfit(
    receipt: Receipt, path: str, expected: int, previous: str, seen: set[str]
) -> Finding | None:
    """Why a receipt that is sound in itself does not fit at its place; None where it does."""
    if receipt.path != path:
        return Finding("receipt", path, f"another lies in its place: {receipt.path}")
    if receipt.sequence != expected:
        missing = receipts.receipt_path(receipt.source_id, expected)
        return Finding("receipt", missing, f"it is missing; the next that is there is {path}")
    if previous and receipt.previous_hash != previous:
        return Finding("receipt", path, "it follows another receipt than the one before it")
    if receipt.receipt_id in seen:
        return Finding("receipt", path, f"receipt id {receipt.receipt_id} is there twice")
    return None


def _check_objects(home: Store, sound: list[Receipt]) -> list[Finding]:
    locker, findings, seen = Locker(home), [], set()
    for receipt in sound:
        for item in receipt.objects:
            if item.sha256 in seen:
                continue
            seen.add(item.sha256)
            try:
                digest, size = locker.digest(item.sha256)
            except (EvidenceError, UsageError):
                findings.append(
                    Finding("object", item.sha256, f"it is missing; {receipt.path} names it")
                )
                continue
            if (digest, size) != (item.sha256, item.size):
                found = f"its bytes now hash to {digest} ({size} bytes, {item.size} in the receipt)"
                findings.append(Finding("object", item.sha256, f"{found}; {receipt.path} names it"))
    return findings


def _check_records(
    connection: duckdb.DuckDBPyConnection, home: Store, receipt: Receipt
) -> list[Finding]:
    bronze = receipts.bronze_path(receipt.source_id, receipt.receipt_id)
    sidecar = receipts.sidecar_path(receipt.source_id, receipt.receipt_id)
    for path in (bronze, sidecar):
        if not home.exists(path):
            return [Finding("record", path, f"the file is missing; {receipt.path} needs it")]
    is_bronze_same = receipts.file_sha256(home, bronze) == receipt.bronze_sha256
    try:
        key = first_difference(connection, home.uri(bronze), home.uri(sidecar))
        if key is not None:
            at = sidecar if is_bronze_same else bronze
            return [Finding("record", key, f"{at} does not hold what {receipt.path} fixed")]
        commitment = commitment_of(connection, home.uri(sidecar))
        counted = _count(connection, home.uri(bronze))
    except (duckdb.Error, EvidenceError) as error:
        at = sidecar if is_bronze_same else bronze
        return [Finding("record", at, f"cannot be read as {receipt.path} needs it ({error})")]
    if (commitment.leaf_count, commitment.records_root) != (
        receipt.leaf_count,
        receipt.records_root,
    ):
        at = sidecar if is_bronze_same else bronze
        return [Finding("record", at, f"does not lead to the records_root of {receipt.path}")]
    if not is_bronze_same:
        return [Finding("record", bronze, f"the file is not the one that {receipt.path} fixed")]
    if counted != {stream: count for stream, count in receipt.records.items() if count}:
        return [Finding("record", bronze, f"holds {counted}, {receipt.path} states another count")]
    return []


def _count(connection: duckdb.DuckDBPyConnection, bronze: str) -> dict[str, int]:
    rows = connection.execute(
        "select stream, count(*) from read_parquet(?) group by all", [bronze]
    ).fetchall()
    return {str(stream): int(count) for stream, count in rows}


def _check_quarantine(
    connection: duckdb.DuckDBPyConnection, home: Store, receipt: Receipt
) -> list[Finding]:
    """The file that the receipt fixed, holding as many rows as it counts.

    A bad line counts once for its stream; a bad document once for every stream it feeds.
    """
    path = f"quarantine/{receipt.source_id}/{receipt.receipt_id}.parquet"
    stated = Counter({stream: n for stream, n in receipt.quarantined.items() if n})
    if not home.exists(path):
        if stated:
            return [Finding("quarantine", path, f"missing; {receipt.path} counts {stated.total()}")]
        return []
    found: Counter[str] = Counter()
    try:
        spec = discover()[receipt.kind].spec
        rows = connection.execute(
            "select shape, is_whole_object, count(*) from read_parquet(?) group by all",
            [home.uri(path)],
        ).fetchall()
        for name, is_whole_object, count in rows:
            shape = spec.shape(name)
            for stream in {shape.stream, (is_whole_object and shape.rest) or shape.stream}:
                found[stream] += count
    except (duckdb.Error, KeyError) as error:
        return [Finding("quarantine", path, f"cannot be read ({error})")]
    if found != stated:
        return [
            Finding("quarantine", path, f"{dict(found)}, but {receipt.path} states {dict(stated)}")
        ]
    if receipts.file_sha256(home, path) != receipt.quarantine_sha256:
        return [Finding("quarantine", path, f"the file is not the one that {receipt.path} fixed")]
    return []


def _list_unfinished(home: Store, sound: list[Receipt], report: VerifyReport) -> None:
    waiting: list[Collection] = []
    for source_id in home.folders(committing.COLLECTIONS):
        for receipt_id in committing.pending(home, source_id):
            report.pending.append(f"{source_id}/{receipt_id}")
            try:
                waiting.append(committing.pending_collection(home, source_id, receipt_id))
            except EvidenceError as error:
                path = f"{committing.COLLECTIONS}/{source_id}/{receipt_id}.json"
                report.findings.append(Finding("collection", path, str(error)))
    report.orphans = Locker(home).orphans([*sound, *waiting])
