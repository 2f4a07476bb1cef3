"""What goes wrong with the company's log files: what never came, came late, or lost something.

Every block of thirty days has each kind of trouble once, on days of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from muniment.sandbox.people import Company, Person
from muniment.sandbox.times import HISTORY_START, blocks, dice, workdays

#: the servers' logs begin a day before anything else, so that the first day lies within them
LOGS_START = HISTORY_START - timedelta(days=1)
TROUBLES = (
    "vault_lost", "vault_half", "kubernetes_late", "sshd_lost", "journal_hole", "database_hole",
    "root_token", "exec", "root_password", "superuser", "airflow_short", "variable",
)  # fmt: skip


@dataclass
class LogPlan:
    """Days by trouble, one a block.

    lost: the day's file never came; late: it came at noon of the next day; half: a response is
    missing; hole: numbered lines are missing; airflow_short: Airflow counts an entry that it does
    not list. The rest are deeds that no control test judges: variable (one is changed in Airflow),
    root_token (Vault's root token is used), exec (a shell in a production pod), root_password
    (root signs in to the bastion with a password), superuser (a role is given all rights by hand).
    """

    days: dict[str, list[date]] = field(default_factory=dict)

    def is_on(self, trouble: str, day: date) -> bool:
        """Whether this trouble was planned for this day."""
        return day in self.days[trouble]


def log_plan(seed: int) -> LogPlan:
    """The plan of one seed's year."""
    plan = LogPlan({trouble: [] for trouble in TROUBLES})
    for block in blocks():
        chosen = dice(seed, "log plan", block.index).sample(block.workdays(3, 28), len(TROUBLES))
        for trouble, day in zip(TROUBLES, chosen, strict=True):
            plan.days[trouble].append(day)
    return plan


def engineers(company: Company, day: date) -> list[Person]:
    """Who works on servers on this day: nobody at weekends, nobody who comes or goes."""
    if not workdays(day, day + timedelta(days=1)):
        return []
    return [person for person in company.developers if person.works_throughout(day)]
