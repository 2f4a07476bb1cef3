"""What each planted deviation of GitHub's members and rights must show as (see `expected`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from muniment.sandbox import github_shapes as shapes
from muniment.sandbox.expected import PULL_REASONS
from muniment.sandbox.github_protection_http import WEAKENED
from muniment.sandbox.people import ORGANISATION
from muniment.sandbox.repositories import MAIN
from muniment.sandbox.times import YEAR_START
from muniment.sandbox.truths import Json, content, deviation, gap
from muniment.sandbox.world import World


def of_rights(world: World) -> Iterator[Json]:
    """CHG-02: merges whose only approval came from somebody who could not write there."""
    for repository in world.repositories.values():
        for pull in repository.pulls:
            is_judged = repository.terms.is_in_scope and pull.manner not in PULL_REASONS
            if pull.merged_at is None or pull.merged_at.date() < YEAR_START or not is_judged:
                continue
            if not world.github_access.has_right(pull):
                day = pull.merged_at.date()
                attributes = {"repository": repository.terms.full_name, "number": pull.number}
                yield deviation(
                    "CHG-02.rights", attributes, "approved by somebody who may only read there",
                    day, day, reason_code="NO_RIGHT",
                )  # fmt: skip


def of_factors(world: World) -> Iterator[Json]:
    """IAM-01: GitHub accounts without second factor."""
    for day, place in world.plan.github_unenrolled:
        login = world.company.developers[place].github[0]
        attributes = {
            "account_id": str(shapes.user(login)["id"]), "system": "github",
            "date": day.isoformat(),
        }  # fmt: skip
        yield deviation("IAM-01.enrolled", attributes, "no second factor at GitHub", day, day)


def contents(world: World) -> Iterator[Json]:
    """Settings that are weaker for a day: the source shows it, no control test judges it yet."""
    for day in world.plan.github_weak:
        yield content(
            "github_branch_protection",
            f"{ORGANISATION}/{WEAKENED}:{MAIN}",
            "stale approvals are not dismissed",
            day,
        )


def gaps(world: World) -> Iterator[Json]:
    """The nights in which the owner's token could not read the audit log."""
    for day in world.github_audit.refused_days:
        yield gap(
            "github_audit_log", day, "GAP",
            "The token had lost its right to read the log in this day's own run.",
            day + timedelta(days=1),
        )  # fmt: skip
