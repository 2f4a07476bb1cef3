"""Checkpoints: one signature, at the end of a run, over all chain heads and the current release.

`checkpoints/<number>.json` is `{"body": "<text>", "key_id": …, "signature": "<base64>"}`; the
signature covers exactly the UTF-8 bytes of `body`, itself canonical JSON: number, previous_hash,
signed_at, heads, release. Each names the SHA-256 of the body before it. Kept elsewhere, a
checkpoint shows later that the history before it was not cut or rewritten.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from muniment import signing
from muniment.collection import canonical, instant
from muniment.errors import EvidenceError
from muniment.receipts import FOLDER as RECEIPTS
from muniment.receipts import NO_HASH, latest, own_hash, receipt_path
from muniment.settings import Settings
from muniment.storage import Store

FOLDER = "checkpoints"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Head:
    """The end of one source's chain when a checkpoint was signed."""

    sequence: int
    hash: str


#: before the first receipt of a chain
_NONE = Head(0, NO_HASH)


@dataclass(frozen=True)
class Checkpoint:
    """A signed checkpoint as read; `data` is the whole file."""

    number: int
    previous_hash: str
    signed_at: str
    heads: dict[str, Head]
    release: dict[str, Any] | None
    data: bytes

    @property
    def body(self) -> str:
        """The exact text that was signed."""
        return str(json.loads(self.data)["body"])

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the signed text: what the next checkpoint names."""
        return hashlib.sha256(self.body.encode()).hexdigest()


def checkpoint_path(number: int) -> str:
    """Where a checkpoint lies in the home."""
    return f"{FOLDER}/{number:08d}.json"


def sign(settings: Settings, now: datetime, by: signing.Signer | None = None) -> Checkpoint:
    """Signs the present heads and release; where nothing is new, returns the newest checkpoint.

    Raises EvidenceError where a head that the newest checkpoint signed is no longer in its chain,
    or a receipt since then does not follow the one before it.

    Another run may take the next number first: then this one follows it.
    """
    home = settings.home
    chosen = by or signing.signer(home)
    while True:
        last = _newest(home, chosen.public_key)
        if last is not None:
            _check_kept(home, last)
        body = _state(home)
        if last is not None and _state_of(last) == body:
            return last
        signed = last.heads if last else {}
        for source_id, head in body["heads"].items():
            _check_new(home, source_id, signed.get(source_id, _NONE), Head(**head))
        body |= {
            "format_version": FORMAT_VERSION,
            "number": last.number + 1 if last else 1,
            "previous_hash": last.hash if last else NO_HASH,
            "signed_at": instant(now),
            "signer": chosen.kind,
            "is_witnessed": chosen.is_witness,
        }
        data = signing.envelope(chosen, body)
        try:
            home.create(checkpoint_path(body["number"]), data)
        except FileExistsError:
            continue
        return read(data, chosen.public_key)


def read(data: bytes, public_key: bytes) -> Checkpoint:
    """Parses one checkpoint file. Raises EvidenceError where form or signature do not fit."""
    body = signing.open_envelope(data, public_key)
    try:
        heads = {source: Head(**head) for source, head in body["heads"].items()}
        return Checkpoint(
            int(body["number"]), body["previous_hash"], body["signed_at"], heads,
            body.get("release"), data,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EvidenceError(f"not a checkpoint ({error!r})") from error


def newest(home: Store) -> dict[str, Any] | None:
    """The body of the newest checkpoint, its signature checked; None before the first."""
    names = home.list(FOLDER)
    if not names:
        return None
    return signing.open_envelope(home.read(f"{FOLDER}/{names[-1]}"), signing.public_key(home))


def _newest(home: Store, public_key: bytes) -> Checkpoint | None:
    names = home.list(FOLDER)
    if not names:
        return None
    path = f"{FOLDER}/{names[-1]}"
    try:
        return read(home.read(path), public_key)
    except EvidenceError as error:
        raise EvidenceError(
            f"{home.url}/{path}: {error}. Nothing was signed after it. Run `muniment verify`."
        ) from error


def _check_kept(home: Store, last: Checkpoint) -> None:
    """What was signed once must still stand: nothing is signed over a chain that was changed."""
    for source_id, head in last.heads.items():
        path = receipt_path(source_id, head.sequence)
        data = _sound(home, path)
        if data is None or data["hash"] != head.hash:
            raise EvidenceError(
                f"{home.url}/{path} is not the receipt that checkpoint {last.number} signed: it is "
                "missing or was changed. Nothing was signed. Run `muniment verify`."
            )


def _check_new(home: Store, source_id: str, signed: Head, head: Head) -> None:
    """Every receipt from the signed one to the new head must follow the one before it."""
    previous = signed.hash
    for sequence in range(signed.sequence + 1, head.sequence + 1):
        path = receipt_path(source_id, sequence)
        data = _sound(home, path)
        if data is None or data["previous_hash"] != previous:
            raise EvidenceError(
                f"{home.url}/{path} does not follow the receipt before it: one of the two is "
                "missing or was changed. Nothing was signed. Run `muniment verify`."
            )
        previous = data["hash"]


def _sound(home: Store, path: str) -> dict[str, Any] | None:
    """A receipt's data, where it is there as it was written and has the hash that it states."""
    try:
        raw = home.read(path)
        data: dict[str, Any] = json.loads(raw)
        return data if data["hash"] == own_hash(data) and canonical(data) == raw else None
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _state(home: Store) -> dict[str, Any]:
    heads = {}
    for source_id in home.folders(RECEIPTS):
        last = latest(home, source_id)
        if last is not None:
            heads[source_id] = {"sequence": last.sequence, "hash": last.hash}
    release = _release(home)
    return {"heads": heads} | ({"release": release} if release else {})


def _state_of(checkpoint: Checkpoint) -> dict[str, Any]:
    heads = {source: vars(head) for source, head in checkpoint.heads.items()}
    return {"heads": heads} | ({"release": checkpoint.release} if checkpoint.release else {})


def _release(home: Store) -> dict[str, Any] | None:
    """Number and manifest hash of the newest sealed release: the folder with a manifest."""
    for name in reversed(home.folders("releases")):
        manifest = f"releases/{name}/manifest.json"
        if name.isdigit() and home.exists(manifest):
            digest = hashlib.sha256(home.read(manifest)).hexdigest()
            return {"number": int(name), "manifest_sha256": digest}
    return None
