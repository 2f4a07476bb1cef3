"""What is planned, from receipts on disk; planning never asks the network: it has no connection."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from ledger_home import DAY, LOCAL_FILE, Home, Record, account, at, events

from muniment.collecting import Window
from muniment.collection import Proof
from muniment.errors import UsageError
from muniment.planning import PlannedWindow, plan

D = date(2026, 1, 5)
OKTA = {"id": "okta", "kind": "okta_system_log", "connection": "okta"}
USERS = {"id": "users", "kind": "okta_users", "connection": "okta"}
DEPLOYS = {
    "id": "deploys",
    "kind": "github_deployments",
    "connection": "github",
    "options": {"organisation": "example"},
}
PULLS = DEPLOYS | {"id": "pulls", "kind": "github_pulls"}
ROSTER = {
    "id": "roster",
    "kind": "register",
    "location": "drop/roster",
    "options": {"schema": "roster"},
}

SNAPSHOT = [account("ann"), Record("factor", "f1", {"id": "f1", "factorType": "push"})]


@pytest.fixture
def okta(tmp_path: Path) -> Home:
    return Home(tmp_path, [OKTA])


@pytest.fixture
def deploys(tmp_path: Path) -> Home:
    return Home(tmp_path, [DEPLOYS])


def windows(planned: list[PlannedWindow]) -> list[Window]:
    return [item.window for item in planned]


def test_first_run_asks_for_yesterday(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA, DEPLOYS, USERS])
    assert plan(home.settings, at(D)) == [
        PlannedWindow("okta", Window(D - DAY, D, "poll")),
        PlannedWindow("deploys", Window(D - DAY, D, "window")),
        PlannedWindow("users", Window(D, D + DAY, "snapshot")),
    ]


def test_thirty_days_are_one_window(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA, DEPLOYS])
    assert windows(plan(home.settings, at(D), D - 30 * DAY, D)) == [
        Window(D - 30 * DAY, D, "poll"),
        Window(D - 30 * DAY, D, "window"),
    ]


def test_nothing_is_planned_twice_on_one_day(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA, DEPLOYS, USERS])
    home.collect("okta", D - DAY, D, cursor=(None, "a"))
    home.collect("deploys", D - DAY, D)
    home.collect("users", D, D + DAY, SNAPSHOT, started=at(D))
    assert plan(home.settings, at(D, 5)) == []


def test_ordinary_day_asks_for_what_ended_since(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA, DEPLOYS, USERS])
    home.collect("okta", D - DAY, D, cursor=(None, "a"))
    home.collect("deploys", D - DAY, D)
    home.collect("users", D, D + DAY, SNAPSHOT, started=at(D))
    assert windows(plan(home.settings, at(D + DAY))) == [
        Window(D, D + DAY, "poll"),
        Window(D, D + DAY, "window"),
        Window(D + DAY, D + 2 * DAY, "snapshot"),
    ]


def test_missed_schedules_heal(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA, DEPLOYS])
    home.collect("okta", D - DAY, D, cursor=(None, "a"))
    home.collect("deploys", D - DAY, D)
    assert windows(plan(home.settings, at(D + 5 * DAY))) == [
        Window(D, D + 5 * DAY, "poll"),
        Window(D, D + 5 * DAY, "window"),
    ]


def test_days_that_can_never_be_proven_are_not_asked_for_again(tmp_path: Path) -> None:
    """A cap of the source stays a cap; what is merely not provable yet is asked for again."""
    home = Home(tmp_path, [PULLS])
    end = (D + 3 * DAY).isoformat()
    days = [(D + offset * DAY).isoformat() for offset in range(3)] + [end]
    capped = Proof("change_events.commit", "not_provable", days[0], days[1], is_final=True)
    doubtful = Proof("change_events.commit", "not_provable", days[1], days[2])
    others = ("pull_request", "review", "ref_update")
    sound = [Proof(f"change_events.{name}", "cursor_exhausted", days[0], end) for name in others]
    rest = Proof("change_events.commit", "cursor_exhausted", days[2], end)
    home.collect("pulls", D, D + 3 * DAY, proofs=[*sound, capped, doubtful, rest])
    now = at(D + 3 * DAY)
    assert windows(plan(home.settings, now)) == [Window(D + DAY, D + 2 * DAY, "window")]


def test_failed_days_are_asked_for_again_apart_from_open_ones(deploys: Home) -> None:
    deploys.collect("deploys", D, D + DAY, failure="HTTP 500")
    deploys.collect("deploys", D + DAY, D + 4 * DAY)
    deploys.collect("deploys", D + 4 * DAY, D + 5 * DAY, failure="HTTP 500")
    assert windows(plan(deploys.settings, at(D + 5 * DAY))) == [
        Window(D, D + DAY, "window"),
        Window(D + 4 * DAY, D + 5 * DAY, "window"),
    ]


def test_days_that_the_source_forgot_are_not_asked_for(okta: Home) -> None:
    okta.collect("okta", D, D + 10 * DAY, cursor=(None, "a"), quarantined={"event": 1})
    okta.collect("okta", D + 10 * DAY, D + 95 * DAY, cursor=("a", "b"))
    # Okta keeps 90 days: on D + 95 the whole of D + 6 is still there, the whole of D + 5 is not.
    assert windows(plan(okta.settings, at(D + 95 * DAY))) == [
        Window(D + 6 * DAY, D + 10 * DAY, "window")
    ]


def test_failed_poll_is_polled_again_from_the_last_proven_end(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 1), cursor=(None, "a"))
    okta.collect("okta", D + DAY, D + 2 * DAY, failure="HTTP 500")
    assert windows(plan(okta.settings, at(D + 2 * DAY))) == [Window(D + DAY, D + 2 * DAY, "poll")]


def test_poll_goes_on_from_the_last_proven_end_whatever_range_is_asked_for(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, cursor=(None, "a"))
    planned = plan(okta.settings, at(D + 5 * DAY), D + 3 * DAY, D + 5 * DAY)
    assert windows(planned) == [Window(D + DAY, D + 5 * DAY, "poll")]


def test_gap_that_the_poll_has_passed_is_read_by_a_bounded_window(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, cursor=(None, "a"))
    okta.collect(
        "okta", D + DAY, D + 2 * DAY, cursor=("a", "z"), basis="not_provable",
        reason="cursor refused (HTTP 410)",
    )  # fmt: skip
    okta.collect("okta", D + 2 * DAY, D + 3 * DAY, cursor=("z", "b"))
    assert windows(plan(okta.settings, at(D + 4 * DAY))) == [
        Window(D + 3 * DAY, D + 4 * DAY, "poll"),
        Window(D + DAY, D + 2 * DAY, "window"),
    ]


def test_days_before_the_first_poll_are_read_by_a_bounded_window(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, cursor=(None, "a"))
    planned = plan(okta.settings, at(D + DAY), D - 5 * DAY, D + DAY)
    assert windows(planned) == [Window(D - 5 * DAY, D, "window")]


def test_range_that_ends_before_today_never_moves_the_cursor(okta: Home) -> None:
    planned = plan(okta.settings, at(D), D - 10 * DAY, D - 5 * DAY)
    assert windows(planned) == [Window(D - 10 * DAY, D - 5 * DAY, "window")]


def test_range_is_kept_to(deploys: Home) -> None:
    deploys.collect("deploys", D, D + DAY)
    planned = plan(deploys.settings, at(D + 9 * DAY), D + 3 * DAY, D + 5 * DAY)
    assert windows(planned) == [Window(D + 3 * DAY, D + 5 * DAY, "window")]


def test_state_days_gone_by_are_not_planned_and_today_is_looked_at_once(tmp_path: Path) -> None:
    home = Home(tmp_path, [USERS])
    home.collect("users", D, D + DAY, SNAPSHOT, started=at(D))
    today = D + 5 * DAY
    assert windows(plan(home.settings, at(today))) == [Window(today, today + DAY, "snapshot")]
    home.collect("users", today, today + DAY, started=at(today), failure="HTTP 401")
    assert windows(plan(home.settings, at(today, 5))) == [Window(today, today + DAY, "snapshot")]


def test_register_is_listed_once_for_all_its_days(tmp_path: Path) -> None:
    home = Home(tmp_path, [ROSTER])
    first = plan(home.settings, at(D), D - 30 * DAY, D)
    assert windows(first) == [Window(D - 30 * DAY, D + DAY, "snapshot")]
    rows = [Record("roster", "p1", {"person_id": "p1"})]
    home.collect(
        "roster", D - 30 * DAY, D + DAY, rows, started=at(D), basis="file_manifest",
        origin=LOCAL_FILE,
    )  # fmt: skip
    assert plan(home.settings, at(D, 5)) == []
    assert windows(plan(home.settings, at(D + DAY))) == [Window(D + DAY, D + 2 * DAY, "snapshot")]


def test_empty_range_is_refused(okta: Home) -> None:
    with pytest.raises(UsageError, match="not before"):
        plan(okta.settings, at(D), D, D)


def test_a_retired_source_is_asked_for_days_before_and_for_no_other(tmp_path: Path) -> None:
    retired = {"since": D + DAY, "reason": "The tool was replaced."}
    sources = [DEPLOYS | {"retired": retired}, ROSTER | {"retired": retired},
               OKTA | {"connection": None, "retired": retired}]  # fmt: skip
    home = Home(tmp_path, sources)
    assert plan(home.settings, at(D + 3 * DAY), D, D + 3 * DAY) == [
        PlannedWindow("deploys", Window(D, D + DAY, "window")),
    ]
    assert plan(home.settings, at(D + 3 * DAY), D + DAY, D + 3 * DAY) == []


def test_a_retired_log_is_not_polled_past_its_end(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA])
    home.collect("okta", D, D + DAY, events(D, 2), cursor=(None, "a"))
    home.configure([OKTA | {"retired": {"since": D + 2 * DAY, "reason": "Moved."}}])
    (planned,) = plan(home.settings, at(D + 4 * DAY))
    assert planned.window == Window(D + DAY, D + 2 * DAY, "window")
