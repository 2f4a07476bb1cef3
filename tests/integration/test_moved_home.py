"""A home that was moved, with its configuration and its drop: nothing looks where it lay before."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from command_line import Done, command
from file_home import END, Home, report

NEXT_DAY, NEXT_NOW = "2026-01-07", "2026-01-07T02:00:00Z"
PERIOD = ("--framework", "soc2", "--from", END, "--to", NEXT_DAY)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One day is run in one place; then another home takes that place, and all is moved."""
    old = tmp_path_factory.mktemp("old") / "company"
    old.mkdir()
    first = Home.make(old).run("run", "--from", "2026-01-05", "--to", END)
    assert first.exit_code == 0, first.stderr
    new = tmp_path_factory.mktemp("new") / "company"
    shutil.move(old, new)
    assert not old.exists()
    return Home(new)


def later(home: Home, *arguments: str) -> Done:
    done = command(home.config, *arguments)
    assert done.exit_code == 0, done.stderr
    return done


def test_what_was_proven_still_is(moved: Home) -> None:
    later(moved, "verify")
    held = moved.bronze("sast", "finding", "record ->> '$.message.text'")
    assert held == ["sound"]


def test_the_next_day_builds_on_what_is_there(moved: Home, tmp_path: Path) -> None:
    moved.put("sast/more.sarif", report("more"))
    said = later(moved, "run", "--from", END, "--to", NEXT_DAY, "--now", NEXT_NOW)
    assert "rebuilt the warehouse" not in said.stderr
    assert "3 scan runs belong to no asset of the register" in said.stderr
    rows = json.loads(later(moved, "ledger", "--format", "json").stdout)
    assert {row["verdict"] for row in rows if row["day"] == END} <= {"COMPLETE", "EMPTY_CONFIRMED"}
    staged = "select count(*) as n from staging.stg_sarif__finding where not is_duplicate"
    assert json.loads(later(moved, "sql", staged, "--format", "json").stdout) == [{"n": 2}]
    pack = tmp_path / "pack.zip"
    later(moved, "pack", "build", *PERIOD, "--out", str(pack), "--now", NEXT_NOW)
    later(moved, "pack", "verify", str(pack))
    later(moved, "verify")


def test_no_evidence_remembers_a_place(
    moved: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = os.fsencode(tmp_path_factory.getbasetemp())
    kept = [file for file in (moved.folder / ".muniment").rglob("*") if file.is_file()]
    assert len(kept) > 20
    naming = {file for file in kept if place in file.read_bytes()}
    # a database keeps the bytes of views over Bronze that it dropped; every build makes them anew
    assert {file for file in naming if file.suffix != ".duckdb"} == set()
