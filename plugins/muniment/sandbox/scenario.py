"""The ground truth of one seed: what was planted, read from the plan and from what came of it.

`visible_from` is the first day (the last ended day of a run at two the next morning) on which a
collector that looked every day knows a deviation. Where the rules leave a day's doubt (is a limit
of days counted from an instant or from a day?), `certain_from` is the first day on which every
reading agrees; otherwise it is the same day. `reason_code` is null where the control library
names none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

from muniment.sandbox import (
    expected,
    expected_access,
    expected_aws,
    expected_estate,
    expected_github,
    expected_google,
    expected_logs,
    expected_microsoft,
)
from muniment.sandbox.people import COMPANY
from muniment.sandbox.releases import PRODUCTION
from muniment.sandbox.times import YEAR_END, YEAR_START, days
from muniment.sandbox.truths import Json, gap
from muniment.sandbox.world import World

Part = Callable[[World], Iterator[Json]]
#: deviations that control tests judge, beside those of the first sources
DEVIATIONS: tuple[Part, ...] = (
    expected_access.of_rules,
    expected_github.of_rights,
    expected_github.of_factors,
)
#: what a source shows that no control test judges
CONTENTS: tuple[Part, ...] = (
    expected_access.contents,
    expected_aws.contents,
    expected_estate.contents,
    expected_google.contents,
    expected_github.contents,
    expected_logs.contents,
    expected_microsoft.contents,
)
GAPS: tuple[Part, ...] = (
    expected_aws.gaps,
    expected_estate.gaps,
    expected_logs.gaps,
    expected_github.gaps,
    expected_google.gaps,
    expected_microsoft.gaps,
)


def scenario(seed: int) -> Json:
    """What was planted in the seed's year, and counts of its populations by day.

    deviations; undecided: what the rules leave open, with the reason; contents: what a source shows
    that no control test judges; gaps; totals by day.
    """
    world = World(seed)
    deviations = [
        *expected.of_releases(world), *expected.of_pulls(world), *expected.of_pushes(world),
        *expected.of_factors(world), *expected.of_leavers(world), *expected.of_findings(world),
        *expected.of_scans(world), *expected.of_lulls(world), *expected.of_lost_drops(world),
        *expected.of_exploited(world), *(item for part in DEVIATIONS for item in part(world)),
    ]  # fmt: skip
    known = [item for item in deviations if item["visible_from"] < YEAR_END.isoformat()]
    known.sort(key=lambda item: (item["visible_from"], item["test_id"], str(item["attributes"])))
    return {
        "seed": seed,
        "company": COMPANY,
        "year": [YEAR_START.isoformat(), YEAR_END.isoformat()],
        "deviations": known,
        "undecided": sorted(expected.of_bare_ends(world), key=lambda item: str(item["attributes"])),
        "contents": sorted(
            [item for part in CONTENTS for item in part(world)],
            key=lambda item: str(item["first_day"]),
        ),
        "gaps": sorted(_gaps(world), key=lambda item: str(item["day"])),
        "totals": _totals(world),
    }


def _gaps(world: World) -> Iterator[Json]:
    """What the ledger must show: a file counts for the day of the scan that it states."""
    for day in world.plan.lost_drops:
        yield gap("trivy", day, "EMPTY_CONFIRMED", "No report of any asset came, then or later.")
    for day in world.plan.late_drops:
        yield gap(
            "trivy", day, "EMPTY_CONFIRMED", "The reports of this day came at noon of the next.",
            heals_on=day + timedelta(days=1),
        )  # fmt: skip
    for part in GAPS:
        yield from part(world)
    for day in world.plan.outages:
        yield gap(
            "okta_system_log", day, "GAP",
            "Only if a test switches it on: the API answers 500 in this day's run; the next heals.",
            heals_on=day + timedelta(days=1),
        )  # fmt: skip
    for kind, hidden in world.plan.hidden.items():
        for day in hidden:
            yield gap(kind, day, "NOT_PROVABLE", "A list that the kind needs is refused (403).")


def _totals(world: World) -> Json:
    """Independent counts by day: what a complete collection must find."""
    repositories = [r for r in world.repositories.values() if r.terms.is_in_scope]
    merged = [p.merged_at.date() for r in repositories for p in r.pulls if p.merged_at]
    deployed = [
        item.created_at.date()
        for repository in repositories
        for item in repository.deployments
        if item.environment == PRODUCTION and item.is_successful
    ]
    left = [
        spell.end_at.date()
        for person in world.company.people
        for spell in person.spells
        if spell.end_at
    ]
    logged = {day: world.log.happened_on(day) for day in days(YEAR_START, YEAR_END)}
    return {
        "pulls_merged": _by_day(merged),
        "production_deployments_successful": _by_day(deployed),
        "leavers": _by_day(left),
        "github_audit_events": {
            day.isoformat(): len(world.github_audit.happened_on(day)) for day in logged
        },
        "okta_events": {day.isoformat(): len(entries) for day, entries in logged.items()},
        "okta_sign_ins": {
            day.isoformat(): sum(entry.event.is_sign_in for entry in entries)
            for day, entries in logged.items()
        },
    }


def _by_day(found: Iterable[date]) -> dict[str, int]:
    counts = Counter(found)
    return {
        day.isoformat(): counts[day] for day in sorted(counts) if YEAR_START <= day < YEAR_END
    }  # fmt: skip
