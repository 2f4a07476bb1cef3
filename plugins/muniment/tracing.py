"""Tracing: from a record key to the original bytes and all that brought them; and its proof.

`trace` reads the locker, never Bronze: what it shows is what the source answered. `prove` writes
one document with which a stranger can check, offline, that a record belongs to what was signed
(`docs/verify-by-hand.md`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from muniment import checkpoints, originals, receipts, releases, signing
from muniment.commitment import Inclusion, inclusion, record_leaf, root_from_path
from muniment.database import connect
from muniment.errors import EvidenceError, UsageError
from muniment.findings import LIMIT
from muniment.locker import Locker
from muniment.receipts import Receipt
from muniment.settings import Settings
from muniment.sources import discover
from muniment.sources.spec import REQUESTS, Shape
from muniment.storage import Store

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Bringing:
    """One receipt that brought the object, and what it was asked for, as the locker kept it."""

    source_id: str
    kind: str
    receipt: str
    receipt_id: str
    received_at: str
    shape: str
    stream: str
    requests: list[dict[str, Any]]


@dataclass(frozen=True)
class Trace:
    """One record's original text, the object that holds it, and every receipt that brought it."""

    record_key: str
    original: str
    object_sha256: str
    object_bytes: int
    brought_by: list[Bringing]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def to_text(self) -> str:
        """For a terminal."""
        lines = [
            self.original,
            "",
            f"object   {self.object_sha256} ({self.object_bytes} bytes; its hash was recomputed)",
        ]
        for item in self.brought_by:
            lines.append(f"receipt  {item.receipt} ({item.receipt_id}), {item.received_at}")
            lines.append(f"         source {item.source_id} ({item.kind}), stream {item.stream}")
            for request in item.requests:
                context = " ".join(f"{k}={v}" for k, v in request["context"].items())
                asked = f"{request['url']} -> {request['status']}, page {request['page']}"
                lines.append(f"request  {asked} {context}".rstrip())
        return "\n".join(lines)


def trace(settings: Settings, record_key: str, release: int | None = None) -> Trace:
    """The original of one record and its way here; `release`: as far as that release has read.

    Raises UsageError for a key that is not one or that nothing here bears, EvidenceError where
    the object's bytes are not the ones that were stored.
    """
    home = settings.home
    sha256, record_no, record_path = originals.parse_key(record_key)
    found = _receipts_of(settings, sha256, release)
    body = _sound_body(home, sha256)
    for shape in _shapes(found, sha256):
        original = originals.cut(body, shape, record_no, record_path)
        if original is not None:
            brought = [item for receipt in found for item in _bringings(home, receipt, sha256)]
            return Trace(record_key, original, sha256, len(body), brought)
    raise UsageError(
        f"Object {sha256} has no record {record_key.partition(':')[2]}. "
        "Check the key against `record_keys` of the result that named it."
    )


def prove(settings: Settings, record_key: str, release: int | None = None) -> dict[str, Any]:
    """One record with the proof that it belongs to what a checkpoint signed.

    release: only as one of the records that this release has read.
    record is the text as in Bronze; salt, hashes and audit_path are hex; later_receipts lead from
    the record's receipt to the chain head that the checkpoint names. Raises UsageError for an
    unknown key, EvidenceError where the proof does not hold or no checkpoint covers it yet.
    """
    home = settings.home
    sha256, _, _ = originals.parse_key(record_key)
    receipt, record, place = _committed(home, _receipts_of(settings, sha256, release), record_key)
    leaf = record_leaf(place.salt, record_key, record)
    root = root_from_path(leaf, place.leaf_index, place.tree_size, place.audit_path).hex()
    if root != receipt.records_root:
        raise EvidenceError(
            f"Record {record_key} does not lead to the records_root of {receipt.path}: Bronze or "
            "sidecar was changed. Nothing was written. Run `muniment verify`."
        )
    checkpoint, later = _signed(home, receipt)
    return {
        "format_version": FORMAT_VERSION,
        "record_key": record_key,
        "record": record,
        "salt": place.salt.hex(),
        "leaf_index": place.leaf_index,
        "tree_size": place.tree_size,
        "audit_path": [item.hex() for item in place.audit_path],
        "records_root": root,
        "receipt": _stored(home, receipt),
        "later_receipts": [_stored(home, item) for item in later],
        "checkpoint": json.loads(checkpoint.data),
        "public_key": signing.public_key(home).decode(),
        "limit": LIMIT,
    }


