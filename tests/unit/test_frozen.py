"""What was found keeps the day it was first found, whatever becomes of the warehouse."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from warehouse_file import DAY, WarehouseFile

from muniment import releases
from muniment.database import connect
from muniment.errors import EvidenceError

FIRST = DAY + timedelta(days=1)
FOUND = "select outcome, first_found_on, first_release from ops.frozen_results order by all"


def test_first_found_survives_a_rebuild_from_nothing(tmp_path: Path) -> None:
    home = WarehouseFile.make(tmp_path / "home")
    home.build(FIRST)
    home.publish()
    home.build(FIRST + timedelta(days=3), run_id="run-2")  # the file is made anew
    home.publish()
    assert home.query(FOUND) == [("EXCEPTION", FIRST, 1), ("PASS", FIRST, 1)]


def test_a_changed_outcome_is_a_new_finding_and_the_old_one_stays(tmp_path: Path) -> None:
    home = WarehouseFile.make(tmp_path / "home")
    home.build(FIRST)
    home.publish()
    with connect(home.path) as connection:
        connection.execute("update control_tests.all_tests set outcome = 'PASS'")
        connection.execute("update ops.run set as_of = date '2026-01-09', run_id = 'run-2'")
    home.publish()
    assert home.query(FOUND) == [
        ("EXCEPTION", FIRST, 1),
        ("PASS", FIRST, 1),
        ("PASS", date(2026, 1, 9), 2),
    ]


def test_what_was_found_outlives_the_rows(tmp_path: Path) -> None:
    home = WarehouseFile.make(tmp_path / "home")
    home.build(FIRST)
    home.publish()
    home.build(FIRST, run_id="run-2")
    with connect(home.path) as connection:
        connection.execute("delete from control_tests.all_tests")
    home.publish()
    assert home.query(FOUND) == [("EXCEPTION", FIRST, 1), ("PASS", FIRST, 1)]


def test_verdicts_are_frozen_too(tmp_path: Path) -> None:
    home = WarehouseFile.make(tmp_path / "home")
    home.build(FIRST)
    home.publish()
    assert home.query("select day, verdict from ops.frozen_verdicts order by all") == [
        (DAY, "COMPLETE"),
        (FIRST, "GAP"),
    ]


def test_what_was_found_first_is_not_found_anew_when_its_file_is_gone_or_changed(
    tmp_path: Path,
) -> None:
    home = WarehouseFile.make(tmp_path / "home")
    home.build(FIRST)
    home.publish()
    file = home.settings.home.local_path("frozen/results/00000001.parquet")
    kept = file.read_bytes()
    home.build(FIRST + timedelta(days=3), run_id="run-2")  # the file is made anew
    file.unlink()
    with pytest.raises(EvidenceError, match="not what release 1 froze"):
        home.publish()
    file.write_bytes(kept + b" ")
    with pytest.raises(EvidenceError, match="bring the file back from a backup"):
        home.publish()
    assert releases.sealed_numbers(home.settings.home) == [1]
    file.write_bytes(kept)
    home.publish()
    assert home.query(FOUND) == [("EXCEPTION", FIRST, 1), ("PASS", FIRST, 1)]
