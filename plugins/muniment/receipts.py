"""Receipts: what each collection proves, chained per source, and how the chains are read.

`committing` writes them; nothing ever changes one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from muniment.collection import Collection, canonical
from muniment.errors import EvidenceError
from muniment.storage import Store

FOLDER = "locker/receipts"
#: previous_hash of the first receipt of a chain
NO_HASH = "0" * 64


@dataclass(kw_only=True)
class Receipt(Collection):
    """A collection with its place in the chain, its counts and its commitment.

    records, quarantined, duplicates: per Bronze stream; event_hours: per stream, `YYYY-MM-DDTHH`
    to records. quarantine_sha256: None where nothing was unreadable. `hash` is SHA-256 of the
    canonical JSON without it.
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
    quarantine_sha256: str | None = None

    @property
    def path(self) -> str:
        """Where it lies in the locker."""
        return receipt_path(self.source_id, self.sequence)


#: a year of daily receipts is read in a quarter of a second
_DECODER = msgspec.json.Decoder(Receipt)


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


def receipt_from_json(data: object) -> Receipt:
    """The inverse of `Receipt.to_json`. Raises ValueError for another shape."""
    return msgspec.convert(data, Receipt)


def decoded(written: bytes) -> Receipt:
    """A receipt as it lies in the locker. Raises ValueError or RecursionError for other bytes."""
    return _DECODER.decode(written)


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


def _read_receipt(store: Store, path: str) -> Receipt:
    try:
        return decoded(store.read(path))
    except (ValueError, RecursionError) as error:  # other JSON, other text, no text
        raise EvidenceError(
            f"Receipt {path} cannot be read ({error!r}). Run `muniment verify`."
        ) from error


def read_json(store: Store, path: str) -> dict[str, Any]:
    """One JSON object of the home. Raises FileNotFoundError, or JSONDecodeError for other text."""
    loaded: dict[str, Any] = json.loads(store.read(path))
    return loaded


def file_sha256(store: Store, path: str) -> str:
    """SHA-256 (hex) of one file of the home."""
    digest = hashlib.sha256()
    with store.open(path) as handle:
        for chunk in iter(partial(handle.read, 1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_if_there(store: Store, path: str) -> str | None:
    """SHA-256 (hex) of one file of the home; None where there is no such file."""
    return file_sha256(store, path) if store.exists(path) else None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
