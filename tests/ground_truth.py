"""Every computable leg reports exactly what was planted: none missed, none invented.

The planted deviations come from the sandbox's plan, which knows nothing of the pipeline's code.
Each seed has a test file of its own (`integration/test_ground_truth_*.py`), so that workers share
the seeds.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any, ClassVar

import pytest

from company import DAY, FIRST_DAY, Company
from muniment import verdicts
from muniment.sandbox.scenario import scenario
from muniment.sandbox.times import days
from muniment.verdicts import Verdict

DAYS = 30
END = FIRST_DAY + timedelta(days=DAYS)
OUTCOMES = ("EXCEPTION", "EXCEPTION_ACCEPTED", "LEAD")
#: legs that speak of our own collecting or of hours without proof: nothing is planted there
NOT_PLANTED = {("LOG-01", "collector"), ("LOG-01", "provider")}
#: what the scenario counts by day -> the leg and the natural keys that make one of it
POPULATIONS = {
    "pulls_merged": ("CHG-02", "approved", ("repository", "number")),
    "production_deployments_successful": ("CHG-01", "author", ("deployment_id",)),
    "okta_sign_ins": ("IAM-01", "used", ("event_id",)),
    "leavers": ("IAM-04", "used", ("person_id", "spell_start")),
}

#: test, leg, attributes, outcome, reason code, day
Row = tuple[str, str, dict[str, Any], str, str | None, date]


class Judged:
    """The results of one seed's thirty days, beside what was planted in them."""

    def __init__(
        self, truth: dict[str, Any], rows: list[Row], outages: set[tuple[str, str]],
        ledger: list[Verdict],
    ) -> None:  # fmt: skip
        """`outages`: kind and day of each gap after its own day's run; `ledger`: as it ended."""
        self.truth, self.rows, self.outages, self.ledger = truth, rows, outages, ledger

    def found(self, outcome: str) -> dict[str, str | None]:
        """Units with that outcome -> reason code."""
        return {_key(t, leg, a): code for t, leg, a, o, code, _ in self.rows if o == outcome}

    def planted(self, outcome: str) -> dict[str, str | None]:
        """Deviations that a daily reader knows by the last day -> reason code, where one is due."""
        last = END - timedelta(days=1)
        deviations = {
            _key(d["test_id"], d["leg_id"], d["attributes"]): d["reason_code"]
            for d in self.truth["deviations"]
            if d["outcome"] == outcome
            and date.fromisoformat(d["visible_from"]) <= last
            and (d["visible_to"] is None or date.fromisoformat(d["visible_to"]) > last)
        }
        return deviations | (self._caught_up() if outcome == "EXCEPTION" else {})

    def _caught_up(self) -> dict[str, str | None]:
        """Days on which our own collector failed: healed in the ledger, and still told."""
        return {
            _key("LOG-01", "collector", {"day": day, "source_id": "okta"}): None
            for _, day in self.planted_gaps("GAP")
        }

    def undecided(self) -> set[str]:
        """Units that the rules leave open, and why, as far as a daily reader knows by the end."""
        last = (END - timedelta(days=1)).isoformat()
        return {
            f"{_key(d['test_id'], d['leg_id'], d['attributes'])} {d['reason_code']}"
            for d in self.truth["undecided"]
            if d["visible_from"] <= last
        }

    def planted_gaps(self, verdict: str) -> set[tuple[str, str]]:
        """Kind and day of what was planted in the ledger."""
        return {
            (gap["source_kind"], gap["day"])
            for gap in self.truth["gaps"]
            if gap["verdict"] == verdict and gap["day"] < END.isoformat()
        }

    def population(self, test_id: str, leg_id: str, keys: tuple[str, ...]) -> dict[str, int]:
        """Units by day, as the scenario counts them."""
        units = {
            (day.isoformat(), *(attributes[key] for key in keys))
            for test, leg, attributes, _, _, day in self.rows
            if (test, leg) == (test_id, leg_id)
        }
        days = [unit[0] for unit in units]
        return {day: days.count(day) for day in sorted(set(days))}


