"""Commit: one receipt a collection, chained, whatever kills it, whoever else commits."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from evidence_home import EvidenceHome, edit_parquet, events

from muniment import committing, receipts, verification
from muniment.errors import EvidenceError, MachineError
from muniment.settings import load

ROOT = Path(__file__).resolve().parents[2]

#: commits one collection, and kills itself before its n-th change of a file of the home
DYING_COMMIT = """
import os, signal, sys
sys.path.insert(0, sys.argv[5])
from muniment import committing
from muniment.settings import load

home, dies_at, count = os.path.abspath(sys.argv[1]), int(sys.argv[4]), 0

def hook(event, arguments):
    global count
    changes = event in ("os.link", "os.rename", "os.remove") or (
        event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wxa+")
    )
    if changes and any(str(item).startswith(home) for item in arguments[:2]):
        count += 1
        if count == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

settings = load(home + "/muniment.yml")
sys.addaudithook(hook)
committing.commit(settings, sys.argv[2], sys.argv[3])
"""


def _stored(home: EvidenceHome, source_id: str) -> list[bytes]:
    folder = home.folder / f"locker/receipts/{source_id}"
    return [path.read_bytes() for path in sorted(folder.glob("*.json"))]


def _keys(home: EvidenceHome, source_id: str, receipt_id: str) -> list[tuple[int, str]]:
    path = home.folder / f"sidecars/{source_id}/{receipt_id}.parquet"
    rows = duckdb.execute(f"select leaf_index, record_key from '{path}' order by 1").fetchall()
    return [(int(index), str(key)) for index, key in rows]


def test_receipts_of_a_source_form_a_chain_of_hashes(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    for day in range(3):
        home.receive("okta", [events(f"d{day}", 4)])
    home.receive("other", [events("o", 1)])

    previous = "0" * 64
    for number, raw in enumerate(_stored(home, "okta"), 1):
        data = json.loads(raw)
        stated = data.pop("hash")
        text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == stated
        assert (data["sequence"], data["previous_hash"]) == (number, previous)
        assert (data["records"], data["leaf_count"]) == ({"event": 4, "request": 1}, 5)
        previous = stated
    assert json.loads(_stored(home, "other")[0])["previous_hash"] == "0" * 64


def test_a_receipt_reads_back_as_what_was_collected(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    receipt_id = home.collect("okta", [events("a", 2)])
    collection = committing.pending_collection(home.store, "okta", receipt_id)
    assert committing.pending(home.store, "okta") == [receipt_id]

    committed = home.commit("okta", receipt_id)
    assert committing.pending(home.store, "okta") == []
    assert receipts.read_chain(home.store, "okta") == [committed]
    assert receipts.latest(home.store, "okta") == committed
    assert list(receipts.read_all(home.store)) == [committed]
    assert {name: getattr(committed, name) for name in vars(collection)} == vars(collection)
    assert receipts.latest(home.store, "unknown") is None


def test_a_commit_may_be_repeated_and_changes_nothing(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    receipt_id = home.collect("okta", [events("a", 2)])
    first = home.commit("okta", receipt_id)
    stored = _stored(home, "okta")
    assert home.commit("okta", receipt_id) == first
    assert _stored(home, "okta") == stored


def test_killed_at_every_write_and_repeated_it_ends_with_one_receipt(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path / "whole")
    home.receive("okta", [events("before", 3)])
    receipt_id = home.collect("okta", [events("a", 50), events("b", 7)])
    undisturbed = home.copy(tmp_path / "undisturbed")
    undisturbed.commit("okta", receipt_id)
    expected = _keys(undisturbed, "okta", receipt_id)
    assert len(expected) == 59

    for dies_at in range(1, 100):
        copy = home.copy(tmp_path / f"killed-{dies_at}")
        arguments = [str(copy.root), "okta", receipt_id, str(dies_at), str(ROOT / "plugins")]
        child = subprocess.run([sys.executable, "-c", DYING_COMMIT, *arguments], check=False)
        if child.returncode == 0:
            break
        assert child.returncode == -signal.SIGKILL

        salts = _sidecar_bytes(copy, receipt_id)
        repeated = copy.commit("okta", receipt_id)
        assert repeated.sequence == 2
        assert len(_stored(copy, "okta")) == 2
        assert _keys(copy, "okta", receipt_id) == expected
        assert salts in (None, _sidecar_bytes(copy, receipt_id)), "a finished sidecar is used again"
        report = verification.verify(copy.settings)
        assert (report.findings, report.pending, report.orphans) == ([], [], [])
    assert dies_at > 5, "sidecar, receipt and the removal of the collection are several writes"


def _sidecar_bytes(home: EvidenceHome, receipt_id: str) -> bytes | None:
    path = home.folder / f"sidecars/okta/{receipt_id}.parquet"
    return path.read_bytes() if path.exists() else None


def test_parallel_commits_take_one_place_each(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    ids = [home.collect("okta", [events(f"p{n}", 2)]) for n in range(6)]
    with ThreadPoolExecutor(4) as pool:  # every collection is committed by two at once
        done = list(pool.map(lambda receipt_id: home.commit("okta", receipt_id), [*ids, *ids]))

    chain = receipts.read_chain(home.store, "okta")
    assert [receipt.sequence for receipt in chain] == [1, 2, 3, 4, 5, 6]
    assert {receipt.receipt_id for receipt in chain} == set(ids)
    assert {receipt.hash for receipt in done} == {receipt.hash for receipt in chain}
    assert verification.verify(home.settings).findings == []


def test_bronze_that_changed_after_index_is_not_committed(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    receipt_id = home.collect("okta", [events("a", 2)])
    bronze = home.folder / f"bronze/okta/{receipt_id}.parquet"
    edit_parquet(bronze, "delete from t where record_no = 2")
    with pytest.raises(EvidenceError, match="run `muniment index`"):
        home.commit("okta", receipt_id)
    assert committing.pending(home.store, "okta") == [receipt_id]
    assert _stored(home, "okta") == []


def test_counts_that_do_not_add_up_are_not_committed(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    receipt_id = home.collect("okta", [events("a", 2)])
    path = f"index/okta/{receipt_id}.json"
    counts = json.loads(home.store.read(path)) | {"records": {"event": 3, "request": 1}}
    home.store.replace(path, json.dumps(counts).encode())
    with pytest.raises(EvidenceError, match="Bronze holds 3 records"):
        home.commit("okta", receipt_id)


def test_a_sidecar_of_an_earlier_index_run_is_made_anew(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    receipt_id = home.collect("okta", [events("a", 2)])
    other = home.collect("okta", [events("b", 9)])
    home.commit("okta", other)
    sidecars = home.folder / "sidecars/okta"
    (sidecars / f"{receipt_id}.parquet").write_bytes((sidecars / f"{other}.parquet").read_bytes())

    assert home.commit("okta", receipt_id).leaf_count == 3
    assert verification.verify(home.settings).findings == []


def test_unknown_and_unindexed_collections_say_what_to_do(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    with pytest.raises(EvidenceError, match="no collection nothing waits"):
        home.commit("okta", "nothing")
    receipt_id = home.collect("okta", [events("a", 2)])
    (home.folder / f"index/okta/{receipt_id}.json").unlink()
    with pytest.raises(EvidenceError, match="muniment index"):
        home.commit("okta", receipt_id)


def test_failed_and_bounded_collections_do_not_move_the_cursor(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    assert receipts.last_cursor(home.store, "okta") is None
    for cursor, failure in (
        ("after-1", None),
        (None, None),
        ("after-2", {"reason": "401", "is_transient": False}),
    ):
        receipt_id = home.collect("okta", [])
        path = f"locker/collections/okta/{receipt_id}.json"
        data = json.loads(home.store.read(path)) | {"cursor_out": cursor, "failure": failure}
        home.store.replace(path, json.dumps(data).encode())
        home.commit("okta", receipt_id)
    assert receipts.last_cursor(home.store, "okta") == "after-1"
    newest = receipts.newest_sound(home.store, "okta")
    assert newest is not None
    assert newest.sequence == 2


def test_a_receipt_that_is_no_longer_json_is_named(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    receipt = home.receive("okta", [events("a", 1)])
    (home.folder / receipt.path).write_bytes(b"{")
    with pytest.raises(EvidenceError, match=r"locker/receipts/okta/00000001\.json"):
        receipts.read_chain(load(home.settings.file).home, "okta")


def test_a_damaged_sidecar_stops_the_commit_with_a_message(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    receipt_id = home.collect("okta", [events("a", 2)])
    home.store.create(f"sidecars/okta/{receipt_id}.parquet", b"PAR1 no more")
    with pytest.raises(MachineError, match="The collection is kept"):
        home.commit("okta", receipt_id)
    assert committing.pending(home.store, "okta") == [receipt_id]
