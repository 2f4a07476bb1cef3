"""The locker keeps bytes under their own hash and never changes what it holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from evidence_home import EvidenceHome, events

from muniment import committing, receipts
from muniment.errors import EvidenceError, UsageError
from muniment.locker import Locker
from muniment.storage import Store


def test_bytes_and_files_are_kept_under_the_hash_of_their_content(tmp_path: Path) -> None:
    locker = Locker(Store(tmp_path / "home"))
    body = bytes(range(256)) * 9000  # more than one chunk
    file = tmp_path / "page.json"
    file.write_bytes(body)
    expected = (hashlib.sha256(body).hexdigest(), len(body))

    assert locker.put(file) == expected
    assert not file.exists(), "a local file is used up"
    assert locker.put(body) == expected, "the same body twice is one object"
    assert locker.read(expected[0]) == body
    with locker.open(expected[0]) as handle:
        assert handle.read() == body
    assert list(locker.objects()) == [expected[0]]


def test_an_object_with_foreign_bytes_is_neither_trusted_nor_overwritten(tmp_path: Path) -> None:
    locker = Locker(Store(tmp_path / "home"))
    sha256, _ = locker.put(b"as received")
    stored = tmp_path / f"home/locker/objects/{sha256[:2]}/{sha256}"
    stored.write_bytes(b"as altered!")

    with pytest.raises(EvidenceError, match=sha256):
        locker.put(b"as received")
    assert stored.read_bytes() == b"as altered!"


def test_a_missing_object_and_a_name_that_is_none_say_what_to_do(tmp_path: Path) -> None:
    locker = Locker(Store(tmp_path / "home"))
    with pytest.raises(EvidenceError, match="muniment verify"):
        locker.read("a" * 64)
    with pytest.raises(UsageError, match="64 hexadecimal"):
        locker.read("../../keys/signing.pem")


def test_orphans_are_the_objects_that_neither_receipt_nor_collection_names(tmp_path: Path) -> None:
    home = EvidenceHome.make(tmp_path)
    home.receive("okta", [events("a", 2)])
    waiting = home.collect("okta", [events("b", 2)])
    locker = Locker(home.store)
    orphan, _ = locker.put(b"stored, then the run was killed")

    named = [
        *receipts.read_all(home.store),
        committing.pending_collection(home.store, "okta", waiting),
    ]
    assert locker.orphans(named) == [orphan]
    assert len(locker.orphans(named[:1])) == 3, "without its collection, its two objects as well"


def test_the_same_works_on_an_object_store(tmp_path: Path) -> None:
    locker = Locker(Store(f"memory://locker-{tmp_path.name}"))
    file = tmp_path / "page.json"
    file.write_bytes(b"[]")
    sha256, _ = locker.put(file)
    assert locker.put(b"[]")[0] == sha256
    assert (locker.read(sha256), list(locker.objects())) == (b"[]", [sha256])
