"""Checkpoints sign all chain heads and the release, each naming the one before."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from evidence_home import EvidenceHome, events

from muniment import checkpoints, receipts
from muniment.collection import canonical
from muniment.errors import EvidenceError


def _body(home: EvidenceHome, number: int) -> dict[str, object]:
    parts = json.loads((home.folder / f"checkpoints/{number:08d}.json").read_bytes())
    body: dict[str, object] = json.loads(parts["body"])
    return body


def test_a_checkpoint_names_every_chain_head(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    home.receive("okta", [events("a", 1)])
    second = home.receive("okta", [events("b", 1)])
    other = home.receive("other", [events("c", 1)])
    home.sign()
    assert _body(home, 1)["heads"] == {
        "okta": {"sequence": 2, "hash": second.hash},
        "other": {"sequence": 1, "hash": other.hash},
    }
    assert _body(home, 1)["signed_at"] == "2026-01-08T02:00:00.000000Z"
    assert _body(home, 1)["is_witnessed"] is False


def test_each_checkpoint_names_the_hash_of_the_one_before(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    assert checkpoints.newest(home.store) is None
    for day in range(3):
        home.receive("okta", [events(f"d{day}", 1)])
        home.sign()
    previous = "0" * 64
    for number in (1, 2, 3):
        assert _body(home, number)["previous_hash"] == previous
        raw = (home.folder / f"checkpoints/{number:08d}.json").read_bytes()
        previous = hashlib.sha256(json.loads(raw)["body"].encode()).hexdigest()
    newest = checkpoints.newest(home.store)
    assert newest is not None
    assert newest["number"] == 3


def test_nothing_new_signs_nothing_new(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    home.receive("okta", [events("a", 1)])
    assert home.sign() == home.sign()
    assert len(list((home.folder / "checkpoints").iterdir())) == 1


def test_the_release_is_signed_by_number_and_manifest(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    home.receive("okta", [events("a", 1)])
    home.sign()
    manifest = b'{"tables":[]}'
    home.store.create("releases/00000001/manifest.json", manifest)
    home.store.create("releases/00000002/muniment.duckdb", b"a publish that was killed")
    home.sign()
    assert "release" not in _body(home, 1)
    assert _body(home, 2)["release"] == {
        "number": 1,
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
    }


def test_runs_that_end_at_once_leave_one_unbroken_sequence(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    home.receive("okta", [events("a", 1)])
    home.sign()

    def run(number: int) -> None:
        home.receive(f"source{number}", [events(f"r{number}", 1)])
        home.sign()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    names = sorted(path.name for path in (home.folder / "checkpoints").iterdir())
    assert names == [f"{number:08d}.json" for number in range(1, len(names) + 1)]
    heads = _body(home, len(names))["heads"]
    assert heads == {
        source: {"sequence": 1, "hash": receipts.read_chain(home.store, source)[0].hash}
        for source in ["okta", *(f"source{number}" for number in range(4))]
    }


def test_nothing_is_signed_after_a_checkpoint_that_was_edited(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    home.receive("okta", [events("a", 1)])
    home.sign()
    path = home.folder / "checkpoints/00000001.json"
    path.write_bytes(path.read_bytes().replace(b"2026-01-06", b"2026-01-05"))
    home.receive("okta", [events("b", 1)])
    with pytest.raises(EvidenceError, match=r"00000001\.json.*Nothing was signed"):
        home.sign()


def test_nothing_is_signed_over_a_signed_receipt_that_was_changed(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    receipt = home.receive("okta", [events("a", 1)])
    home.sign()
    path = home.folder / receipt.path
    data = json.loads(path.read_bytes())
    data["window_end"] = "2026-02-01"
    path.write_bytes(canonical({**data, "hash": receipts.own_hash(data)}))
    with pytest.raises(EvidenceError, match=r"00000001\.json.*Nothing was signed"):
        home.sign()
    path.unlink()
    with pytest.raises(EvidenceError, match="Nothing was signed"):
        home.sign()


@pytest.mark.parametrize("is_signed", [True, False], ids=["after a checkpoint", "before any"])
def test_nothing_is_signed_over_a_new_receipt_that_was_changed(
    tmp_path: Path, is_signed: bool
) -> None:
    home = EvidenceHome.make(tmp_path)
    home.receive("okta", [events("a", 1)])
    if is_signed:
        home.sign()
    middle = home.receive("okta", [events("b", 1)])
    home.receive("okta", [events("c", 1)])
    path = home.folder / middle.path
    data = json.loads(path.read_bytes())
    data["window_end"] = "2026-02-01"
    path.write_bytes(canonical({**data, "hash": receipts.own_hash(data)}))
    with pytest.raises(EvidenceError, match="does not follow the receipt before it"):
        home.sign()
    path.unlink()
    with pytest.raises(EvidenceError, match=r"00000002\.json.*missing"):
        home.sign()
