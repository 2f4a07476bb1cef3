"""What counts for a period: every unit of which some day lies in it, and no other.

The period begins in the middle of the collected days, of intervals and of findings' lives. What is
expected comes from the sandbox's plan and from the runs of its scanners.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from company import FIRST_DAY, Company, clock_of
from muniment.sandbox.people import LEAVER_LIMIT
from muniment.sandbox.scans import SCANNERS, TOOL, Finding, Scanner
from muniment.sandbox.scenario import scenario
from muniment.sandbox.times import SCANS_START, days
from muniment.sandbox.world import World

SEED = 1
START = date(2026, 1, 14)  # a Wednesday
END = date(2026, 1, 16)
PERIOD = ("--from", START.isoformat(), "--to", END.isoformat())
GRID_START = date(1970, 1, 5)
#: populations that the scenario counts by day, and the leg whose units they are
DATED = {
    "pulls_merged": "CHG-02.approved",
    "okta_sign_ins": "IAM-01.used",
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The days before the period and its own, collected at once and built."""
    with Company(tmp_path_factory.mktemp("periods"), SEED) as company:
        company.collect(FIRST_DAY, END)
        company.build(END)
        yield company


@pytest.fixture(scope="module")
def world() -> World:
    return World(SEED)


def results(company: Company, leg: str, *more: str) -> list[dict[str, Any]]:
    """The in-scope units of a leg over the period, as the command line gives them."""
    rows = company.json("results", "--test", leg, *PERIOD, *more)
    return [row for row in rows if row["reason_code"] != "out_of_scope"]


def units(rows: list[dict[str, Any]]) -> set[str]:
    return {_unit(row["attributes"]) for row in rows}


def _unit(attributes: dict[str, Any]) -> str:
    return json.dumps(attributes, sort_keys=True)


def _life(world: World, scanner: Scanner, finding: Finding) -> tuple[date, date] | None:
    """From the first run that reports a finding to the first after the last that does."""
    reported, clean = [], date.max
    for day in days(SCANS_START, END):
        run = world.scans.run(scanner, day)
        if run is None or not run.is_successful or run.available_at > clock_of(END):
            continue
        if finding in run.findings:
            reported.append(day)
            clean = date.max
        elif reported and clean == date.max:
            clean = day
    return (reported[0], clean) if reported else None


def lives(world: World) -> dict[str, tuple[date, date]]:
    """Every finding that some run reports -> first and last day of its life."""
    found = {}
    for finding in world.scans.findings:
        (scanner,) = [s for s in SCANNERS if s.key == (finding.asset_id, finding.scanner_type)]
        life = _life(world, scanner, finding)
        if life:
            attributes = {
                "asset_id": finding.asset_id, "scanner": TOOL[finding.scanner_type],
                "rule_id": finding.rule_id, "location": finding.location,
            }  # fmt: skip
            found[_unit(attributes)] = life
    return found


def planted(leg: str) -> set[str]:
    """Exceptions of a leg that everybody agrees on by the period's last day.

    A waiver that is first received after what it accepts, as here, accepts nothing.
    """
    return {
        _unit(d["attributes"])
        for d in scenario(SEED)["deviations"]
        if f"{d['test_id']}.{d['leg_id']}" == leg
        and d["outcome"] in ("EXCEPTION", "EXCEPTION_ACCEPTED")
        and date.fromisoformat(d["certain_from"]) < END
    }


def test_a_finding_counts_while_it_was_open(company: Company, world: World) -> None:
    known = lives(world)
    touching = {unit for unit, (first, last) in known.items() if first < END and last >= START}
    over = {unit for unit, (_, last) in known.items() if last < START}
    overdue = planted("VUL-01.sla") & touching
    assert over
    assert {unit for unit in overdue if known[unit][0] < FIRST_DAY}
    assert units(results(company, "VUL-01.sla")) == touching
    assert units(results(company, "VUL-01.sla", "--outcome", "EXCEPTION")) == overdue


def test_an_interval_counts_where_it_overlaps(company: Company) -> None:
    expected = set()
    for scanner in SCANNERS:
        length = 30 if scanner.scanner_type == "dast" else 7
        start = START - timedelta(days=(START - GRID_START).days % length)
        assert start < START < END <= start + timedelta(days=length)
        expected.add(
            _unit(
                {
                    "asset_id": scanner.asset_id,
                    "scanner_type": scanner.scanner_type,
                    "interval_start": start.isoformat(),
                }
            )
        )
    found = units(results(company, "VUL-02.ran"))
    assert found == expected
    assert units(results(company, "VUL-02.ran", "--outcome", "EXCEPTION")) == (
        planted("VUL-02.ran") & expected
    )


def test_a_leaver_counts_from_the_end_to_the_limit(company: Company, world: World) -> None:
    expected, ended_before = set(), set()
    for person in world.company.people:
        for spell in person.spells:
            if spell.end_at is None or spell.end_at.date() >= END:
                continue
            # a bare date ends where the day ends last, in UTC-12
            zone = timedelta(hours=0 if "T" in spell.end_text else 36)
            limit = (datetime.fromisoformat(spell.end_text) + zone + LEAVER_LIMIT).date()
            if limit >= START:
                expected.add(person.person_id)
            if limit >= START > spell.end_at.date():
                ended_before.add(person.person_id)
    assert ended_before < expected
    for leg in ("IAM-04.revoked", "IAM-04.used"):
        rows = results(company, leg)
        assert {row["attributes"]["person_id"] for row in rows} == expected


@pytest.mark.parametrize("counted", DATED)
def test_what_happens_on_a_day_counts_for_it(company: Company, counted: str) -> None:
    totals = scenario(SEED)["totals"][counted]
    expected = sum(totals.get(day.isoformat(), 0) for day in days(START, END))
    assert len(results(company, DATED[counted])) == expected > 0


def test_coverage_and_pack_count_the_same_units(
    company: Company, tmp_path_factory: pytest.TempPathFactory
) -> None:
    answer = company.json("coverage", "--framework", "soc2", *PERIOD)
    (row,) = [row for row in answer["criteria"] if row["criterion_id"] == "CC7.1"]
    assert {"VUL-01.sla", "VUL-02.ran"} <= set(row["mapped_tests"])
    counted = {leg: company.json("results", "--test", leg, *PERIOD) for leg in row["mapped_tests"]}
    assert row["population"] == sum(len(rows) for rows in counted.values())
    exceptions = units(results(company, "VUL-01.sla", "--outcome", "EXCEPTION"))
    exceptions |= units(results(company, "VUL-02.ran", "--outcome", "EXCEPTION"))
    assert row["exceptions"] == len(exceptions) > 0
    assert row["days_total"] == (END - START).days

    pack = tmp_path_factory.mktemp("pack") / "pack.zip"
    done = company.cli("pack", "build", "--framework", "soc2", *PERIOD, "--out", str(pack))
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(pack) as archive:
        for leg, rows in counted.items():
            text = archive.read(f"pack/data/populations/{leg}.csv").decode("utf-8")
            assert len(list(csv.DictReader(io.StringIO(text)))) == len(rows)