def _receipts_of(settings: Settings, sha256: str, release: int | None) -> list[Receipt]:
    """Every receipt that names an object, chain by chain; of a release: that it has read."""
    found = [
        receipt
        for receipt in receipts.read_all(settings.home)
        if any(item.sha256 == sha256 for item in receipt.objects)
    ]
    if found and release is not None:
        found = _read_by(settings, found, release)
    elif not found:
        raise UsageError(
            f"No receipt here names object {sha256}. The key may belong to another home, or its "
            "collection has no receipt yet (`muniment verify` lists what waits)."
        )
    return found


def _read_by(settings: Settings, found: list[Receipt], release: int) -> list[Receipt]:
    number = releases.chosen_number(settings, release)
    inputs = releases.manifest_of(settings.home, number)["inputs"]
    ends = {item["source_id"]: item["sequence"] for item in inputs["receipts"]}
    read = [receipt for receipt in found if receipt.sequence <= ends.get(receipt.source_id, 0)]
    if not read:
        raise UsageError(
            f"Release {number} was built before any receipt here named this object. Leave "
            "`--release` out, or name a later one (`muniment releases`)."
        )
    return read


def _sound_body(home: Store, sha256: str) -> bytes:
    locker = Locker(home)
    if locker.digest(sha256)[0] != sha256:
        raise EvidenceError(
            f"Object {sha256} no longer holds the bytes that were stored: what it says now is "
            "not evidence. Run `muniment verify`, and bring it back from a backup."
        )
    return locker.read(sha256)


def _shapes(found: list[Receipt], sha256: str) -> list[Shape]:
    named = {
        (receipt.kind, item.shape)
        for receipt in found
        for item in receipt.objects
        if item.sha256 == sha256
    }
    return [discover()[kind].spec.shape(shape) for kind, shape in sorted(named)]


def _bringings(home: Store, receipt: Receipt, sha256: str) -> list[Bringing]:
    asked = _requests_of(home, receipt, sha256)
    spec = discover()[receipt.kind].spec
    shapes = dict.fromkeys(item.shape for item in receipt.objects if item.sha256 == sha256)
    return [
        Bringing(
            receipt.source_id, receipt.kind, receipt.path, receipt.receipt_id,
            receipt.finished_at, shape, spec.shape(shape).stream,
            [request for request in asked if request["shape"] == shape],
        )
        for shape in shapes
    ]  # fmt: skip


def _requests_of(home: Store, receipt: Receipt, sha256: str) -> list[dict[str, Any]]:
    locker = Locker(home)
    return [
        request
        for item in receipt.objects
        if item.shape == REQUESTS.name
        for request in map(json.loads, locker.read(item.sha256).splitlines())
        if request["object_sha256"] == sha256
    ]


def _committed(
    home: Store, found: list[Receipt], record_key: str
) -> tuple[Receipt, str, Inclusion]:
    """The first receipt that fixed this record, its text as in Bronze, and its place."""
    with connect() as connection:
        for receipt in found:
            bronze = receipts.bronze_path(receipt.source_id, receipt.receipt_id)
            sidecar = receipts.sidecar_path(receipt.source_id, receipt.receipt_id)
            if not (home.exists(bronze) and home.exists(sidecar)):
                raise EvidenceError(
                    f"{bronze} or {sidecar} is missing; {receipt.path} needs both to prove a "
                    "record. Run `muniment verify`."
                )
            proven = inclusion(connection, home.uri(bronze), home.uri(sidecar), record_key)
            if proven is not None:
                return receipt, *proven
    raise UsageError(
        f"No record {record_key} is committed here. It may be quarantined (`muniment ledger "
        "--quarantine` lists those), or the number may be wrong."
    )


def _signed(home: Store, receipt: Receipt) -> tuple[checkpoints.Checkpoint, list[Receipt]]:
    """The first checkpoint that covers a receipt, and the receipts between it and its head."""
    key = signing.public_key(home) if home.list(checkpoints.FOLDER) else b""
    for name in home.list(checkpoints.FOLDER):
        checkpoint = checkpoints.read(home.read(f"{checkpoints.FOLDER}/{name}"), key)
        head = checkpoint.heads.get(receipt.source_id)
        if head is not None and head.sequence >= receipt.sequence:
            chain = receipts.read_chain(home, receipt.source_id)
            return checkpoint, [
                item for item in chain if receipt.sequence < item.sequence <= head.sequence
            ]
    raise EvidenceError(
        f"No checkpoint has signed {receipt.path} yet, so nothing proves it to others. "
        "`muniment publish` signs one; then prove the record again."
    )


def _stored(home: Store, receipt: Receipt) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(home.read(receipt.path))
    return data
