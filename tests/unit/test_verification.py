"""Every way of tampering with a home is found, and the finding names what does not fit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from evidence_home import START, EvidenceHome, edit_parquet, events

from muniment import pointer, receipts, signing, verification
from muniment.collection import canonical
from muniment.errors import EvidenceError, UsageError
from muniment.findings import Finding
from muniment.locker import Locker


@pytest.fixture
def home(tmp_path: Path) -> EvidenceHome:
    """Three days of one source, one of another, three checkpoints."""
    made = EvidenceHome.make(tmp_path / "home")
    made.receive("other", [events("o", 3)])
    for day in range(3):
        made.receive("okta", [events(f"d{day}", 5), events(f"d{day}-next", 2)])
        made.sign()
    return made


def _findings(home: EvidenceHome, against: Path | None = None) -> list[Finding]:
    return verification.verify(home.settings, against).findings


def _receipt(home: EvidenceHome, sequence: int) -> Path:
    return home.folder / f"locker/receipts/okta/{sequence:08d}.json"


def _files_of(home: EvidenceHome, sequence: int) -> tuple[Path, Path]:
    receipt_id = json.loads(_receipt(home, sequence).read_bytes())["receipt_id"]
    return (
        home.folder / f"bronze/okta/{receipt_id}.parquet",
        home.folder / f"sidecars/okta/{receipt_id}.parquet",
    )


def _object(home: EvidenceHome, sequence: int) -> Path:
    sha256 = json.loads(_receipt(home, sequence).read_bytes())["objects"][0]["sha256"]
    return home.folder / f"locker/objects/{sha256[:2]}/{sha256}"


def _rehash(path: Path, **changes: object) -> None:
    """Edits a receipt as somebody would who knows how its hash is made."""
    data = json.loads(path.read_bytes()) | changes
    data["hash"] = receipts.own_hash(data)
    path.write_bytes(canonical(data))


def test_an_untouched_home_has_no_findings_and_says_what_was_recomputed(home: EvidenceHome) -> None:
    report = verification.verify(home.settings)
    assert report.findings == []
    assert report.checked == {
        "receipts": 4, "objects": 11, "records": 4 + 3 * 9, "checkpoints": 3, "releases": 0,
    }  # fmt: skip
    assert (report.pending, report.orphans, report.unsigned) == ([], [], [])
    assert "UNWITNESSED" in report.to_text()
    assert report.to_json()["findings"] == []


def test_a_flipped_bit_in_an_object(home: EvidenceHome) -> None:
    stored = _object(home, 2)
    body = bytearray(stored.read_bytes())
    body[10] ^= 1
    stored.write_bytes(bytes(body))
    (finding,) = _findings(home)
    assert (finding.subject, finding.name) == ("object", stored.name)
    assert "okta/00000002.json" in finding.message


def test_a_deleted_object(home: EvidenceHome) -> None:
    stored = _object(home, 3)
    stored.unlink()
    (finding,) = _findings(home)
    assert (finding.subject, finding.name) == ("object", stored.name)
    assert "missing" in finding.message


def test_a_receipt_deleted_in_the_middle(home: EvidenceHome) -> None:
    _receipt(home, 2).unlink()
    first = _findings(home)[0]
    assert (first.subject, first.name) == ("receipt", "locker/receipts/okta/00000002.json")
    assert "missing" in first.message


def test_a_deleted_last_receipt_is_missed_by_its_checkpoint(home: EvidenceHome) -> None:
    _receipt(home, 3).unlink()
    (finding,) = _findings(home)
    assert (finding.subject, finding.name) == ("receipt", "locker/receipts/okta/00000003.json")
    assert "checkpoint 3" in finding.message


def test_a_chain_that_was_deleted_whole(home: EvidenceHome) -> None:
    (home.folder / "locker/receipts/other/00000001.json").unlink()
    (finding,) = _findings(home)
    assert finding.name == "locker/receipts/other/00000001.json"


def test_an_edited_receipt(home: EvidenceHome) -> None:
    path = _receipt(home, 2)
    path.write_bytes(path.read_bytes().replace(b'"2026-01-05"', b'"2026-01-04"', 1))
    first = _findings(home)[0]
    assert (first.subject, first.name) == ("receipt", "locker/receipts/okta/00000002.json")
    assert "edited" in first.message


def test_a_receipt_edited_with_a_new_hash_breaks_the_chain_and_the_signature(
    home: EvidenceHome,
) -> None:
    _rehash(_receipt(home, 2), warnings=["nothing to see"])
    found = {(finding.subject, finding.name) for finding in _findings(home)}
    assert found == {
        ("receipt", "locker/receipts/okta/00000003.json"),  # follows another one
        ("receipt", "locker/receipts/okta/00000002.json"),  # not the one that was signed
    }


@pytest.mark.parametrize("written", [b'{"hash": 1', b"[]", b"\xff", b'{"hash": 1}', b"[" * 99_999])
def test_a_receipt_that_is_no_receipt_any_more(home: EvidenceHome, written: bytes) -> None:
    _receipt(home, 2).write_bytes(written)
    assert "cannot be read" in _findings(home)[0].message
    with pytest.raises(EvidenceError, match=r"okta/00000002.json cannot be read .*muniment verify"):
        receipts.read_chain(home.store, "okta")


def test_a_pending_collection_that_cannot_be_read_hides_no_other_finding(
    home: EvidenceHome,
) -> None:
    waiting = home.folder / f"locker/collections/okta/{home.collect('okta', [events('w', 1)])}.json"
    waiting.write_bytes(b"\xff")
    _receipt(home, 2).write_bytes(b"\xff")
    found = [(finding.subject, finding.name.rpartition("/")[2]) for finding in _findings(home)]
    assert found[0] == ("receipt", "00000002.json")
    assert ("collection", waiting.name) in found


@pytest.mark.parametrize("warning", [b"\\ud800", b"x"])
def test_a_receipt_in_another_form_is_told_and_not_signed(
    home: EvidenceHome, warning: bytes
) -> None:
    home.receive("okta", [events("w", 1)])
    last = sorted(_receipt(home, 1).parent.glob("*.json"))[-1]
    last.write_bytes(last.read_bytes().replace(b'"warnings":[]', b'"warnings":["%b"]' % warning, 1))
    _object(home, 1).write_bytes(b"other bytes")
    found = {finding.subject for finding in _findings(home)}
    assert {"receipt", "object"} <= found
    with pytest.raises(EvidenceError, match="Run `muniment verify`"):
        home.sign()


def test_swapped_receipts(home: EvidenceHome) -> None:
    second, third = _receipt(home, 2), _receipt(home, 3)
    kept = second.read_bytes()
    second.write_bytes(third.read_bytes())
    third.write_bytes(kept)
    first = _findings(home)[0]
    assert (first.subject, first.name) == ("receipt", "locker/receipts/okta/00000002.json")
    assert "another lies in its place" in first.message


def test_a_changed_record_in_bronze_is_named_by_its_key(home: EvidenceHome) -> None:
    bronze, _ = _files_of(home, 2)
    edit_parquet(bronze, 'update t set record = \'{"uuid":"d1-3"}\' where record_no = 4')
    (finding,) = _findings(home)
    assert finding.subject == "record"
    assert finding.name == f"{_object(home, 2).name}:4#/3"
    assert "bronze/" in finding.message


@pytest.mark.parametrize(
    "statement",
    ["delete from t where record_no = 2", "insert into t select * from t limit 1"],
    ids=["removed", "added"],
)
def test_a_record_removed_or_added_in_bronze(home: EvidenceHome, statement: str) -> None:
    edit_parquet(_files_of(home, 2)[0], statement)
    (finding,) = _findings(home)
    assert finding.subject == "record"


def test_bronze_changed_together_with_its_sidecar_does_not_lead_to_the_root(
    home: EvidenceHome,
) -> None:
    bronze, sidecar = _files_of(home, 2)
    edit_parquet(bronze, "delete from t where record_no = 5")
    edit_parquet(sidecar, "delete from t where record_key like '%:5#/4'")
    edit_parquet(sidecar, "update t set leaf_index = leaf_index - 1 where leaf_index > 4")
    (finding,) = _findings(home)
    assert (finding.subject, finding.name) == ("record", str(bronze.relative_to(home.folder)))
    assert "records_root" in finding.message


def test_a_file_of_bronze_that_was_written_again_with_the_same_records(home: EvidenceHome) -> None:
    bronze, _ = _files_of(home, 2)
    edit_parquet(bronze, "alter table t rename column native_id to other_id")
    (finding,) = _findings(home)
    assert "is not the one" in finding.message


@pytest.mark.parametrize(
    "statement",
    [
        "update t set salt = unhex(repeat('00', 16)) where leaf_index = 3",
        "update t set record_hash = unhex(repeat('00', 32)) where leaf_index = 3",
        "update t set record_key = 'other' where leaf_index = 3",
        "delete from t where leaf_index = 3",
    ],
    ids=["salt", "hash", "key", "row"],
)
def test_a_changed_sidecar(home: EvidenceHome, statement: str) -> None:
    _, sidecar = _files_of(home, 2)
    edit_parquet(sidecar, statement)
    (finding,) = _findings(home)
    assert finding.subject == "record"
    assert "sidecars/" in finding.name + finding.message


def test_a_file_of_records_that_is_missing_or_damaged(home: EvidenceHome) -> None:
    _files_of(home, 1)[0].unlink()
    _files_of(home, 2)[1].unlink()
    _files_of(home, 3)[0].write_bytes(b"PAR1 no more")
    found = [(finding.subject, finding.message) for finding in _findings(home)]
    assert [subject for subject, _ in found] == ["record"] * 3
    assert ["missing" in message for _, message in found] == [True, True, False]


def test_an_edited_checkpoint(home: EvidenceHome) -> None:
    path = home.folder / "checkpoints/00000002.json"
    path.write_bytes(path.read_bytes().replace(b"2026-01-08", b"2026-01-07"))
    (finding,) = _findings(home)
    assert (finding.subject, finding.name) == ("checkpoint", "checkpoints/00000002.json")
    assert "edited" in finding.message


def test_a_deleted_and_a_swapped_checkpoint(home: EvidenceHome) -> None:
    second, third = (home.folder / f"checkpoints/0000000{n}.json" for n in (2, 3))
    kept = second.read_bytes()
    second.unlink()
    assert _findings(home)[0].message == "the checkpoint before it, number 2, is missing"
    second.write_bytes(third.read_bytes())
    third.write_bytes(kept)
    assert "in the place of another" in _findings(home)[0].message


def test_checkpoints_without_their_public_key(home: EvidenceHome) -> None:
    (home.folder / "keys/signing.pub.pem").unlink()
    (finding,) = _findings(home)
    assert finding.subject == "checkpoint"
    assert "signing.pub.pem" in finding.message


def test_a_history_cut_short_with_the_older_checkpoint_put_back(
    home: EvidenceHome, tmp_path: Path
) -> None:
    kept = tmp_path / "kept-elsewhere.json"
    newest = home.folder / "checkpoints/00000003.json"
    kept.write_bytes(newest.read_bytes())
    assert _findings(home, kept) == []

    newest.unlink()
    _receipt(home, 3).unlink()
    assert _findings(home) == [], "what is left fits itself: only --against can show it"
    found = {finding.subject: finding for finding in _findings(home, kept)}
    assert "cut short" in found["checkpoint"].message
    assert found["checkpoint"].name == "checkpoints/00000003.json"
    assert found["receipt"].name == "locker/receipts/okta/00000003.json"


def test_a_history_cut_short_and_continued_with_another_one(
    home: EvidenceHome, tmp_path: Path
) -> None:
    kept = tmp_path / "kept-elsewhere.json"
    newest = home.folder / "checkpoints/00000003.json"
    kept.write_bytes(newest.read_bytes())
    newest.unlink()
    _receipt(home, 3).unlink()
    home.receive("okta", [events("a nicer day", 1)])
    home.sign()
    assert _findings(home) == []
    found = {finding.subject: finding.message for finding in _findings(home, kept)}
    assert "rewritten" in found["checkpoint"]
    assert "is another one" in found["receipt"]


def test_against_takes_only_a_checkpoint_of_this_home(home: EvidenceHome, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        _findings(home, tmp_path / "nowhere.json")
    other = EvidenceHome.make(tmp_path / "other")
    other.receive("okta", [events("x", 1)])
    foreign = tmp_path / "foreign.json"
    foreign.write_bytes(other.sign().data)
    with pytest.raises(UsageError, match="signed with key"):
        _findings(home, foreign)


def test_quarantine_must_hold_what_the_receipt_counts(home: EvidenceHome) -> None:
    receipt = home.commit("okta", home.collect("okta", [events("q", 1)], unreadable=2))
    assert _findings(home) == []
    path = home.folder / f"quarantine/okta/{receipt.receipt_id}.parquet"
    edit_parquet(path, "delete from t where reason = 'not JSON' and rowid = 0")
    (fewer,) = _findings(home)
    assert fewer.subject == "quarantine"
    path.unlink()
    (missing,) = _findings(home)
    assert "counts 2" in missing.message


def test_what_was_unreadable_cannot_be_told_otherwise(home: EvidenceHome) -> None:
    receipt = home.commit("okta", home.collect("okta", [events("q", 1)], unreadable=2))
    assert receipt.quarantine_sha256 is not None
    path = home.folder / f"quarantine/okta/{receipt.receipt_id}.parquet"
    edit_parquet(path, "update t set reason = 'a blank line' where rowid = 0")
    (told,) = _findings(home)
    assert (told.subject, told.name) == (
        "quarantine",
        f"quarantine/okta/{receipt.receipt_id}.parquet",
    )
    assert "is not the one that locker/receipts/okta/" in told.message


def test_releases_must_be_the_signed_ones(home: EvidenceHome) -> None:
    database = b"a closed warehouse"
    digest = "e0c7a86b7b1f7c0e4f54b8ed3cd51bb6cf1f2a6ee8e4b8d8a4d3c35bb4c0de00"
    home.store.create("releases/00000001/muniment.duckdb", database)
    home.store.create("releases/00000001/manifest.json", canonical({"database_sha256": digest}))
    manifest = hashlib.sha256(home.store.read("releases/00000001/manifest.json")).hexdigest()
    pointer.move(home.store, 1, manifest, START)
    home.sign()
    (changed,) = _findings(home)
    assert (changed.subject, changed.name) == ("release", "releases/00000001")
    assert "database" in changed.message

    (home.folder / "releases/00000001/muniment.duckdb").unlink()
    # a pruned database is no finding; that this manifest states nothing else is one
    (unread,) = _findings(home)
    assert (unread.subject, "could not be judged again" in unread.message) == ("ledger", True)
    home.store.replace("releases/00000001/manifest.json", b'{"database_sha256":""}')
    assert "manifest" in _findings(home)[0].message
    (home.folder / "releases/00000001/manifest.json").unlink()
    assert "gone" in _findings(home)[0].message


def test_what_an_interrupted_run_left_is_listed_and_is_no_finding(home: EvidenceHome) -> None:
    waiting = home.collect("okta", [events("w", 1)])
    orphan, _ = Locker(home.store).put(b"stored, then killed")
    home.receive("other", [events("unsigned", 1)])
    report = verification.verify(home.settings)
    assert report.findings == []
    assert report.pending == [f"okta/{waiting}"]
    assert report.orphans == [orphan]
    assert report.unsigned == ["locker/receipts/other/00000002.json"]
    assert orphan in report.to_text()


@pytest.mark.parametrize(
    "changes",
    [{"sequence": "2"}, {"objects": [{"sha256": "../../keys"}]}, {"requests": None}],
    ids=["sequence", "object", "requests"],
)
def test_a_receipt_of_another_form_is_a_finding_and_no_crash(
    home: EvidenceHome, changes: dict[str, object]
) -> None:
    path = _receipt(home, 2)
    data = json.loads(path.read_bytes())
    if "objects" in changes:
        changes = {"objects": [data["objects"][0] | {"sha256": "../../keys"}]}
    _rehash(path, **changes)
    assert {finding.subject for finding in _findings(home)} <= {"receipt", "object"}


def test_a_receipt_written_in_another_form_with_the_same_contents(home: EvidenceHome) -> None:
    path = _receipt(home, 2)
    path.write_bytes(json.dumps(json.loads(path.read_bytes()), indent=1).encode())
    assert "not in the form" in _findings(home)[0].message


def test_an_older_checkpoint_signed_anew_by_whoever_holds_the_key(home: EvidenceHome) -> None:
    path = home.folder / "checkpoints/00000002.json"
    by = signing.signer(home.store)
    body = signing.open_envelope(path.read_bytes(), by.public_key)
    path.write_bytes(signing.envelope(by, body | {"signed_at": "2026-01-07T02:00:00.000000Z"}))
    (finding,) = _findings(home)
    assert (finding.subject, finding.name) == ("checkpoint", "checkpoints/00000003.json")
    assert "names another checkpoint before it" in finding.message
