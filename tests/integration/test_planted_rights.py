"""What is planted in Okta's and GitLab's rights is what their snapshots show, day by day."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from company import DAY, Company
from muniment import pipeline, verdicts
from muniment.database import connect
from muniment.sandbox.scenario import scenario
from muniment.warehouse import WAREHOUSE_PATH

KINDS = ("okta_policies", "okta_groups", "okta_apps", "gitlab_members")
SEED = 2
#: the first block of the plan
END = date(2026, 1, 31)


class Seen:
    """Snapshots of the days on which something is planted, and what the scenario says of them."""

    def __init__(self, folder: Path) -> None:
        """Looks once on each planted day and builds."""
        truth = scenario(SEED)
        last = END.isoformat()
        self.contents = [
            c for c in truth["contents"]
            if c["source_kind"] in KINDS and c["first_day"] < last
        ]  # fmt: skip
        self.gaps = {
            (gap["source_kind"], gap["day"], gap["verdict"])
            for gap in truth["gaps"] if gap["source_kind"] in KINDS and gap["day"] < last
        }  # fmt: skip
        planted = {day for _, day, _ in self.gaps} | {c["first_day"] for c in self.contents}
        with Company(folder, SEED, only=KINDS) as company:
            for day in sorted(date.fromisoformat(text) for text in planted):
                company.look(day)
            pipeline.assess(company.run(END))
            company.build(END)
            self.settings = company.settings
            self.days = planted
            self.ledger = verdicts.read(company.settings.home)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse."""
        path = self.settings.home.local_path(WAREHOUSE_PATH)
        with connect(path, is_read_only=True) as warehouse:
            return warehouse.execute(sql).fetchall()


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return Seen(tmp_path_factory.mktemp("rights"))


def test_every_kind_has_a_day_that_is_hidden(seen: Seen) -> None:
    assert {kind for kind, _, _ in seen.gaps} == set(KINDS)


def test_the_ledger_shows_exactly_the_hidden_days(seen: Seen) -> None:
    found = {
        (v.kind, v.day.isoformat(), v.verdict)
        for v in seen.ledger
        if v.day.isoformat() in seen.days and not v.is_open
    }
    assert found == seen.gaps


def test_borrowed_rights_are_seen_on_their_day_and_on_no_other(seen: Seen) -> None:
    planted = {(c["source_kind"], c["native_id"], c["first_day"]) for c in seen.contents}
    assert {kind for kind, _, _ in planted} == {"okta_groups", "gitlab_members"}
    accounts = ", ".join(f"'{native_id}'" for _, native_id, _ in planted)
    found = seen.rows(
        "select distinct source_id, account_id, day::varchar from intermediate.int_roles "
        f"where is_privileged and account_id in ({accounts})"
    )
    assert set(found) == planted
    assert all(
        date.fromisoformat(c["end_day"]) - date.fromisoformat(c["first_day"]) == DAY
        for c in seen.contents
    )
