"""What is planted in Entra and Azure: what the ledger shows of it, and what the sources hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from muniment.sandbox import azure_drop
from muniment.sandbox.azure import RULE_ID
from muniment.sandbox.expected import Json, gap
from muniment.sandbox.world import World

DAY = timedelta(days=1)


def gaps(world: World) -> Iterator[Json]:
    """What is missing after a day's own run.

    Every day of the three logs is NOT_PROVABLE after its own run, since they deliver late, and is
    proven by the next day's; only what comes beside that is named.
    """
    for plant in world.entra.planted:
        yield gap(
            "entra_users", plant.miscounted, "NOT_PROVABLE",
            "Graph counts one user more than it lists.",
        )  # fmt: skip
        yield gap(
            "entra_signins", plant.late, "NOT_PROVABLE",
            "One sign-in became known 26 hours later.", plant.late + DAY,
        )  # fmt: skip
        yield gap(
            "entra_audit", plant.refused - DAY, "GAP",
            "The audit log was refused (403) in this day's run; the next heals.", plant.refused,
        )  # fmt: skip
    for opened in world.azure.planted:
        yield gap(
            "azure_activity", opened.late, "NOT_PROVABLE",
            "One entry became known 26 hours later.", opened.late + DAY,
        )  # fmt: skip
        yield gap(
            "azure_activity", opened.refused - DAY, "GAP",
            "The subscription was refused (403) in this day's run; the next heals.",
            opened.refused,
        )  # fmt: skip
    for lost in azure_drop.lost_days(world.seed):
        for day in (lost - DAY, lost, lost + DAY):
            yield gap(
                "azure_diagnostic_logs", day, "NOT_PROVABLE",
                f"No file of {lost} ever came: no line shows that its neighbours are whole.",
            )  # fmt: skip


def contents(world: World) -> Iterator[Json]:
    """What the sources show and no control test judges yet."""
    for plant in world.entra.planted:
        lent_to = world.entra.user_id(world.entra.lent_to)
        what = "a vendor's lead is made an administrator past PIM"
        yield _content("entra_audit", lent_to, what, plant.granted)
        yield _content("entra_users", lent_to, what, plant.granted + DAY)
        tried = world.entra.user_id(world.company.staff[4])
        what = "six sign-ins by an old mail protocol failed"
        yield _content("entra_signins", tried, what, plant.tried)
    for opened in world.azure.planted:
        yield _content("azure_activity", RULE_ID, "SSH is opened to everybody", opened.opened)
    for day in azure_drop.opened_days(world.seed):
        rule = f"{azure_drop.RULE_ID}/SECURITYRULES/ANY"
        what = "the network of development is opened to everybody"
        yield _content("azure_diagnostic_logs", rule, what, day)


def _content(kind: str, native_id: str, description: str, first: Any) -> Json:
    return {
        "source_kind": kind,
        "native_id": native_id,
        "description": description,
        "first_day": first.isoformat(),
        "end_day": (first + DAY).isoformat(),
    }
