"""The company's log files: the ledger shows exactly the losses that were planted in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from company import DAY, FIRST_DAY, Company
from muniment import verdicts
from muniment.sandbox.scenario import scenario
from muniment.sandbox.times import days

SOURCES = (
    "vault_audit", "kubernetes_audit", "sshd_log", "sshd_journal", "pgaudit", "airflow_event_log",
)  # fmt: skip
#: in its first two weeks six of the seven losses are planted, and one deed
SEED, END = 22, FIRST_DAY + timedelta(days=13)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with Company(tmp_path_factory.mktemp("logs"), SEED, only=SOURCES) as company:
        for day in days(FIRST_DAY, END):
            company.collect(FIRST_DAY, day + DAY, assess=day == END - DAY)
        company.build(END)
        yield company


@pytest.fixture(scope="module")
def planted() -> list[dict[str, Any]]:
    """Losses of these days."""
    return [
        gap
        for gap in scenario(SEED)["gaps"]
        if gap["source_kind"] in SOURCES and FIRST_DAY.isoformat() <= gap["day"] < END.isoformat()
    ]


def test_the_ledger_shows_exactly_the_planted_losses(
    company: Company, planted: list[dict[str, Any]]
) -> None:
    assert len(planted) == 6
    left = {(gap["source_kind"], gap["day"]) for gap in planted if gap["heals_on"] is None}
    ledger = verdicts.read(company.settings.home)
    shut = {(v.kind, v.day.isoformat()): v.verdict for v in ledger if not v.is_open}
    assert set(shut) == left
    assert set(shut.values()) == {"NOT_PROVABLE"}


def test_a_late_file_heals_its_day(company: Company, planted: list[dict[str, Any]]) -> None:
    [late] = [gap for gap in planted if gap["heals_on"]]
    ledger = verdicts.read(company.settings.home)
    [verdict] = {
        v.verdict for v in ledger
        if v.kind == late["source_kind"] and v.day == date.fromisoformat(late["day"])
    }  # fmt: skip
    assert verdict == "COMPLETE"


def test_no_line_is_told_twice_and_every_deed_is_there(company: Company) -> None:
    told = company.query(
        "select target_type, event_type, is_mfa, stream from intermediate.int_access_events "
        "where is_privileged and stream is not null"
    )
    deeds = {(target, event) for target, event, _, _ in told}
    assert deeds == {("DATABASE", "ALTER ROLE")}
    assert {is_mfa for _, _, is_mfa, _ in told} == {None}
    [(duplicates,)] = company.query(
        "select coalesce(sum(duplicates), 0) from marts.fct_record_account "
        "where stream in ('entry', 'event', 'message', 'record')"
    )
    assert duplicates == 0


def test_the_bastions_visitors_are_people_of_the_roster(company: Company) -> None:
    rows = company.query(
        "select distinct actor_login from intermediate.int_access_events "
        "where event_type = 'sshd.accepted'"
    )
    logins = {login for (login,) in rows} - {"root"}
    assert logins <= {person.email for person in company.sandbox.world.company.developers}
    assert logins
