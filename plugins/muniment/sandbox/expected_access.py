"""What the planted rights must show as: results of a control test, or contents of a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from muniment.sandbox.expected import OKTA
from muniment.sandbox.gitlab_http import account_id
from muniment.sandbox.okta_access import CONFERENCE
from muniment.sandbox.times import at, days
from muniment.sandbox.truths import content, deviation
from muniment.sandbox.world import World

Json = dict[str, Any]


def of_rules(world: World) -> Iterator[Json]:
    """IAM-01: days on which a rule lets a group sign in with a password alone."""
    for first, end in world.plan.weak_rules:
        for day in days(first, end):
            for person in world.okta_access.members(CONFERENCE, at(day, 2)):
                attributes = {
                    "account_id": person.okta_id, "system": OKTA, "date": day.isoformat(),
                }  # fmt: skip
                yield deviation(
                    "IAM-01.required", attributes, "the rule for lent devices asks for no factor",
                    day, day, reason_code="NO_SECOND_FACTOR_REQUIRED",
                )  # fmt: skip


def contents(world: World) -> Iterator[Json]:
    """Rights that are there for a while: the source shows them, no control test judges them yet."""
    lead = world.company.staff[7]
    for day in world.plan.lent_rights:
        for kind, native_id, what in (
            ("okta_groups", lead.okta_id, "a vendor's lead is in the administrators' group"),
            ("gitlab_members", str(account_id(lead)), "a vendor's lead owns the group"),
        ):
            yield content(kind, native_id, what, day)
