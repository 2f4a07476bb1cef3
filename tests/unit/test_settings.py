"""A broken configuration is refused at the door, with one message that a person can act on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from muniment.errors import UsageError
from muniment.settings import load

GOOD = """
organisation: Harbourline Health
sources:
  - id: okta
    kind: okta_system_log
    connection: okta
"""


def _write(folder: Path, text: str) -> Path:
    path = folder / "muniment.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_relative_paths_are_below_the_files_own_folder(tmp_path: Path) -> None:
    settings = load(_write(tmp_path, GOOD))
    assert settings.home.url == str(tmp_path / ".muniment")
    assert settings.frameworks == ("soc2", "gdpr", "vendor-guardrails")
    assert settings.entity(settings.sources[0]) == "Harbourline Health"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("organisation:", "organization:"), ["organization", "unknown key", "organisation"]),
        (("connection: okta", "conection: okta"), ["sources[0]", "conection", "connection"]),
        (("kind: okta_system_log", "kind: okta_sytem_log"), ["okta_sytem_log", "okta_system_log"]),
        (("    connection: okta\n", ""), ["connection", "missing", "okta_system_log"]),
        (("id: okta", "id: Okta"), ["sources[0]", "Okta"]),
        (("kind: okta_system_log", "kind: okta_system_log\n    options: {setling_h: 3}"),
         ["options", "setling_h", "settling_h"]),
        (("organisation: Harbourline Health", "- a list"), ["muniment.yml"]),
        (("organisation: Harbourline Health", "organisation: [1"), ["not valid YAML"]),
    ],
)  # fmt: skip
def test_a_mistake_names_file_key_found_and_expected(
    tmp_path: Path, change: tuple[str, str], words: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        load(_write(tmp_path, GOOD.replace(*change)))
    message = str(caught.value)
    assert "muniment.yml" in message
    for word in words:
        assert word in message
    assert "\n" not in message.strip()


def test_a_retired_source_needs_no_connection_and_says_why(tmp_path: Path) -> None:
    source = "sources: [{id: o, kind: okta_users, retired: {since: 2026-03-01, reason: Closed}}]"
    file = tmp_path / "muniment.yml"
    file.write_text(f"organisation: X\n{source}")
    (retired,) = load(file).sources
    assert retired.is_former
    assert not retired.is_retired_on(date(2026, 2, 28))
    assert retired.is_retired_on(date(2026, 3, 1))
    file.write_text(f"organisation: X\n{source}".replace("reason: Closed", "reason: ' '"))
    with pytest.raises(UsageError, match=r"sources\[0\].retired.reason: found ' '"):
        load(file)
    file.write_text(f"organisation: X\n{source}".replace("since", "sinse"))
    with pytest.raises(UsageError, match=r"retired.sinse: unknown key; expected one of since, re"):
        load(file)


def test_an_id_is_used_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="used twice"):
        load(_write(tmp_path, GOOD + GOOD.split("sources:")[1]))


def test_a_missing_file_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="muniment init"):
        load(tmp_path / "muniment.yml")
