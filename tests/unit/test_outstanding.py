"""The last words of a run: what was asked for and is not proven, and whether that is a failure."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from ledger_home import Home, at

from muniment import outstanding
from muniment.claims import DAY
from muniment.collecting import Mode, Window
from muniment.errors import EvidenceError, MachineError, UsageError
from muniment.outstanding import Outstanding, Stuck
from muniment.pipeline import RunReport
from muniment.planning import PlannedWindow
from muniment.releases import Release
from muniment.warehouse import BuildReport

D = date(2026, 1, 5)
POLLED = {"id": "okta", "kind": "okta_system_log", "connection": "okta"}
LOOKED_AT = {"id": "users", "kind": "okta_users", "connection": "okta"}


def left(home: Home, source_id: str, mode: Mode = "window", first: date = D) -> Outstanding:
    """What a run of one window leaves, after `okta` was assessed up to D."""
    window = PlannedWindow(source_id, Window(first, first + DAY, mode))
    return outstanding.left_by(list(home.assess(D).values()), [window], [], {})


def made(folder: Path, is_required: bool = True) -> Home:
    return Home(folder, [{**POLLED, "required": is_required}, {**LOOKED_AT, "required": False}])


def test_a_required_source_that_is_not_provable_is_named_and_falls_short(tmp_path: Path) -> None:
    home = made(tmp_path)
    home.collect("okta", D, D + DAY, basis="not_provable", reason="Nobody knows who answered.")
    found = left(home, "okta")
    assert found.exit_code == 1
    assert str(found).splitlines() == [
        "Evidence is missing; run again once the cause is mended.",
        "okta: 1 day(s) from 2026-01-05 to 2026-01-05: not provable: Nobody knows who answered.",
    ]


def test_what_is_not_required_or_was_not_asked_for_does_not_fall_short(tmp_path: Path) -> None:
    home = made(tmp_path, is_required=False)
    home.collect("okta", D, D + DAY, basis="not_provable", reason="Nobody knows who answered.")
    assert (left(home, "okta").exit_code, str(left(home, "okta"))) == (0, "")
    (tmp_path / "other").mkdir()
    required = made(tmp_path / "other")
    required.collect("okta", D, D + DAY, basis="not_provable", reason="Nobody knows who answered.")
    assert str(left(required, "okta", first=D - DAY * 2)) == ""


def test_days_that_settle_by_themselves_are_said_to(tmp_path: Path) -> None:
    home = made(tmp_path)
    home.collect("okta", D, D + DAY, basis="not_provable", reason="Younger than 72 h when read.")
    found = left(home, "okta")
    assert found.exit_code == 0
    assert str(found).splitlines() == [
        "Not settled yet; a later run proves these days by itself.",
        "okta: 1 day(s) from 2026-01-05 to 2026-01-05: not provable: Younger than 72 h when read.",
    ]


def test_a_snapshot_that_left_no_receipt_falls_short(tmp_path: Path) -> None:
    home = made(tmp_path)
    home.collect("okta", D, D + DAY)
    found = left(home, "users", "snapshot", D + DAY)
    assert found.exit_code == 1
    assert "users: asked for 2026-01-06 to 2026-01-07, and no receipt answers" in str(found)
    home.collect("users", D + DAY, D + DAY * 2, failure="HTTP 401", started=at(D + DAY))
    found = left(home, "users", "snapshot", D + DAY)
    assert found.unanswered == []
    assert "users: 1 day(s) from 2026-01-06 to 2026-01-06: The source failed" in str(found)


@pytest.mark.parametrize(
    ("error", "code"),
    [(EvidenceError("gone"), 1), (MachineError("full"), 3), (UsageError("no name"), 1)],
)
def test_a_collection_without_receipt_falls_short_or_shows_that_the_machine_failed(
    error: EvidenceError, code: int
) -> None:
    found = Outstanding([], [], [], [Stuck("okta", "ab12", error)], {})
    assert found.exit_code == code
    assert str(found).startswith(f"okta: collection ab12 has no receipt. {error} ")
    assert "locker/collections/okta/ab12.json" in str(found)


def test_a_control_test_that_failed_to_run_falls_short_and_is_told_in_a_line() -> None:
    found = outstanding.left_by([], [], [], {"LOG-01": "out of luck", "IAM-04": "no such column"})
    assert found.exit_code == 1
    built = BuildReport(D, 0, None, found.failed_tests)
    release = Release(1, "", {}, True, False, True)
    assert RunReport([], [], [], [], built, release).outstanding == found
    iam, log = str(found).splitlines()
    assert iam.startswith("IAM-04: the control test failed to run")
    assert log == (
        "LOG-01: the control test failed to run, so that its units are "
        "NOT_TESTED(test_failed_to_run); everything else was built. The database says: out of "
        "luck. Mend what that names, or report it with these words, then build and publish again."
    )
