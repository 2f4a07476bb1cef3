"""The ledger's rules, one scenario each: receipts on disk in, the ledger's file out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_home import (
    DAY,
    LOCAL_FILE,
    PLAIN_HTTP,
    VERIFIED,
    Home,
    Record,
    account,
    at,
    events,
)

from muniment import ledger
from muniment.collection import Proof, day_of
from muniment.expectations import Findings
from muniment.receipts import Receipt
from muniment.verdicts import Verdict

D = date(2026, 1, 5)
SIGN_IN = "access_events.sign_in"
OKTA = {"id": "okta", "kind": "okta_system_log", "connection": "okta", "required": True}
USERS = {"id": "users", "kind": "okta_users", "connection": "okta"}
DEPLOYS = {
    "id": "deploys",
    "kind": "github_deployments",
    "connection": "github",
    "options": {"organisation": "example"},
}
SARIF = {"id": "scans", "kind": "sarif", "location": "drop/sarif"}
ROSTER = {
    "id": "roster",
    "kind": "register",
    "location": "drop/roster",
    "options": {"schema": "roster"},
}


@pytest.fixture
def okta(tmp_path: Path) -> Home:
    return Home(tmp_path, [OKTA])


def deployment(number: int, day: date) -> Record:
    record = {"id": number, "sha": "ab", "environment": "production", "created_at": f"{day}"}
    return Record("deployment", str(number), record, at(day))


def scan_run(day: date) -> Record:
    return Record("scan_run", None, {"runs": []}, at(day))


def person(name: str) -> Record:
    return Record("roster", name, {"person_id": name})


def test_polled_day_is_complete_and_argued(okta: Home) -> None:
    receipt = okta.collect("okta", D, D + DAY, events(D, 3), cursor=(None, "a"))
    verdict = okta.assess(D)[SIGN_IN, D]
    assert (verdict.verdict, verdict.grade, verdict.basis) == (
        "COMPLETE", "argued", "cursor_exhausted",
    )  # fmt: skip
    assert (verdict.received, verdict.quarantined) == (3, 0)
    assert verdict.event_hours == {"00": 1, "01": 1, "02": 1}
    assert verdict.receipt_ids == (receipt,)
    assert verdict.first_open_at == at(D + DAY) + timedelta(minutes=5)
    assert verdict.is_required
    assert verdict.entity == "Example"


def test_every_stream_of_every_source_has_a_row_for_every_day(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA, USERS])
    home.collect("okta", D, D + 3 * DAY, events(D, 1), cursor=(None, "a"))
    found = home.assess(D + 2 * DAY)
    streams = {"sign_in", "grant", "revoke", "disable"}
    wanted = {f"access_events.{name}" for name in streams}
    wanted |= {"identities.account", "identities.factor"}
    assert set(found) == {(stream, D + n * DAY) for stream in wanted for n in range(3)}


def test_source_that_never_landed_is_a_gap(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA, DEPLOYS])
    home.collect("okta", D, D + DAY, cursor=(None, "a"))
    verdict = home.assess(D)["change_events.deployment", D]
    assert verdict.verdict == "GAP"
    assert "Never collected" in verdict.reason
    assert verdict.is_healable


def test_nothing_ever_collected_is_a_gap_too(okta: Home) -> None:
    assert okta.assess(D)[SIGN_IN, D].verdict == "GAP"


def test_no_events_with_an_exhausted_cursor_is_empty_confirmed(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, cursor=(None, "a"))
    verdict = okta.assess(D)[SIGN_IN, D]
    assert (verdict.verdict, verdict.received) == ("EMPTY_CONFIRMED", 0)


def test_no_events_without_proof_is_not_provable(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, basis="not_provable", reason="Younger than 72 h.")
    verdict = okta.assess(D)[SIGN_IN, D]
    assert (verdict.verdict, verdict.grade) == ("NOT_PROVABLE", None)
    assert verdict.reason == "Younger than 72 h."
    assert verdict.first_open_at is None


def test_snapshot_of_nobody_needs_the_source_to_say_so(tmp_path: Path) -> None:
    home = Home(tmp_path, [USERS])
    home.collect("users", D, D + DAY, started=at(D), basis="cursor_exhausted")
    assert home.assess(D)["identities.account", D].verdict == "NOT_PROVABLE"


def test_unreadable_record_makes_the_window_a_gap(okta: Home) -> None:
    okta.collect("okta", D, D + 2 * DAY, events(D, 3), cursor=(None, "a"), quarantined={"event": 1})
    found = okta.assess(D + DAY)
    for day in (D, D + DAY):
        verdict = found[SIGN_IN, day]
        assert (verdict.verdict, verdict.quarantined) == ("GAP", 1)
        assert "1 record could not be read" in verdict.reason


def test_unreadable_helper_page_concerns_every_stream_and_a_sibling_does_not(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path, [USERS])
    one = [account("ann")]
    home.collect("users", D, D + DAY, one, started=at(D), quarantined={"factor": 1})
    found = home.assess(D)
    assert found["identities.account", D].verdict == "COMPLETE"
    assert found["identities.factor", D].verdict == "GAP"
    home.collect("users", D, D + DAY, one, started=at(D), quarantined={"organisation": 1})
    assert home.assess(D)["identities.account", D].verdict == "GAP"


def test_earlier_proof_does_not_outlive_a_later_unreadable_record_but_a_later_one_heals(
    okta: Home,
) -> None:
    okta.collect("okta", D, D + DAY, events(D, 2))
    okta.collect("okta", D, D + DAY, events(D, 1), quarantined={"event": 1})
    assert okta.assess(D)[SIGN_IN, D].verdict == "GAP"
    okta.collect("okta", D, D + DAY, events(D, 2))
    verdict = okta.assess(D)[SIGN_IN, D]
    assert (verdict.verdict, verdict.received, verdict.quarantined) == ("COMPLETE", 2, 0)
    assert len(verdict.receipt_ids) == 3


def test_failure_is_a_gap_and_a_later_receipt_heals_it(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, failure="HTTP 403 Forbidden")
    verdict = okta.assess(D)[SIGN_IN, D]
    assert verdict.verdict == "GAP"
    assert "HTTP 403 Forbidden" in verdict.reason
    okta.collect("okta", D, D + DAY, events(D, 2), cursor=(None, "a"))
    assert okta.assess(D)[SIGN_IN, D].verdict == "COMPLETE"


def test_failure_leaves_an_earlier_proof_standing(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 2), cursor=(None, "a"))
    okta.collect("okta", D, D + DAY, failure="HTTP 500")
    assert okta.assess(D)[SIGN_IN, D].verdict == "COMPLETE"


def test_best_grade_of_a_day_wins(tmp_path: Path) -> None:
    home = Home(tmp_path, [DEPLOYS])
    home.collect("deploys", D, D + DAY, [deployment(1, D)])
    home.collect("deploys", D, D + DAY, [deployment(1, D)], basis="total_count", expected=1)
    verdict = home.assess(D)["change_events.deployment", D]
    assert (verdict.grade, verdict.basis, verdict.expected) == ("proven", "total_count", 1)


def test_source_that_counts_more_than_came_is_a_gap_naming_both(tmp_path: Path) -> None:
    home = Home(tmp_path, [DEPLOYS])
    home.collect("deploys", D, D + DAY, [deployment(1, D)], basis="total_count", expected=4)
    verdict = home.assess(D)["change_events.deployment", D]
    assert (verdict.verdict, verdict.expected, verdict.received) == ("GAP", 4, 1)
    assert "counts 4" in verdict.reason
    assert "1 were received" in verdict.reason


def test_identical_duplicates_are_not_held_against_the_sources_count(tmp_path: Path) -> None:
    home = Home(tmp_path, [DEPLOYS])
    twice = [deployment(1, D), deployment(1, D)]
    home.collect(
        "deploys", D, D + DAY, twice, basis="total_count", expected=1, duplicates={"deployment": 1}
    )
    assert home.assess(D)["change_events.deployment", D].verdict == "COMPLETE"


def test_unverified_origin_proves_nothing(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 3), cursor=(None, "a"), origin=PLAIN_HTTP)
    verdict = okta.assess(D)[SIGN_IN, D]
    assert (verdict.verdict, verdict.grade, verdict.is_sandbox) == ("NOT_PROVABLE", None, False)
    assert "http://127.0.0.1" in verdict.reason


def test_unverified_origin_counts_in_a_sandbox_and_bears_its_mark(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA], is_sandbox=True)
    home.collect("okta", D, D + DAY, events(D, 3), cursor=(None, "a"), origin=PLAIN_HTTP)
    verdict = home.assess(D)[SIGN_IN, D]
    assert (verdict.verdict, verdict.is_sandbox) == ("COMPLETE", True)


def test_real_evidence_does_not_become_open_by_a_sandbox_mark_set_later(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA])
    home.collect("okta", D, D + DAY, events(D, 3), cursor=(None, "a"), origin=PLAIN_HTTP)
    home.is_sandbox = True
    home.configure([OKTA])
    assert home.assess(D)[SIGN_IN, D].verdict == "NOT_PROVABLE"


def test_a_simulated_companys_files_prove_nothing_once_the_home_is_said_to_be_real(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path, [ROSTER], is_sandbox=True)
    home.collect("roster", D, D + DAY, [person("a")], basis="file_manifest", origin=LOCAL_FILE)
    assert home.assess(D)["roster", D].verdict == "COMPLETE"
    home.is_sandbox = False
    home.configure([ROSTER])
    verdict = home.assess(D)["roster", D]
    assert (verdict.verdict, verdict.is_sandbox) == ("NOT_PROVABLE", True)


def test_what_was_said_of_a_folder_is_noted(tmp_path: Path) -> None:
    home = Home(tmp_path, [ROSTER])
    said = "2 other .csv files were left aside."
    home.collect(
        "roster", D, D + DAY, [person("a")], basis="file_manifest", origin=LOCAL_FILE,
        warnings=[said],
    )  # fmt: skip
    verdict = home.assess(D)["roster", D]
    assert verdict.verdict == "COMPLETE"
    assert verdict.reason.endswith(f" Note: {said}")


def test_a_source_that_is_no_longer_configured_keeps_its_days_and_is_a_gap_afterwards(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path, [OKTA, ROSTER])
    home.collect("okta", D, D + DAY, events(D, 3), cursor=(None, "a"))
    before = home.assess(D)[SIGN_IN, D]
    home.configure([ROSTER])
    found = home.assess(D + DAY)
    assert found[SIGN_IN, D] == replace(before, is_healable=False)
    after = found[SIGN_IN, D + DAY]
    assert (after.verdict, after.is_healable, after.is_required) == ("GAP", False, True)
    assert "no longer configured; it was last asked on 2026-01-06" in after.reason


def test_a_retired_source_owes_nothing_from_its_day_on_and_keeps_the_days_before(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path, [OKTA, ROSTER])
    home.collect("okta", D + DAY, D + 2 * DAY, events(D + DAY, 3), cursor=(None, "a"))
    home.collect("roster", D, D + DAY, [person("a")], basis="file_manifest", origin=LOCAL_FILE)
    before = home.assess(D + DAY)
    retired = {"since": D + DAY, "reason": "The tenant was closed."}
    home.configure([{**OKTA, "connection": None, "retired": retired}, ROSTER])
    found = home.assess(D + 2 * DAY)
    assert [before[SIGN_IN, D].verdict, found[SIGN_IN, D].verdict] == ["GAP", "GAP"]
    assert found[SIGN_IN, D + DAY].verdict == "COMPLETE"  # it was asked, so its word stands
    after = found[SIGN_IN, D + 2 * DAY]
    assert (after.verdict, after.is_open, after.is_healable) == ("RETIRED", False, False)
    assert after.reason == "Retired since 2026-01-06, says muniment.yml: The tenant was closed."


@pytest.mark.parametrize(("delay_h", "word"), [(36, "COMPLETE"), (36.1, "LATE")])
def test_late_is_after_the_deadline(okta: Home, delay_h: float, word: str) -> None:
    started = at(D + DAY, 0) + timedelta(hours=delay_h, minutes=-5)
    okta.collect("okta", D, D + DAY, events(D, 1), started=started, cursor=(None, "a"))
    assert okta.assess(D + DAY, at(D + 4 * DAY))[SIGN_IN, D].verdict == word


def test_deadline_is_the_sources_option(tmp_path: Path) -> None:
    home = Home(tmp_path, [{**OKTA, "options": {"deadline_h": 1}}])
    home.collect("okta", D, D + DAY, events(D, 1), cursor=(None, "a"))
    verdict = home.assess(D)[SIGN_IN, D]
    assert verdict.verdict == "LATE"
    assert verdict.is_open
    assert "due 2026-01-06 01:00Z" in verdict.reason


def test_snapshot_proves_its_own_day_and_others_cannot_heal(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA, USERS])
    home.collect("okta", D, D + 2 * DAY, cursor=(None, "a"))
    home.collect("users", D + 2 * DAY, D + 3 * DAY, [account("ann")], started=at(D + 2 * DAY))
    found = home.assess(D + DAY)
    for day in (D, D + DAY):
        verdict = found["identities.account", day]
        assert (verdict.verdict, verdict.is_healable) == ("GAP", False)
        assert "Nobody looked" in verdict.reason
    assert found["identities.account", D + 2 * DAY].verdict == "COMPLETE"
    assert (SIGN_IN, D + 2 * DAY) not in found


def test_snapshot_that_failed_today_can_heal(tmp_path: Path) -> None:
    home = Home(tmp_path, [USERS])
    home.collect("users", D, D + DAY, started=at(D), failure="HTTP 401")
    verdict = home.assess(D - DAY, at(D, 3))["identities.account", D]
    assert (verdict.verdict, verdict.is_healable) == ("GAP", True)


def test_register_speaks_for_days_before_it_came(tmp_path: Path) -> None:
    home = Home(tmp_path, [OKTA, ROSTER])
    home.collect("okta", D - 3 * DAY, D, cursor=(None, "a"))
    home.collect(
        "roster", D, D + DAY, [person("p1")], started=at(D), basis="file_manifest",
        origin=LOCAL_FILE,
    )  # fmt: skip
    found = home.assess(D - DAY)
    for offset in range(-3, 1):
        verdict = found["roster", D + offset * DAY]
        assert (verdict.verdict, verdict.grade) == ("COMPLETE", "asserted")
        assert verdict.is_stated_later == (offset < 0)


def test_unreadable_register_is_a_gap_until_it_is_read_again(tmp_path: Path) -> None:
    home = Home(tmp_path, [ROSTER])
    common = {"basis": "file_manifest", "origin": LOCAL_FILE}
    home.collect("roster", D, D + DAY, [person("p1")], started=at(D), **common)
    second, third = D + DAY, D + 2 * DAY
    home.collect(
        "roster", second, third, [], started=at(second), quarantined={"roster": 2}, **common
    )
    assert home.assess(D)["roster", second].verdict == "GAP"
    home.collect("roster", third, third + DAY, [person("p1")], started=at(third), **common)
    assert home.assess(second)["roster", second].verdict == "COMPLETE"


def test_refused_cursor_is_a_gap_until_a_bounded_read_proves_the_days(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 2), cursor=(None, "a"))
    second = D + DAY
    okta.collect(
        "okta", second, second + DAY, events(second, 2), cursor=("a", "z"),
        basis="not_provable", reason="cursor refused (HTTP 410): started again with overlap.",
    )  # fmt: skip
    found = okta.assess(second)
    assert found[SIGN_IN, D].verdict == "COMPLETE"
    assert found[SIGN_IN, second].verdict == "GAP"
    assert "cursor refused" in found[SIGN_IN, second].reason
    okta.collect("okta", second, second + DAY, events(second, 2), started=at(second + 4 * DAY))
    assert okta.assess(second, at(second + 5 * DAY))[SIGN_IN, second].is_open


def test_what_a_restarted_poll_reads_again_is_not_counted_twice(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 3), cursor=(None, "a"))
    again = [*events(D, 3), *events(D + DAY, 2)]
    okta.collect(
        "okta", D + DAY, D + 2 * DAY, again, cursor=("a", "z"), basis="not_provable",
        reason="cursor refused (HTTP 410): started again with overlap.",
    )  # fmt: skip
    late = [*events(D + 2 * DAY, 1), *events(D + DAY, 1, "late")]
    okta.collect("okta", D + 2 * DAY, D + 3 * DAY, late, cursor=("z", "b"))
    found = okta.assess(D + 2 * DAY)
    assert [found[SIGN_IN, D + n * DAY].received for n in range(3)] == [3, 3, 1]


def test_poll_that_does_not_follow_on_is_a_gap(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 2), cursor=(None, "a"))
    okta.collect("okta", D + DAY, D + 2 * DAY, events(D + DAY, 2), cursor=("other", "c"))
    assert okta.assess(D + DAY)[SIGN_IN, D + DAY].verdict == "GAP"


def test_bounded_read_between_two_polls_breaks_nothing(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 2), cursor=(None, "a"))
    okta.collect("okta", D - DAY, D, events(D - DAY, 2))
    okta.collect("okta", D + DAY, D + 2 * DAY, events(D + DAY, 2), cursor=("a", "b"))
    found = okta.assess(D + DAY)
    assert {found[SIGN_IN, D + n * DAY].received for n in (-1, 0, 1)} == {2}
    assert found[SIGN_IN, D + DAY].verdict == "COMPLETE"


def test_late_events_count_for_their_day_and_leave_it_open(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 4), cursor=(None, "a"))
    before = okta.assess(D)[SIGN_IN, D]
    late = okta.collect(
        "okta", D + DAY, D + 2 * DAY, [*events(D + DAY, 2), *events(D, 3, "late")],
        cursor=("a", "b"),
    )  # fmt: skip
    after = okta.assess(D + DAY)[SIGN_IN, D]
    assert (before.received, after.received) == (4, 7)
    assert after.verdict == "COMPLETE"
    assert after.first_open_at == before.first_open_at
    assert late in after.receipt_ids


def test_overlapping_windows_do_not_count_twice(tmp_path: Path) -> None:
    home = Home(tmp_path, [DEPLOYS])
    home.collect("deploys", D, D + DAY, [deployment(1, D)])
    home.collect("deploys", D, D + 2 * DAY, [deployment(1, D), deployment(2, D + DAY)])
    found = home.assess(D + DAY)
    assert found["change_events.deployment", D].received == 1
    assert found["change_events.deployment", D + DAY].received == 1


def test_files_add_up_unless_they_were_there_before(tmp_path: Path) -> None:
    home = Home(tmp_path, [SARIF])
    common = {"basis": "file_manifest", "origin": LOCAL_FILE}
    home.collect("scans", D, D + DAY, [scan_run(D)], files=["a"], **common)
    home.collect("scans", D + DAY, D + 2 * DAY, **common)
    found = home.assess(D + DAY)
    run = "findings.scan_run"
    assert found[run, D].verdict == "COMPLETE"
    assert found[run, D + DAY].verdict == "EMPTY_CONFIRMED"
    home.collect("scans", D + 2 * DAY, D + 3 * DAY, [scan_run(D)], files=["b"], **common)
    assert home.assess(D + 2 * DAY)[run, D].received == 2
    both = [scan_run(D), scan_run(D)]
    home.collect("scans", D, D + 3 * DAY, both, files=["a", "b"], **common)
    assert home.assess(D + 2 * DAY)[run, D].received == 2


def test_days_near_the_end_of_retention_are_warned_of(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, failure="HTTP 500")
    assert "forgets this day" not in okta.assess(D, at(D + 75 * DAY))[SIGN_IN, D].reason
    warned = okta.assess(D, at(D + 80 * DAY))[SIGN_IN, D].reason
    assert "forgets this day on 2026-04-05, 10 days from now" in warned
    assert "forgot this day" in okta.assess(D, at(D + 91 * DAY))[SIGN_IN, D].reason


def test_collection_that_states_no_proof_is_a_gap(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 2), proofs=[])
    assert okta.assess(D)[SIGN_IN, D].verdict == "GAP"


def test_assessing_again_changes_nothing(okta: Home) -> None:
    okta.collect("okta", D, D + DAY, events(D, 2), cursor=(None, "a"))
    assert okta.assess(D) == okta.assess(D)


COLLECTIONS = st.lists(
    st.fixed_dictionaries(
        {
            "first": st.integers(0, 5),
            "days": st.integers(1, 3),
            "count": st.integers(0, 2),
            "basis": st.sampled_from(["cursor_exhausted", "total_count", "not_provable"]),
            "expected": st.sampled_from([None, None, 0, 1]),
            "failure": st.sampled_from([None, None, "HTTP 500"]),
            "unreadable": st.sampled_from([0, 0, 1]),
            "origin": st.sampled_from([VERIFIED, VERIFIED, PLAIN_HTTP]),
            "has_proof": st.booleans(),
        }
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(COLLECTIONS)
def test_no_day_is_open_without_a_sound_receipt_that_proves_it(
    tmp_path_factory: pytest.TempPathFactory, collections: list[dict[str, object]]
) -> None:
    home = Home(tmp_path_factory.mktemp("home"), [DEPLOYS])
    for each in collections:
        first = D + timedelta(days=int(str(each["first"])))
        home.collect(
            "deploys", first, first + timedelta(days=int(str(each["days"]))),
            [deployment(n, first) for n in range(int(str(each["count"])))],
            basis=str(each["basis"]), expected=each["expected"],  # type: ignore[arg-type]
            failure=each["failure"], origin=each["origin"],  # type: ignore[arg-type]
            quarantined={"deployment": int(str(each["unreadable"]))},
            proofs=None if each["has_proof"] else [], is_bronze_kept=False,
        )  # fmt: skip
    as_of = D + 8 * DAY
    chains = ledger.read_chains(home.settings)
    verdicts = ledger.judge(home.settings, as_of, at(as_of + DAY), chains, Findings())
    for verdict in verdicts:
        assert verdict.is_open == _is_proven(chains["deploys"], verdict)


def _is_proven(chain: list[Receipt], verdict: Verdict) -> bool:
    """The rule once more, told the other way round: from the newest receipt back."""
    for receipt in reversed(chain):
        if any(_proves(receipt, proof, verdict.day) for proof in receipt.proofs):
            return True
        first, end = day_of(receipt.window_start), day_of(receipt.window_end)
        if (
            receipt.failure is None
            and any(receipt.quarantined.values())
            and first <= verdict.day < end
        ):
            return False
    return False


def _proves(receipt: Receipt, proof: Proof, day: date) -> bool:
    assert receipt.origin is not None
    is_counted = proof.basis != "total_count" or proof.expected in (
        None, sum(receipt.records.values()),
    )  # fmt: skip
    return (
        receipt.failure is None
        and not any(receipt.quarantined.values())
        and receipt.origin.is_verified
        and proof.basis != "not_provable"
        and is_counted
        and day_of(proof.first_day) <= day < day_of(proof.end_day)
    )
