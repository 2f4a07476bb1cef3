"""The code of the company: one pull request a repository and working day, merged and released."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from muniment.sandbox.commits import NO_COMMIT, Commit, Deployment, Pull, RefUpdate, Signature
from muniment.sandbox.people import ORGANISATION, Company
from muniment.sandbox.plan import Plan
from muniment.sandbox.times import HISTORY_START, YEAR_END, at, previous_workday, workdays

MAIN = "main"
FOUNDED = at(date(2025, 6, 2), 9)
DEPLOYER = "harbourline-deployer[bot]"
DEPENDABOT = "dependabot[bot]"
WEB_FLOW = "web-flow"


@dataclass(frozen=True)
class Terms:
    """What is fixed about one repository."""

    index: int
    name: str
    merge_method: str
    is_deployed: bool = True
    has_staging: bool = False
    is_in_scope: bool = True

    @property
    def full_name(self) -> str:
        """As GitHub writes it: organisation/name."""
        return f"{ORGANISATION}/{self.name}"

    @property
    def repository_id(self) -> int:
        """GitHub's number of the repository."""
        return 880_000_001 + self.index


TERMS = (
    Terms(0, "claims-api", "squash"),
    Terms(1, "member-portal", "merge", has_staging=True),
    Terms(2, "provider-gateway", "squash"),
    Terms(3, "benefits-batch", "queue"),
    Terms(4, "platform-infra", "rebase", is_deployed=False),
    Terms(5, "data-warehouse", "merge"),
    Terms(6, "prototype-lab", "squash", is_deployed=False, is_in_scope=False),
)


class Repository:
    """One repository's whole year. Ask it for what was there at an instant."""

    def __init__(self, seed: int, terms: Terms, company: Company, plan: Plan) -> None:
        """Starts with its first commit of 2025; `live` then adds day after day."""
        self.seed, self.terms, self.company, self.plan = seed, terms, company, plan
        self.updates: list[RefUpdate] = []
        self.pulls: list[Pull] = []
        self.deployments: list[Deployment] = []
        self.updates_of_main: list[RefUpdate] = []
        self._head: list[str] = []
        self._unreleased: list[int] = []
        self.released = ""
        self._found()

    @property
    def name(self) -> str:
        """Its name without the organisation."""
        return self.terms.name

    @property
    def head(self) -> str:
        """The revision of the main branch, as far as the year has been lived."""
        return self._head[-1]

    def older_head(self, movements: int) -> str:
        """The revision of the main branch so many movements ago."""
        return self._head[max(-len(self._head), -1 - movements)]

    def sha(self, *label: object) -> str:
        """The name of a commit or tree, from what it is."""
        text = "/".join(map(str, (self.seed, self.name, *label)))
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def signature(self, login: str, moment: datetime) -> Signature:
        """How an account signs its commits."""
        person = self.company.by_github.get(login)
        if person is not None:
            return Signature(login, person.name, person.email, moment)
        return Signature(login, login, f"{login}@users.noreply.github.example", moment)

    def move(
        self, moment: datetime, after: str, actor: str, kind: str, brings: tuple[Commit, ...] = (),
        drops: int = 0,
    ) -> None:  # fmt: skip
        """Moves the main branch. `drops`: how many commits are no longer reachable."""
        before = self.head if self._head else NO_COMMIT
        update = RefUpdate(moment, MAIN, before, after, actor, kind, brings, drops)
        self.updates.append(update)
        self.updates_of_main.append(update)
        self._head.append(after)

    def merged(self, number: int) -> None:
        """Remembers a merged pull request that production does not have yet."""
        self._unreleased.append(number)

    def take_unreleased(self, revision: str) -> tuple[int, ...]:
        """The pull requests that a successful release brings first; none when it goes back."""
        is_back = revision != self.head
        self.released = revision
        numbers = () if is_back else tuple(self._unreleased)
        if not is_back:
            self._unreleased.clear()
        return numbers

    def _found(self) -> None:
        actor = self.company.developers[2].github[0]
        who = self.signature(actor, FOUNDED)
        first = Commit(self.sha("first"), (), who, who, "First commit")
        self.move(FOUNDED, first.sha, actor, "branch_creation", (first,))

    @cached_property
    def movements(self) -> list[RefUpdate]:
        """Every movement of every ref, in order of time."""
        return sorted(self.updates, key=lambda update: update.at)

    @cached_property
    def _main_times(self) -> list[datetime]:
        return [update.at for update in self.updates_of_main]

    def tip(self, moment: datetime) -> str:
        """The revision of the main branch at an instant."""
        return self.updates_of_main[bisect_right(self._main_times, moment) - 1].after

    def reachable_from(self, revision: str, moment: datetime) -> list[Commit] | None:
        """What a branch name or an earlier head of the main branch leads to; None if unknown.

        GitHub forgets commits that a forced push cut off only after a long time.
        """
        if revision in (MAIN, f"refs/heads/{MAIN}"):
            return self.reachable(moment)
        for update in reversed(self.updates_of_main):
            if update.at <= moment and update.after == revision:
                return self.reachable(update.at)
        return None

    def reachable(self, moment: datetime) -> list[Commit]:
        """Every commit that the main branch held at an instant, newest first."""
        found: list[Commit] = []
        for update in self.updates_of_main[: bisect_right(self._main_times, moment)]:
            del found[len(found) - update.drops :]
            found += update.brings
        return found[::-1]


def lived_days(terms: Terms) -> list[tuple[date, date]]:
    """(working day before, day) of every day on which the repository merges something."""
    days = workdays(HISTORY_START, YEAR_END)
    if not terms.is_in_scope:
        days = [day for day in days if day.weekday() == 2]
    return [(previous_workday(day), day) for day in days]
