"""From a record key to the original and its way here, and a proof that strangers can check."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from evidence_home import EvidenceHome, edit_parquet, events

from muniment import bronze, tracing, verification
from muniment.errors import EvidenceError, UsageError

DOC = Path(__file__).resolve().parents[2] / "docs/verify-by-hand.md"


def _key(home: EvidenceHome, sequence: int, number: int, source_id: str = "okta") -> str:
    path = home.folder / f"locker/receipts/{source_id}/{sequence:08d}.json"
    sha256 = json.loads(path.read_bytes())["objects"][0]["sha256"]
    return f"{sha256}:{number}#/{number - 1}"


def test_trace_shows_the_original_and_everything_that_brought_it(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    page = events("same page", 3)
    home.receive("okta", [page, events("next", 1)])
    home.receive("okta", [events("other", 1), page])
    home.receive("mirror", [page])

    found = tracing.trace(home.settings, _key(home, 1, 2))
    assert found.original == '{ "uuid": "same page-1", "risk": 1.50e1, "name": "Zoë" }'
    assert (found.object_sha256, found.object_bytes) == (_key(home, 1, 2)[:64], len(page))
    assert [(item.receipt, item.stream) for item in found.brought_by] == [
        ("locker/receipts/mirror/00000001.json", "event"),
        ("locker/receipts/okta/00000001.json", "event"),
        ("locker/receipts/okta/00000002.json", "event"),
    ]
    urls = [[request["url"] for request in item.requests] for item in found.brought_by]
    assert urls == [
        ["https://mirror.example/api/v1/logs?page=1"],
        ["https://okta.example/api/v1/logs?page=1"],
        ["https://okta.example/api/v1/logs?page=2"],
    ]
    text = found.to_text()
    assert text.startswith(found.original)
    assert "https://okta.example/api/v1/logs?page=2 -> 200, page 2 account_id=00u1" in text
    assert found.to_json()["brought_by"][0]["source_id"] == "mirror"


ODD_PAGE = b'[ {"uuid":"a", "n" : 1.0},\n {"uuid":"b","deep":[[{}]] , "s":"],}\\"" },{} ]'


@pytest.mark.parametrize(
    ("kind", "shape", "body", "count"), [("okta_system_log", "events", ODD_PAGE, 3)]
)
def test_every_record_that_index_cuts_is_traced_to_what_says_the_same(
    tmp_path: Path, kind: str, shape: str, body: bytes, count: int
) -> None:
    home = EvidenceHome.make(tmp_path)
    receipt_id = home.wait("one", [body], kind, shape)
    bronze.index(home.settings, "one", receipt_id)
    home.commit("one", receipt_id)
    home.sign()
    assert verification.verify(home.settings).findings == []

    path = home.folder / f"bronze/one/{receipt_id}.parquet"
    rows = duckdb.execute(f"select record_key, record::varchar from '{path}'").fetchall()
    assert len(rows) == count + 1, "and the request"
    for key, record in rows:
        assert json.loads(tracing.trace(home.settings, key).original) == json.loads(record)
        assert tracing.prove(home.settings, key)["record"] == record


def test_trace_of_a_request_record(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    receipt = home.receive("okta", [events("a", 1)])
    asked = receipt.objects[-1].sha256
    found = tracing.trace(home.settings, f"{asked}:1")
    assert json.loads(found.original)["url"] == "https://okta.example/api/v1/logs?page=1"
    assert found.brought_by[0].stream == "request"


def test_unknown_keys_say_what_is_unknown(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    home.receive("okta", [events("a", 2)])
    for asked in (tracing.trace, tracing.prove):
        with pytest.raises(UsageError, match="not a record key"):
            asked(home.settings, "nonsense")
        with pytest.raises(UsageError, match="No receipt here names object"):
            asked(home.settings, "f" * 64 + ":1")
    with pytest.raises(UsageError, match="has no record 3#/2"):
        tracing.trace(home.settings, _key(home, 1, 3))
    with pytest.raises(UsageError, match="is committed here"):
        tracing.prove(home.settings, _key(home, 1, 3))


def test_altered_bytes_are_not_shown_as_the_original(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    home.receive("okta", [events("a", 2)])
    key = _key(home, 1, 1)
    stored = home.folder / f"locker/objects/{key[:2]}/{key[:64]}"
    stored.write_bytes(stored.read_bytes().replace(b"1.50e1", b"9.50e1"))
    with pytest.raises(EvidenceError, match="not evidence"):
        tracing.trace(home.settings, key)


def _proof(tmp_path: Path) -> dict[str, Any]:
    """A record of the second receipt; the checkpoint signs the chain only after the fourth."""
    home = EvidenceHome.make(tmp_path / "home")
    home.receive("okta", [events("first", 3)])
    home.sign()
    for name in ("second", "third", "fourth"):
        home.receive("okta", [events(name, 37)])
    home.receive("other", [events("x", 1)])
    home.sign()
    (tmp_path / "signing.pub.pem").write_bytes((home.folder / "keys/signing.pub.pem").read_bytes())
    return tracing.prove(home.settings, _key(home, 2, 20))


def _recipe() -> str:
    (recipe,) = re.findall(r"```python\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    return str(recipe)


def _check_by_hand(folder: Path, proof: dict[str, Any]) -> int:
    (folder / "recipe.py").write_text(_recipe(), encoding="utf-8")
    (folder / "proof.json").write_text(json.dumps(proof, indent=2), encoding="utf-8")
    command = [sys.executable, "-I", "recipe.py", "proof.json", "signing.pub.pem"]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode


def test_the_recipe_has_at_most_fifteen_lines_of_the_standard_library() -> None:
    lines = _recipe().splitlines()
    assert len(lines) <= 15
    imported = {name.strip(" ,") for name in lines[0].removeprefix("import").split()}
    assert imported <= set(sys.stdlib_module_names)


def test_a_proof_names_record_receipts_and_checkpoint(tmp_path: Path) -> None:
    proof = _proof(tmp_path)
    assert json.loads(proof["record"])["uuid"] == "second-19"
    assert (proof["leaf_index"], proof["tree_size"], len(proof["audit_path"])) == (19, 38, 6)
    assert proof["receipt"]["sequence"] == 2
    assert [receipt["sequence"] for receipt in proof["later_receipts"]] == [3, 4]
    assert json.loads(proof["checkpoint"]["body"])["number"] == 2
    assert "UNWITNESSED" in proof["limit"]


def test_the_recipe_accepts_a_true_proof_and_refuses_every_altered_one(tmp_path: Path) -> None:
    proof = _proof(tmp_path)
    assert _check_by_hand(tmp_path, proof) == 0

    body = proof["checkpoint"]["body"]
    flipped = ("0" if proof["salt"][0] != "0" else "1") + proof["salt"][1:]
    altered: dict[str, dict[str, Any]] = {
        "record": {"record": proof["record"].replace("second-19", "second-18")},
        "key": {"record_key": proof["record_key"].replace(":20#/19", ":19#/18")},
        "salt": {"salt": flipped},
        "place": {"leaf_index": 18},
        "size": {"tree_size": 39},
        "path": {"audit_path": proof["audit_path"][:-1]},
        "receipt": {"receipt": proof["receipt"] | {"warnings": ["edited"]}},
        "chain": {"later_receipts": proof["later_receipts"][1:]},
        "tail": {"later_receipts": proof["later_receipts"][:1]},
        "checkpoint": {"checkpoint": proof["checkpoint"] | {"body": body.replace("2026", "2025")}},
    }
    accepted = [
        name for name, change in altered.items() if _check_by_hand(tmp_path, proof | change) == 0
    ]
    assert accepted == []


def test_a_proof_checked_with_another_key_is_refused(tmp_path: Path) -> None:
    proof = _proof(tmp_path)
    other = EvidenceHome.make(tmp_path / "other")
    other.receive("okta", [events("x", 1)])
    other.sign()
    (tmp_path / "signing.pub.pem").write_bytes((other.folder / "keys/signing.pub.pem").read_bytes())
    assert _check_by_hand(tmp_path, proof) != 0


def test_nothing_is_proven_before_a_checkpoint_or_from_changed_bronze(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    receipt = home.receive("okta", [events("a", 2)])
    key = _key(home, 1, 1)
    with pytest.raises(EvidenceError, match="No checkpoint has signed"):
        tracing.prove(home.settings, key)
    home.sign()
    assert tracing.prove(home.settings, key)["later_receipts"] == []
    bronze = home.folder / f"bronze/okta/{receipt.receipt_id}.parquet"
    edit_parquet(bronze, "update t set record = '{}' where record_no = 1")
    with pytest.raises(EvidenceError, match="muniment verify"):
        tracing.prove(home.settings, key)
