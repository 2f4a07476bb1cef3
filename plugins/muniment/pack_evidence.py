"""What a pack rests on: the objects behind its results and the receipts behind both.

Each is checked on the way in. What is missing or altered stops the build, and is named.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from muniment import receipts
from muniment.errors import EvidenceError
from muniment.locker import Locker
from muniment.receipts import Receipt
from muniment.storage import Store

_NO_PACK = "No pack was written. `muniment verify` says what else is affected."


def bring(
    home: Store, results: list[dict[str, Any]], ledger: list[dict[str, Any]], folder: Path
) -> int:
    """Checks every object behind `results`, and copies the receipts, as they lie in the locker,
    that brought these objects or that the verdicts of `ledger` rest on. Returns how many.

    Raises EvidenceError naming the first object or receipt that is missing or altered.
    """
    objects = {key.partition(":")[0] for row in results for key in row["record_keys"] or []}
    wanted = {receipt for row in ledger for receipt in row["receipt_ids"] or []}
    unreceipted, brought = set(objects), 0
    for receipt in receipts.read_all(home):
        named = objects.intersection(item.sha256 for item in receipt.objects)
        if named or receipt.receipt_id in wanted:
            _copy(home, receipt, folder)
            brought += 1
            unreceipted -= named
            wanted.discard(receipt.receipt_id)
    if wanted:
        raise _shortfall(sorted(wanted), "receipt(s) that the ledger rests on are missing")
    if unreceipted:
        raise _shortfall(sorted(unreceipted), "object(s) behind the results have no receipt")
    _check_objects(home, sorted(objects))
    return brought


def _copy(home: Store, receipt: Receipt, folder: Path) -> None:
    raw = home.read(receipt.path)
    if receipts.own_hash(json.loads(raw)) != receipt.hash:
        raise EvidenceError(f"{receipt.path} was altered: its hash does not fit. {_NO_PACK}")
    target = folder / receipt.source_id / f"{receipt.sequence:08d}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(raw)


def _check_objects(home: Store, objects: list[str]) -> None:
    locker = Locker(home)
    missing = [sha256 for sha256 in objects if not home.exists(_path(sha256))]
    if missing:
        raise _shortfall(missing, "object(s) behind the results are not in the locker")
    altered = [sha256 for sha256 in objects if locker.digest(sha256)[0] != sha256]
    if altered:
        raise _shortfall(altered, "object(s) behind the results were altered")


def _path(sha256: str) -> str:
    return f"locker/objects/{sha256[:2]}/{sha256}"


def _shortfall(names: list[str], what: str) -> EvidenceError:
    return EvidenceError(f"{len(names)} {what}, the first is {names[0]}. {_NO_PACK}")
