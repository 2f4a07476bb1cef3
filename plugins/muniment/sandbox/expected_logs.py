"""What was planted in the servers' logs: losses for the ledger, deeds that no test judges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from muniment.sandbox.truths import content, gap
from muniment.sandbox.world import World

Json = dict[str, Any]
_LOSSES = {
    "vault_lost": ("vault_audit", "The day's file never came."),
    "vault_half": ("vault_audit", "A request has no response."),
    "kubernetes_late": ("kubernetes_audit", "The day's file came at noon of the next."),
    "sshd_lost": ("sshd_log", "The first bastion's file of the day never came."),
    "journal_hole": ("sshd_log", "The second bastion's journal misses two of its numbers."),
    "database_hole": ("pgaudit", "A session's third line is missing."),
    "airflow_short": ("airflow_event_log", "An entry is counted and not listed."),
}
_DEEDS = {
    "root_token": ("vault_audit", "Vault's root token changes a policy"),
    "exec": ("kubernetes_audit", "an engineer opens a shell in a production pod"),
    "root_password": ("sshd_log", "root signs in to a bastion with a password"),
    "variable": ("airflow_event_log", "an engineer changes a variable of the pipeline"),
    "superuser": ("pgaudit", "an engineer makes the application's role a superuser by hand"),
}


def gaps(world: World) -> Iterator[Json]:
    """Days that the ledger cannot show to be whole."""
    for trouble, (kind, said) in _LOSSES.items():
        for day in world.log_plan.days[trouble]:
            heals_on = day + timedelta(days=1) if trouble == "kubernetes_late" else None
            yield gap(kind, day, "NOT_PROVABLE", said, heals_on=heals_on)


def contents(world: World) -> Iterator[Json]:
    """Deeds of one instant that a log shows."""
    for deed, (kind, said) in _DEEDS.items():
        for day in world.log_plan.days[deed]:
            yield content(kind, None, said, day)