def gaps(company: Company) -> set[tuple[str, str]]:
    """Kind and day of what the ledger now calls a gap."""
    found = verdicts.read(company.settings.home)
    return {(v.kind, v.day.isoformat()) for v in found if v.verdict == "GAP"}


def _key(test_id: str, leg_id: str, attributes: dict[str, Any]) -> str:
    return f"{test_id}.{leg_id} {json.dumps(attributes, sort_keys=True)}"


class GroundTruth:
    """What holds for every seed; a test class names its own."""

    seed: ClassVar[int]

    @pytest.fixture(scope="class")
    @classmethod
    def judged(cls, tmp_path_factory: pytest.TempPathFactory) -> Judged:
        """Thirty days, collected day by day, with the planted outages."""
        truth = scenario(cls.seed)
        failing = {date.fromisoformat(g["day"]) for g in truth["gaps"] if g["verdict"] == "GAP"}
        outages: set[tuple[str, str]] = set()
        with Company(tmp_path_factory.mktemp("truth"), cls.seed) as company:
            company.look(FIRST_DAY)
            for day in days(FIRST_DAY, END):
                if day in failing:
                    company.sandbox.fault(kind="status", status=500, path="^/okta/api/v1/logs")
                company.collect(day, day + DAY, assess=day in failing)
                if day in failing:
                    outages |= gaps(company)
                    company.sandbox.clear_faults()
            company.build(END)
            ledger = verdicts.read(company.settings.home)
            rows = company.query(
                "select test_id, leg_id, attributes::varchar, outcome, reason_code, effective_on "
                "from marts.fct_test_results where is_in_scope"
            )
        read = [(t, leg, json.loads(a), o, code, day) for t, leg, a, o, code, day in rows]
        return Judged(truth, read, outages, ledger)

    @pytest.mark.parametrize("outcome", OUTCOMES)
    def test_exactly_the_planted_deviations_are_found(self, judged: Judged, outcome: str) -> None:
        found, planted = judged.found(outcome), judged.planted(outcome)
        assert planted
        assert sorted(found.keys() - planted.keys()) == [], "invented"
        assert sorted(planted.keys() - found.keys()) == [], "missed"
        named = {key: code for key, code in planted.items() if code is not None}
        assert {key: found[key] for key in named} == named

    def test_what_a_bare_date_leaves_open_is_judged_neither_way(self, judged: Judged) -> None:
        found = {
            f"{_key(test, leg, attributes)} {code}"
            for test, leg, attributes, _, code, _ in judged.rows
            if test == "IAM-04" and code == "bounded"
        }
        assert judged.undecided()
        assert found == judged.undecided()

    def test_every_leg_that_can_be_judged_has_something_planted(self, judged: Judged) -> None:
        planted = {(d["test_id"], d["leg_id"]) for d in judged.truth["deviations"]}
        tested = {
            (test, leg)
            for test, leg, _, outcome, _, _ in judged.rows
            if outcome not in ("NOT_TESTED", "NOT_APPLICABLE")
        }
        assert tested - NOT_PLANTED == planted - NOT_PLANTED

    def test_exactly_the_planted_outages_are_gaps_and_heal(self, judged: Judged) -> None:
        assert judged.planted_gaps("GAP")
        assert judged.outages == judged.planted_gaps("GAP")
        assert [(v.source_id, v.stream, v.day) for v in judged.ledger if not v.is_open] == []

    def test_exactly_the_planted_drops_are_missing(self, judged: Judged) -> None:
        empty = {
            (v.kind, v.day.isoformat())
            for v in judged.ledger
            if v.kind in ("trivy", "sarif") and v.verdict != "COMPLETE"
        }
        assert empty == judged.planted_gaps("EMPTY_CONFIRMED")

    @pytest.mark.parametrize("counted", POPULATIONS)
    def test_populations_are_whole(self, judged: Judged, counted: str) -> None:
        expected = {
            day: count
            for day, count in judged.truth["totals"][counted].items()
            if FIRST_DAY.isoformat() <= day < END.isoformat() and count
        }
        assert judged.population(*POPULATIONS[counted]) == expected
