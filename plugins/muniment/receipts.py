"""Receipts: what each collection proves, chained per source, written last.

`commit` fixes the records of one indexed collection (sidecar, Merkle root), takes the next place
in the source's chain by exclusive creation, and only then removes the pending collection. Killed
anywhere and repeated, it ends with one receipt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from muniment import sidecars
from muniment.collection import FORMAT_VERSION, Collection, canonical, collection_from_json
from muniment.commitment import Commitment
from muniment.errors import EvidenceError
from muniment.settings import Settings
from muniment.storage import Store

FOLDER = "locker/receipts"
COLLECTIONS = "locker/collections"
#: previous_hash of the first receipt of a chain
NO_HASH = "0" * 64


@dataclass(kw_only=True)
class Receipt(Collection):
    """A collection with its place in the chain, its counts and its commitment.

    records, quarantined, duplicates: per Bronze stream; event_hours: per stream, `YYYY-MM-DDTHH`
    to records. `hash` is SHA-256 of the canonical JSON without it.
    """

    sequence: int
    records: dict[str, int]
    quarantined: dict[str, int]
    duplicates: dict[str, int]
    event_hours: dict[str, dict[str, int]]
    leaf_count: int
    records_root: str
    bronze_sha256: str
    previous_hash: str
    hash: str
    format_version: int

    @property
    def path(self) -> str:
        """Where it lies in the locker."""
        return receipt_path(self.source_id, self.sequence)


_OWN_FIELDS = tuple(
    item.name for item in fields(Receipt) if item.name not in Collection.__dataclass_fields__
)


def receipt_path(source_id: str, sequence: int) -> str:
    """Where the receipt of this place in the chain lies."""
    return f"{FOLDER}/{source_id}/{sequence:08d}.json"


def bronze_path(source_id: str, receipt_id: str) -> str:
    """The Bronze file of one receipt."""
    return f"bronze/{source_id}/{receipt_id}.parquet"


def sidecar_path(source_id: str, receipt_id: str) -> str:
    """The salts and plain hashes of one receipt."""
    return f"sidecars/{source_id}/{receipt_id}.parquet"


def own_hash(data: dict[str, Any]) -> str:
    """SHA-256 (hex) of a receipt's canonical JSON without its own `hash`."""
    return _sha256(canonical({key: value for key, value in data.items() if key != "hash"}))


def receipt_from_json(data: dict[str, Any]) -> Receipt:
    """The inverse of `Receipt.to_json`. Raises KeyError or TypeError for another shape."""
    collection = collection_from_json(data)
    own = {name: data[name] for name in _OWN_FIELDS}
    if not isinstance(own["sequence"], int):
        raise TypeError("sequence is not a number")
    return Receipt(**vars(collection), **own)


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
    """Receipt ids of collections that wait for index and commit, oldest first."""
    ids = [name.removesuffix(".json") for name in store.list(f"{COLLECTIONS}/{source_id}")]
    found = (_pending(store, source_id, receipt_id) for receipt_id in ids)
    waiting = [data for data in found if data is not None]  # not: committed by another run since
    waiting.sort(key=lambda data: (data["started_at"], data["receipt_id"]))
    return [str(data["receipt_id"]) for data in waiting]


def pending_collection(store: Store, source_id: str, receipt_id: str) -> Collection:
    """One collection that waits for its receipt. Raises EvidenceError where there is none."""
    data = _pending(store, source_id, receipt_id)
    if data is None:
        raise _not_pending(source_id, receipt_id)
    return collection_from_json(data)


def read_chain(store: Store, source_id: str) -> list[Receipt]:
    """All receipts of a source, in the order of its chain; trusts the chain (see `verify`)."""
    names = store.list(f"{FOLDER}/{source_id}")
    return [_read_receipt(store, f"{FOLDER}/{source_id}/{name}") for name in names]


def read_all(store: Store) -> Iterator[Receipt]:
    """All receipts of all sources, chain by chain."""
    for source_id in store.folders(FOLDER):
        yield from read_chain(store, source_id)


def latest(store: Store, source_id: str) -> Receipt | None:
    """The last receipt of a source's chain."""
    return next(newest_first(store, source_id), None)


def newest_sound(store: Store, source_id: str) -> Receipt | None:
    """The newest receipt whose collection did not fail."""
    return next((r for r in newest_first(store, source_id) if r.failure is None), None)


def last_cursor(store: Store, source_id: str) -> str | None:
    """Where the next poll goes on: the cursor of the newest sound receipt that moved it."""
    sound = (r.cursor_out for r in newest_first(store, source_id) if r.failure is None)
    return next((cursor for cursor in sound if cursor is not None), None)


def newest_first(store: Store, source_id: str) -> Iterator[Receipt]:
    """All receipts of a source, the newest first."""
    for name in reversed(store.list(f"{FOLDER}/{source_id}")):
        yield _read_receipt(store, f"{FOLDER}/{source_id}/{name}")


def _find(store: Store, source_id: str, receipt_id: str, after: int) -> Receipt | None:
    """The receipt of this id among those that come after a place in the chain."""
    for receipt in newest_first(store, source_id):
        if receipt.sequence <= after:
            return None
        if receipt.receipt_id == receipt_id:
            return receipt
    return None


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
        "leaf_count": commitment.leaf_count,
        "records_root": commitment.records_root,
        "format_version": FORMAT_VERSION,
    }


def _pending(store: Store, source_id: str, receipt_id: str) -> dict[str, Any] | None:
    try:
        return _load(store, f"{COLLECTIONS}/{source_id}/{receipt_id}.json")
    except FileNotFoundError:
        return None


def _not_pending(source_id: str, receipt_id: str) -> EvidenceError:
    return EvidenceError(
        f"{source_id}: no collection {receipt_id} waits for a receipt. Collect again."
    )


def _read_counts(store: Store, source_id: str, receipt_id: str) -> dict[str, Any]:
    try:
        return _load(store, f"index/{source_id}/{receipt_id}.json")
    except FileNotFoundError as error:
        raise EvidenceError(
            f"{source_id}: collection {receipt_id} was not indexed; run `muniment index` first."
        ) from error


def _read_receipt(store: Store, path: str) -> Receipt:
    try:
        return receipt_from_json(_load(store, path))
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise EvidenceError(
            f"Receipt {path} cannot be read ({error!r}). Run `muniment verify`."
        ) from error


def _load(store: Store, path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(store.read(path))
    return loaded


def file_sha256(store: Store, path: str) -> str:
    """SHA-256 (hex) of one file of the home."""
    digest = hashlib.sha256()
    with store.open(path) as handle:
        for chunk in iter(partial(handle.read, 1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
