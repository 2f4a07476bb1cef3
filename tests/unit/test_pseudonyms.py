"""Pseudonyms: one a person, nothing left over, and nothing replaced that names nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from warehouse_file import WarehouseFile

from muniment import releases
from muniment.pseudonyms import Pseudonyms


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Pseudonyms:
    home = WarehouseFile.make(tmp_path_factory.mktemp("people") / "home")
    home.build()
    home.publish()
    with releases.connect(home.settings) as connection:
        connection.execute("select 1")
        return Pseudonyms(home.settings.home, connection)


def told(people: Pseudonyms, text: str, **more: Any) -> str:
    return str(people.row({"reason": text, **more})["reason"])


def test_what_belongs_to_one_person_has_one_pseudonym(people: Pseudonyms) -> None:
    alias = people.row({"person_id": "E-17"})["person_id"]
    assert alias.startswith("p-")
    for text in ("E-17", "ada-l", "Ada Lovelace", "ADA.Lovelace@example.com"):
        assert told(people, f"by {text}.") == f"by {alias}."
    assert told(people, "@ada-l, (ada-l) ada-l") == f"@{alias}, ({alias}) {alias}"


def test_an_address_that_no_register_knows_is_replaced_too(people: Pseudonyms) -> None:
    assert "stranger" not in told(people, "pushed by <x@stranger.org>")


def test_unit_keys_and_attributes_bear_pseudonyms(people: Pseudonyms) -> None:
    row = people.row(
        {"unit_key": "4711|okta|2026-01-05", "person_id": "4711",
         "attributes": {"person_id": "4711", "system": "okta", "account_id": 12, "number": 4711}}
    )  # fmt: skip
    assert row["unit_key"] == f"{row['person_id']}|okta|2026-01-05"
    assert row["attributes"]["person_id"] == row["person_id"]
    assert row["attributes"]["account_id"].startswith("p-")
    assert row["attributes"]["number"] == 4711


def test_what_names_nobody_stays(people: Pseudonyms) -> None:
    row = {"system": "ada-l", "test_id": "CHG-02", "reason": "adaptation of ada-lib 2026-01-05"}
    assert people.row(row) == row


def test_another_home_has_other_pseudonyms(people: Pseudonyms, tmp_path: Path) -> None:
    home = WarehouseFile.make(tmp_path / "other")
    home.build()
    home.publish()
    with releases.connect(home.settings) as connection:
        other = Pseudonyms(home.settings.home, connection)
    assert other.row({"person_id": "E-17"}) != people.row({"person_id": "E-17"})
