"""`muniment init`: a beginning that loads, with every suggested control to adopt."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from muniment import starter
from muniment.settings import load
from muniment.sources.register import OPTIONAL, REQUIRED


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize("name", ["Acme", 'A: "B" #1', "Łódź & Söhne {x}"])
def test_the_template_loads_for_any_name(tmp_path: Path, name: str) -> None:
    starter.write(tmp_path, name)
    settings = load(tmp_path / "muniment.yml")
    assert settings.organisation == name
    assert {source.kind for source in settings.sources} == {"register"}
    for source in settings.sources:
        assert len(settings.folder(source).list("")) == 1


def test_a_register_template_has_the_columns_that_its_kind_reads() -> None:
    for schema, columns in starter.COLUMNS.items():
        assert set(columns) - {"entity"} == {*REQUIRED[schema], *OPTIONAL[schema]}


def test_every_test_brings_a_suggested_control(tmp_path: Path, shared: Path) -> None:
    import yaml

    starter.write(tmp_path, "Acme")
    library = yaml.safe_load((shared / "controls" / "control_tests.yaml").read_text("utf-8"))
    expected = {test["id"]: test for test in library["tests"]}
    suggested = rows(tmp_path / "registers" / "suggested_controls.csv")
    assert {row["tests"] for row in suggested} == set(expected)
    assert len(suggested) == 69
    assert all(row["statement"].strip() and row["criteria"] for row in suggested)
    assert tuple(suggested[0]) == starter.COLUMNS["controls"]


def test_nothing_that_exists_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "muniment.yml").write_text("mine")
    command = [sys.executable, "-m", "muniment", "init", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "kept" in done.stdout
    assert (tmp_path / "muniment.yml").read_text() == "mine"
