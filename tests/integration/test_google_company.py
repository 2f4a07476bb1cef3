"""Google Workspace of the simulated company, from a service account's key to unified models."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from company import DAY, Company, clock_of
from muniment import receipts, verdicts
from muniment.sandbox.google_shapes import profile_id
from muniment.sandbox.google_workspace import late_days, quota_days
from muniment.sandbox.scenario import scenario

ACTIVITY, USERS = "google_workspace_activity", "google_workspace_users"
SEED = 1


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Every day from two before the quota ran out to three after it, each on its own morning."""
    quota = quota_days(SEED)[0]
    with Company(tmp_path_factory.mktemp("g"), SEED, only=(ACTIVITY, USERS, "roster")) as running:
        each_morning(running, quota - 2 * DAY, quota + 4 * DAY)
        running.build(quota + 4 * DAY)
        yield running


def each_morning(company: Company, first: date, end: date) -> None:
    """What a schedule does: every morning asks for whatever is not open yet."""
    company.look(first)
    for offset in range(1, (end - first).days + 1):
        day = first + offset * DAY
        company.collect(first, day, assess=day == end)


def words(company: Company, source_id: str, day: date, stream: str) -> set[str]:
    return {
        row.verdict
        for row in verdicts.read(company.settings.home)
        if (row.source_id, row.day, row.stream) == (source_id, day, stream)
    }


def test_the_planted_gaps_are_the_ledger_s(company: Company) -> None:
    quota = quota_days(SEED)[0]
    planted = {
        (gap["source_kind"], gap["day"]): gap["heals_on"]
        for gap in scenario(SEED)["gaps"]
        if gap["source_kind"] in (ACTIVITY, USERS) and gap["verdict"] == "GAP"
    }
    assert planted[USERS, quota.isoformat()] is None
    assert planted[ACTIVITY, (quota - DAY).isoformat()] == quota.isoformat()
    assert words(company, USERS, quota, "identities.account") == {"GAP"}
    others = [quota - 2 * DAY, quota - DAY, quota + DAY, quota + 2 * DAY]
    for day in others:
        assert words(company, USERS, day, "identities.account") == {"COMPLETE"}
    chain = receipts.read_chain(company.settings.home, ACTIVITY)
    failed = [one.failure.reason for one in chain if one.failure]
    assert len(failed) == 1
    assert "Quota exceeded" in failed[0]
    for offset in (-2, -1, 0, 1):  # healed, each by a later morning
        day = quota + offset * DAY
        assert words(company, ACTIVITY, day, "access_events.sign_in") <= {"COMPLETE", "LATE"}


def test_young_days_wait_by_the_lag_of_their_application(company: Company) -> None:
    last = quota_days(SEED)[0] + 3 * DAY
    assert words(company, ACTIVITY, last, "access_events.sign_in") == {"NOT_PROVABLE"}
    assert words(company, ACTIVITY, last, "access_events.grant") == {"NOT_PROVABLE"}
    drive = words(company, ACTIVITY, last, "access_events.resource_access")
    assert drive and drive <= {"COMPLETE", "EMPTY_CONFIRMED"}


def test_every_event_that_was_reported_is_there_once(company: Company) -> None:
    """Counts come from the simulation, not from what was collected."""
    quota = quota_days(SEED)[0]
    workspace = company.sandbox.world.google
    for day in (quota - 2 * DAY, quota - DAY, quota, quota + DAY):
        happened = workspace.happened_on(day)
        events = sum(len(item.record["events"]) for item in happened)
        rows = company.query(
            "select count(*), count(distinct event_key) from intermediate.int_access_events "
            "where event_day = ? and source_id = ?",
            [day, ACTIVITY],
        )
        assert rows == [(events, events)]


def test_the_directory_is_history(company: Company) -> None:
    quota = quota_days(SEED)[0]
    workspace = company.sandbox.world.google
    listed = workspace.users(clock_of(quota + DAY), is_deleted=False)
    found = company.query(
        "select count(*), count(*) filter (where is_admin), count(person_id) "
        "from intermediate.int_accounts where day = ? and source_id = ? and status <> 'DELETED'",
        [quota + DAY, USERS],
    )
    admins = [user for user in listed if user["isAdmin"] or user["isDelegatedAdmin"]]
    assert found == [(len(listed), len(admins), len(listed))]
    versions = company.query(
        "select count(distinct account_id), bool_and(has_mfa) from intermediate.int_identities "
        "where system = 'google' and is_enabled and ? between valid_from and valid_to",
        [quota + DAY],
    )
    assert versions == [(sum(not user["suspended"] for user in listed), True)]


def test_no_secret_of_the_service_account_is_written_anywhere(company: Company) -> None:
    key = company.environment["AIRFLOW_CONN_GOOGLE"]
    assert "PRIVATE" in key
    line = key.partition("KEY-----")[2][10:70].encode()
    token = company.sandbox.token("google").encode()
    for path in (company.folder / ".muniment").rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            assert token not in body
            assert line not in body


def test_a_late_sign_in_counts_for_its_own_day(tmp_path: Path) -> None:
    late = late_days(SEED)[0]
    with Company(tmp_path, SEED, only=(ACTIVITY,)) as running:
        each_morning(running, late, late + 3 * DAY)
        chain = receipts.read_chain(running.settings.home, ACTIVITY)
        workspace = running.sandbox.world.google
        slow = [item for item in workspace.happened_on(late) if item.application == "login"]
        slow = [item for item in slow if item.reported - item.happened > timedelta(days=1)]
        assert len(slow) == 1
        assert words(running, ACTIVITY, late, "access_events.sign_in") == {"COMPLETE"}
        assert len(chain) == 3


def test_the_planted_administrators_are_seen(tmp_path: Path) -> None:
    planted = [one for one in scenario(SEED)["contents"] if one["source_kind"].startswith("google")]
    granted, shown = planted[:2]
    first = date.fromisoformat(granted["first_day"])
    with Company(tmp_path, SEED, only=(ACTIVITY, USERS)) as running:
        (one,) = [x for x in running.sandbox.world.google.elevations if x.start.date() == first]
        assert profile_id(one.person) == granted["native_id"] == shown["native_id"]
        for offset in range(4):
            running.look(first + offset * DAY)
        running.collect(first, first + 4 * DAY)
        running.build(first + 4 * DAY)
        found = running.query(
            "select event_type, stream, target_id from intermediate.int_access_events "
            "where event_type like '%ADMIN_PRIVILEGE' order by event_time"
        )
        assert found == [
            ("admin.GRANT_ADMIN_PRIVILEGE", "grant", one.person.email),
            ("admin.REVOKE_ADMIN_PRIVILEGE", "revoke", one.person.email),
        ]
        days = running.query(
            "select day from intermediate.int_roles where account_id = ? order by day",
            [shown["native_id"]],
        )
        wanted = date.fromisoformat(shown["first_day"]), date.fromisoformat(shown["end_day"])
        assert [day for (day,) in days] == [wanted[0], wanted[1] - DAY]


def test_what_is_planted_in_google_breaks_no_control(company: Company) -> None:
    """Everybody's sign-ins show a second factor, and nobody keeps an account too long."""
    judged = company.query(
        "select test_id, leg_id, outcome, count(*) from marts.fct_test_results "
        "where system = 'google' group by all order by all"
    )
    assert {outcome for *_, outcome, _ in judged} <= {"PASS", "NOT_TESTED", "NOT_APPLICABLE"}
    assert any((test, leg) == ("IAM-01", "used") for test, leg, *_ in judged)
