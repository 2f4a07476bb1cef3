"""Every computable leg reports exactly what was planted: none missed, none invented.

The planted deviations come from the sandbox's plan, which knows nothing of the pipeline's code.
Each seed has a test file of its own (`integration/test_ground_truth_*.py`), so that workers share
the seeds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar

import pytest

from company import DAY, FIRST_DAY, Company
from muniment import verdicts
from muniment.sandbox.configuration import SPINE
from muniment.sandbox.scenario import scenario
from muniment.sandbox.times import days
from muniment.verdicts import Verdict

#: ids of the sources that these thirty days are collected from
ASKED = (
    *SPINE,
    "cisa_kev",
    "github_repo_access",
    "github_audit_log",
    "github_members",
    "okta_policies",
)
DAYS = 30
END = FIRST_DAY + timedelta(days=DAYS)
OUTCOMES = ("EXCEPTION", "EXCEPTION_ACCEPTED", "LEAD")
#: the leg that tells of our own collecting: what is planted there are the outages
COLLECTOR = ("LOG-01", "collector")
#: the leg that speaks of hours without proof: nothing is planted there
NOT_PLANTED = {("LOG-01", "provider")}
#: what the scenario counts by day -> the leg and the natural keys that make one of it
POPULATIONS = {
    "pulls_merged": ("CHG-02", "approved", ("repository", "number")),
    "production_deployments_successful": ("CHG-01", "author", ("deployment_id",)),
    "okta_sign_ins": ("IAM-01", "used", ("event_id",)),
    "leavers": ("IAM-04", "used", ("person_id", "spell_start")),
}

SCANNERS = ("trivy", "sarif")
#: how the ledger says that something is missing: for certain, perhaps, or because nothing lay there
UNPROVEN = ("GAP", "NOT_PROVABLE", "EMPTY_CONFIRMED")
#: what the simulation does not do by itself: a test switches it on
OUTAGE = ("okta_system_log", "GAP")
#: kind, day, verdict
Gap = tuple[str, str, str]
#: test, leg, attributes, outcome, reason code, day
Row = tuple[str, str, dict[str, Any], str, str | None, date]


class Judged:
    """The results of one seed's thirty days, beside what was planted in them."""

    def __init__(
        self, truth: dict[str, Any], rows: list[Row], gaps: set[Gap], ledger: list[Verdict]
    ) -> None:
        """`gaps`: what each planted day showed after its own run; `ledger`: as it ended."""
        self.truth, self.rows, self.gaps, self.ledger = truth, rows, gaps, ledger
        self.kinds = {verdict.kind for verdict in ledger}

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
            _key(*COLLECTOR, {"day": day, "source_id": "okta"}): None
            for kind, day, verdict in self.planted_gaps(FIRST_DAY)
            if (kind, verdict) == OUTAGE
        }

    def planted_legs(self) -> set[tuple[str, str]]:
        """Test and leg of everything planted in the seed's year, the outages among them."""
        deviating = {(d["test_id"], d["leg_id"]) for d in self.truth["deviations"]}
        return deviating | ({COLLECTOR} if self._caught_up() else set())

    def undecided(self) -> set[str]:
        """Units that the rules leave open, and why, as far as a daily reader knows by the end."""
        last = (END - timedelta(days=1)).isoformat()
        return {
            f"{_key(d['test_id'], d['leg_id'], d['attributes'])} {d['reason_code']}"
            for d in self.truth["undecided"]
            if d["visible_from"] <= last
        }

    def planted_gaps(self, by: date) -> set[Gap]:
        """What was planted in the ledger and has not healed by the run of that day."""
        return {
            (gap["source_kind"], gap["day"], gap["verdict"])
            for gap in self.truth["gaps"]
            if gap["source_kind"] in self.kinds
            and gap["day"] < END.isoformat()
            and (gap["heals_on"] is None or gap["heals_on"] > by.isoformat())
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


def unproven(found: Iterable[Verdict]) -> set[Gap]:
    """What is not proven, and days of scanners, which all run every day, without a scan."""
    return {
        (v.kind, v.day.isoformat(), v.verdict)
        for v in found
        if not v.is_open or (v.kind in SCANNERS and v.verdict != "COMPLETE")
    }


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
        outages = {
            date.fromisoformat(gap["day"])
            for gap in truth["gaps"]
            if (gap["source_kind"], gap["verdict"]) == OUTAGE
        }
        planted = {date.fromisoformat(gap["day"]) for gap in truth["gaps"]}
        gaps: set[Gap] = set()
        with Company(tmp_path_factory.mktemp("truth"), cls.seed, only=ASKED) as company:
            company.look(FIRST_DAY)
            for day in days(FIRST_DAY, END):
                if day in outages:
                    company.sandbox.fault(kind="status", status=500, path="^/okta/api/v1/logs")
                company.collect(day, day + DAY, assess=day in planted)
                company.sandbox.clear_faults()
                if day in planted:
                    ledger = verdicts.read(company.settings.home)
                    gaps |= unproven(v for v in ledger if v.day == day)
            company.build(END)
            ledger = verdicts.read(company.settings.home)
            rows = company.query(
                "select test_id, leg_id, attributes::varchar, outcome, reason_code, effective_on "
                "from marts.fct_test_results where is_in_scope"
            )
        read = [(t, leg, json.loads(a), o, code, day) for t, leg, a, o, code, day in rows]
        return Judged(truth, read, gaps, ledger)

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
        tested = {
            (test, leg)
            for test, leg, _, outcome, _, _ in judged.rows
            if outcome not in ("NOT_TESTED", "NOT_APPLICABLE")
        }
        assert tested - NOT_PLANTED == judged.planted_legs()

    def test_the_ledger_shows_exactly_the_planted_gaps(self, judged: Judged) -> None:
        assert {verdict for *_, verdict in judged.planted_gaps(FIRST_DAY)} == set(UNPROVEN)
        assert judged.gaps == judged.planted_gaps(FIRST_DAY)

    def test_what_heals_has_healed_in_the_end(self, judged: Judged) -> None:
        left = judged.planted_gaps(END)
        assert left
        assert unproven(judged.ledger) == left

    @pytest.mark.parametrize("counted", POPULATIONS)
    def test_populations_are_whole(self, judged: Judged, counted: str) -> None:
        expected = {
            day: count
            for day, count in judged.truth["totals"][counted].items()
            if FIRST_DAY.isoformat() <= day < END.isoformat() and count
        }
        assert judged.population(*POPULATIONS[counted]) == expected
