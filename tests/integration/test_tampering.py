"""What an operator may change before it is published: `verify --deep` makes the release again.

The release that comes of it is sound in itself, signed, and every hash in it fits.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from command_line import command
from file_home import Home
from muniment import expectations, receipts
from muniment.database import connect
from muniment.warehouse import WAREHOUSE_PATH

PASSED = "update control_tests.log_01 set outcome = 'PASS', reason_code = null, reason = 'fine'"


def verified(home: Home, *options: str) -> dict[str, str]:
    """Name and message of every finding; the exit code says the same."""
    done = command(home.config, "verify", *options, "--format", "json")
    found = {item["name"]: item["message"] for item in json.loads(done.stdout)["findings"]}
    assert done.exit_code == bool(found), done.stderr
    return found


def run(home: Home, *steps: str) -> None:
    for step in steps:
        done = home.run(step)
        assert done.exit_code == 0, done.stderr


def outcomes(home: Home) -> set[str]:
    done = command(home.config, "results", "--test", "LOG-01", "--format", "json")
    return {row["outcome"] for row in json.loads(done.stdout)}


def test_units_made_to_pass_in_the_warehouse(tmp_path: Path) -> None:
    home = Home.make(tmp_path)
    shutil.rmtree(tmp_path / "drop/sast")  # it never landed
    home.collect()
    home.settle()
    run(home, "build", "publish")
    assert outcomes(home) == {"NOT_TESTED", "PENDING"}
    with connect(home.settings.home.local_path(WAREHOUSE_PATH)) as connection:
        connection.execute(PASSED)
        connection.execute("update ops.run set run_id = 'another'")
    run(home, "publish")
    assert outcomes(home) == {"PASS"}
    assert verified(home) == {}
    found = verified(home, "--deep")
    # what was changed, and what publishing made of it; every other table comes out again
    assert set(found) == {"control_tests.log_01", "ops.frozen_results"}
    assert "releases/00000002 has" in found["control_tests.log_01"]
    assert list((tmp_path / ".muniment/tmp").iterdir()) == []


def test_an_outcome_of_the_expectations_changed_before_the_build(tmp_path: Path) -> None:
    """A shortfall that nobody found shuts a gate, and exceptions by absence with it."""
    home = Home.make(tmp_path)
    home.collect()
    home.settle()
    assert home.words("roster") == {"COMPLETE"}
    file = home.settings.home.local_path(expectations.OUTCOMES)
    kept = json.loads(file.read_bytes())
    (receipt,) = receipts.read_chain(home.settings.home, "roster")
    kept[receipt.receipt_id]["shortfalls"] = [{"stream": None, "reason": "rows are missing"}]
    file.write_text(json.dumps(kept))
    run(home, "build", "publish")
    assert home.words("roster") == {"GAP"}
    assert verified(home) == {}
    found = verified(home, "--deep")
    assert "other outcomes than the expectations give now" in found[expectations.OUTCOMES]
    assert "ops.verdicts" in found
    assert not [name for name in found if name.startswith("staging.")]


def test_before_the_first_release_there_is_nothing_to_make_again(tmp_path: Path) -> None:
    home = Home.make(tmp_path)
    home.collect()
    home.settle()
    done = command(home.config, "verify", "--deep")
    assert done.exit_code == 2
    assert "no release yet" in done.stderr
