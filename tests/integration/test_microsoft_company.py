"""The company's Entra tenant and Azure subscription through the whole path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from company import Company
from muniment import verdicts
from muniment.sandbox.scenario import scenario

LATE = ("entra_signins", "entra_audit", "azure_activity")
KINDS = (*LATE, "entra_users", "azure_diagnostic_logs")
FIRST, END = date(2026, 1, 5), date(2026, 1, 31)
DAY = timedelta(days=1)
#: kind -> rows of the unified model that show the planted content
SHOWN = {
    "entra_audit": (
        "select count(*) from intermediate.int_access_events where stream = 'grant' "
        "and is_privileged and target_user_id = ? and event_day = ? and person_id is not null", 1
    ),
    "entra_users": (
        "select count(*) from intermediate.int_roles where is_privileged and account_id = ? "
        "and day = ?", 1
    ),
    "entra_signins": (
        "select count(*) from intermediate.int_access_events where stream = 'sign_in' "
        "and outcome = 'FAILURE' and actor_id = ? and event_day = ?", 6
    ),
    **dict.fromkeys(("azure_activity", "azure_diagnostic_logs"), (
        "select count(*) from intermediate.int_config_changes where stream = 'config_change' "
        "and action = 'create' and resource = lower(?) and event_day = ? and person_id is not null "
        "and (new_value ->> '$.properties.sourceAddressPrefix') = '*'", 1
    )),
}  # fmt: skip


@dataclass
class Lived:
    """A month of which the runs were made that something was planted for."""

    company: Company
    gaps: list[dict[str, Any]]
    contents: list[dict[str, Any]]
    #: (kind, day) -> the word of the ledger after the run of that day
    seen: dict[tuple[str, str], str] = field(default_factory=dict)

    def words(self) -> dict[tuple[str, str], str]:
        """What the ledger says of each kind and day: of its streams, the one that is shut."""
        found: dict[tuple[str, str], str] = {}
        for verdict in verdicts.read(self.company.settings.home):
            key = (verdict.kind, verdict.day.isoformat())
            if verdict.kind in KINDS and not (verdict.is_open and key in found):
                found[key] = verdict.verdict
        return found


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    truth = scenario(1)
    gaps = [g for g in truth["gaps"] if g["source_kind"] in KINDS and g["day"] < END.isoformat()]
    contents = [
        c for c in truth["contents"]
        if c["source_kind"] in KINDS and c["first_day"] < (END - DAY).isoformat()
    ]  # fmt: skip
    with Company(
        tmp_path_factory.mktemp("microsoft"), only=(*KINDS, "roster", "assets")
    ) as company:
        lived = Lived(company, gaps, contents)
        for end in _runs(gaps, contents):
            company.collect(FIRST, end)
            after = lived.words()
            for gap in gaps:
                day = date.fromisoformat(gap["day"])
                if end == (day if gap["source_kind"] == "entra_users" else day + DAY):
                    lived.seen[gap["source_kind"], gap["day"]] = after[
                        gap["source_kind"], gap["day"]
                    ]
        company.build(END)
        yield lived


def _runs(gaps: list[dict[str, Any]], contents: list[dict[str, Any]]) -> list[date]:
    """Days at whose second hour a run is made; the logs' runs in between are caught up by later."""
    found = {END}
    for gap in gaps:
        day = date.fromisoformat(gap["day"])
        found |= {day} if gap["source_kind"] == "entra_users" else {day + DAY, day + 2 * DAY}
    found |= {
        date.fromisoformat(item["first_day"])
        for item in contents
        if item["source_kind"] == "entra_users"
    }
    return sorted(found)


def test_every_kind_has_something_planted(lived: Lived) -> None:
    assert {gap["source_kind"] for gap in lived.gaps} == set(KINDS)
    assert {item["source_kind"] for item in lived.contents} == set(KINDS)


def test_the_ledger_shows_each_planted_gap_after_its_own_run(lived: Lived) -> None:
    assert lived.seen == {(g["source_kind"], g["day"]): g["verdict"] for g in lived.gaps}


def test_in_the_end_the_logs_lack_only_the_day_that_has_not_settled(lived: Lived) -> None:
    found = lived.words()
    last = (END - DAY).isoformat()
    is_open = {"COMPLETE", "EMPTY_CONFIRMED", "LATE"}
    shut = {key for key, word in found.items() if word not in is_open and key[0] in LATE}
    assert shut == {(kind, last) for kind in LATE}
    exported = {key for key, word in found.items() if word not in is_open and "logs" in key[0]}
    assert exported == {
        (gap["source_kind"], gap["day"]) for gap in lived.gaps if "logs" in gap["source_kind"]
    }
    for gap in lived.gaps:
        healed = found[gap["source_kind"], gap["day"]] in is_open
        assert healed == (gap["heals_on"] is not None), gap


def test_the_unified_models_show_what_was_planted(lived: Lived) -> None:
    shown = {}
    for item in lived.contents:
        statement, count = SHOWN[item["source_kind"]]
        values = [item["native_id"], item["first_day"]]
        shown[item["source_kind"], item["first_day"]] = (
            lived.company.query(statement, values),
            count,
        )
    assert shown
    assert {key: rows for key, (rows, count) in shown.items() if rows != [(count,)]} == {}


def test_what_came_late_is_there_and_says_so(lived: Lived) -> None:
    late = lived.company.query(
        "select source_id, strftime(event_day, '%Y-%m-%d') from intermediate.int_access_events "
        "where is_late union all "
        "select source_id, strftime(event_day, '%Y-%m-%d') from intermediate.int_config_changes "
        "where is_late"
    )  # fmt: skip
    planted = {
        (gap["source_kind"], gap["day"]) for gap in lived.gaps if "26 hours" in gap["description"]
    }
    assert planted <= set(late)


def test_sound_accounts_bring_no_exception(lived: Lived) -> None:
    rows = lived.company.query(
        "select test_id, leg_id, attributes from marts.fct_test_results "
        "where outcome = 'EXCEPTION' and test_id like 'IAM-%'"
    )
    assert rows == []
    (passed,) = lived.company.query(
        "select count(*) from marts.fct_test_results where test_id = 'IAM-01' "
        "and leg_id = 'enrolled' and outcome = 'PASS' and (attributes ->> '$.system') = 'entra'"
    )
    assert passed[0] > 0


def test_nothing_is_lost_on_the_way(lived: Lived) -> None:
    rows = lived.company.query(
        "select kind, stream, bronze from marts.fct_record_account "
        "where is_staged and bronze > 0 and kind = any(?)", [list(KINDS)]
    )  # fmt: skip
    assert {(kind, stream) for kind, stream, _ in rows} >= {
        ("entra_signins", "sign_in"), ("entra_audit", "audit"), ("entra_users", "account"),
        ("entra_users", "factor"), ("entra_users", "role"), ("entra_users", "role_member"),
        ("azure_activity", "activity"), ("azure_diagnostic_logs", "entry"),
    }  # fmt: skip
