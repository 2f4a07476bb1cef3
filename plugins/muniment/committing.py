"""Commit: gives a collection its receipt, the last thing that is written of it.

It fixes the records of one indexed collection (sidecar, Merkle root), takes the next place in the
source's chain by exclusive creation, and only then removes the pending collection. Killed anywhere
and repeated, it ends with one receipt.
"""

from __future__ import annotations

from typing import Any

from muniment import sidecars
from muniment.collection import FORMAT_VERSION, Collection, canonical, collection_from_json
from muniment.commitment import Commitment
from muniment.errors import EvidenceError
from muniment.receipts import (
    NO_HASH,
    Receipt,
    bronze_path,
    file_sha256,
    latest,
    newest_first,
    own_hash,
    read_json,
    receipt_from_json,
    sidecar_path,
)
from muniment.settings import Settings
from muniment.storage import Store

COLLECTIONS = "locker/collections"


class NotPendingError(EvidenceError):
    """No collection of this id waits: it has its receipt, or was never written."""


def commit(settings: Settings, source_id: str, receipt_id: str) -> Receipt:
    """Fixes an indexed collection's records and writes its receipt; safe to repeat.

    Raises EvidenceError where the collection was never written or Bronze is not as indexed.
    """
    store = settings.home
    last = latest(store, source_id)
    is_begun = store.exists(sidecar_path(source_id, receipt_id))  # always older than the receipt
    checked = 0 if is_begun or last is None else last.sequence
    data = _pending(store, source_id, receipt_id)  # goes only after its receipt is written
    committed = _find(store, source_id, receipt_id, checked)
    if committed is None:
        if data is None:
            raise _not_pending(source_id, receipt_id)
        counts = _read_counts(store, source_id, receipt_id)
        commitment = _fix_records(store, source_id, receipt_id, counts["bronze_sha256"])
        committed = _append(store, {**data, **_facts(counts, commitment)}, checked)
    store.delete(f"{COLLECTIONS}/{source_id}/{receipt_id}.json")
    return committed


def pending(store: Store, source_id: str) -> list[str]:
    """Receipt ids of collections that wait for index and commit, oldest first.

    One that cannot be read is the last: whoever takes it up is told.
    """
    waiting = []
    for name in store.list(f"{COLLECTIONS}/{source_id}"):
        receipt_id = name.removesuffix(".json")
        try:
            data = _pending(store, source_id, receipt_id)
        except EvidenceError:
            waiting.append((True, "", receipt_id))
            continue
        if data is not None:  # else: committed by another run since
            waiting.append((False, str(data["started_at"]), receipt_id))
    return [receipt_id for *_, receipt_id in sorted(waiting)]


def pending_collection(store: Store, source_id: str, receipt_id: str) -> Collection:
    """One collection that waits for its receipt.

    Raises NotPendingError where there is none, EvidenceError where it cannot be read.
    """
    data = _pending(store, source_id, receipt_id)
    if data is None:
        raise _not_pending(source_id, receipt_id)
    return collection_from_json(data)


def _append(store: Store, body: dict[str, Any], checked: int) -> Receipt:
    """Takes the next place in the chain, unless another commit has brought this collection in.

    checked: up to this place, the chain is known not to hold it.
    """
    while True:
        last = latest(store, body["source_id"])
        committed = _find(store, body["source_id"], body["receipt_id"], checked)
        if committed is not None:
            return committed
        checked = last.sequence if last else 0
        data = {
            **body,
            "sequence": checked + 1,
            "previous_hash": last.hash if last else NO_HASH,
        }
        data["hash"] = own_hash(data)
        receipt = receipt_from_json(data)
        try:
            store.create(receipt.path, canonical(data))
        except FileExistsError:
            continue  # another commit took the place
        return receipt


def _find(store: Store, source_id: str, receipt_id: str, after: int) -> Receipt | None:
    """The receipt of this id among those that come after a place in the chain."""
    for receipt in newest_first(store, source_id):
        if receipt.sequence <= after:
            return None
        if receipt.receipt_id == receipt_id:
            return receipt
    return None


def _fix_records(store: Store, source_id: str, receipt_id: str, bronze_sha256: str) -> Commitment:
    bronze = bronze_path(source_id, receipt_id)
    if not store.exists(bronze) or file_sha256(store, bronze) != bronze_sha256:
        raise EvidenceError(
            f"{source_id}, collection {receipt_id}: the Bronze file is missing or is not the one "
            "that was indexed. The objects are kept; run `muniment index`, then commit again."
        )
    return sidecars.fix(store, bronze, sidecar_path(source_id, receipt_id), bronze_sha256)


def _facts(counts: dict[str, Any], commitment: Commitment) -> dict[str, Any]:
    if sum(counts["records"].values()) != commitment.leaf_count:
        raise EvidenceError(
            f"Collection {counts['receipt_id']}: index counted {counts['records']}, Bronze holds "
            f"{commitment.leaf_count} records. Nothing was committed; run `muniment index` again."
        )
    names = ("records", "quarantined", "duplicates", "event_hours", "bronze_sha256")
    return {
        **{name: counts[name] for name in names},
        "quarantine_sha256": counts.get("quarantine_sha256"),
        "leaf_count": commitment.leaf_count,
        "records_root": commitment.records_root,
        "format_version": FORMAT_VERSION,
    }


def _pending(store: Store, source_id: str, receipt_id: str) -> dict[str, Any] | None:
    path = f"{COLLECTIONS}/{source_id}/{receipt_id}.json"
    try:
        data = read_json(store, path)
        collection_from_json(data)
    except FileNotFoundError:
        return None
    except ValueError:  # other text, or other JSON
        raise EvidenceError(
            f"{path} is not the collection that was written. Bring it back from a backup."
        ) from None
    return data


def _not_pending(source_id: str, receipt_id: str) -> NotPendingError:
    return NotPendingError(
        f"{source_id}: no collection {receipt_id} waits for a receipt. Collect again."
    )


def _read_counts(store: Store, source_id: str, receipt_id: str) -> dict[str, Any]:
    try:
        return read_json(store, f"index/{source_id}/{receipt_id}.json")
    except FileNotFoundError as error:
        raise EvidenceError(
            f"{source_id}: collection {receipt_id} was not indexed; run `muniment index` first."
        ) from error
    except ValueError as error:
        raise EvidenceError(
            f"{source_id}, collection {receipt_id}: index/{source_id}/{receipt_id}.json cannot be "
            "read. The objects are kept; run `muniment index`, then commit again."
        ) from error
