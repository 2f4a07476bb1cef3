"""What is planted in Entra and Azure: what the ledger shows of it, and what the sources hold."""

from __future__ import annotations

from collections.abc import Iterator

from muniment.sandbox import azure_drop
from muniment.sandbox.azure import RULE_ID
from muniment.sandbox.truths import DAY, Json, content, gap
from muniment.sandbox.world import World


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
        yield content("entra_audit", lent_to, what, plant.granted)
        yield content("entra_users", lent_to, what, plant.granted + DAY)
        tried = world.entra.user_id(world.company.staff[4])
        what = "six sign-ins by an old mail protocol failed"
        yield content("entra_signins", tried, what, plant.tried)
    for opened in world.azure.planted:
        yield content("azure_activity", RULE_ID, "SSH is opened to everybody", opened.opened)
    for day in azure_drop.opened_days(world.seed):
        rule = f"{azure_drop.RULE_ID}/SECURITYRULES/ANY"
        what = "the network of development is opened to everybody"
        yield content("azure_diagnostic_logs", rule, what, day)
