"""What is planted in Google Workspace: what the ledger shows of it, and what the sources hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from muniment.sandbox.google_shapes import profile_id
from muniment.sandbox.google_workspace import late_days, quota_days
from muniment.sandbox.truths import DAY, content, gap
from muniment.sandbox.world import World

Json = dict[str, Any]
ACTIVITY, USERS = "google_workspace_activity", "google_workspace_users"


def gaps(world: World) -> Iterator[Json]:
    """What is missing after a day's own run.

    Sign-ins and tokens of every day are NOT_PROVABLE after its own run, since Google reports them
    hours later, and are proven by the next day's; only what comes beside that is named.
    """
    for day in quota_days(world.seed):
        spent = "The quota is used up all day"
        yield gap(ACTIVITY, day - DAY, "GAP", f"{spent}, so that its own run reads nothing.", day)
        yield gap(USERS, day, "GAP", f"{spent}.")
    for day in late_days(world.seed):
        what = "One sign-in is reported 30 hours later."
        yield gap(ACTIVITY, day, "NOT_PROVABLE", what, day + DAY)


def contents(world: World) -> Iterator[Json]:
    """What the sources show and no control test judges yet."""
    for one in world.google.elevations:
        for kind, first, end in (
            (ACTIVITY, one.start.date(), one.start.date() + DAY),
            (USERS, one.start.date() + DAY, one.end.date() + DAY),
        ):
            yield content(
                kind,
                profile_id(one.person),
                f"{one.person.role} is made a super administrator for two days",
                first,
                end,
            )
