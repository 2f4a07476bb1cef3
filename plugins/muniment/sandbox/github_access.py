"""Who belongs to the GitHub organisation, and what they may do on each repository, at an instant.

Everybody with a GitHub account may read every repository; developers write to all of them, release
managers own the organisation. A leaver's accounts go on the morning of the last day. Now and then
a developer's right on one repository is taken away for a while: planted around an approval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Literal

from muniment.sandbox.commits import Pull
from muniment.sandbox.people import BALTICA, Company, Person, Spell
from muniment.sandbox.plan import ORDINARY, Plan
from muniment.sandbox.repositories import Repository
from muniment.sandbox.times import Block, at, blocks, dice

Permission = Literal["admin", "write", "triage", "read"]
DEVELOPERS, SUPPORT = "developers", "support"
#: team -> what it may do on every repository of the organisation
TEAMS: dict[str, Permission] = {DEVELOPERS: "write", SUPPORT: "triage"}
#: how a right goes missing -> from when until when, in hours around midnight of the approval's day.
#: Approvals are given between nine and ten; snapshots are taken at any likely hour of the night.
MANNERS = {"missing": (-0.5, 47.5), "taken_after": (14, 84), "given_before": (-0.5, 6.5)}


@dataclass(frozen=True)
class Withdrawal:
    """A developer may only read one repository from `start` to `end`."""

    repository: str
    login: str
    start: datetime
    end: datetime
    manner: str


@dataclass(frozen=True)
class AccessEvent:
    """One change of membership or right, as the audit log tells it."""

    at: datetime
    action: str
    actor: str
    user: str
    repository: str = ""
    team: str = ""
    old: str = ""
    new: str = ""


class GitHubAccess:
    """Membership, teams and rights; each question says for which instant it asks."""

    def __init__(
        self, seed: int, company: Company, plan: Plan, repositories: dict[str, Repository]
    ) -> None:
        """`repositories`: their year as lived, to plant rights around approvals."""
        self.seed, self.company, self.plan = seed, company, plan
        self.repositories = repositories
        self._managers = {p.person_id for p in company.release_managers}

    def belongs(self, login: str, moment: datetime) -> bool:
        """Whether the account is in the organisation, or an outside collaborator of it."""
        person = self.company.by_github[login]
        return any(
            start <= moment and (end is None or moment < end) for start, end in _stays(person)
        )

    def accounts(self, moment: datetime) -> list[str]:
        """Every account that belongs to the organisation, outside collaborators included."""
        return [login for login in sorted(self.company.by_github) if self.belongs(login, moment)]

    def is_owner(self, login: str) -> bool:
        """Whether the account owns the organisation."""
        return self.company.by_github[login].person_id in self._managers

    def is_outside(self, login: str) -> bool:
        """Test engineers of one vendor are let in repository by repository."""
        person = self.company.by_github[login]
        return person.employer is BALTICA and person.role != "developer"

    def has_second_factor(self, login: str, moment: datetime) -> bool:
        """Whether the account has one: all but the planted ones, from half an hour before a day."""
        return not any(
            self.company.developers[place].github[0] == login
            and at(day, 0) <= moment + timedelta(minutes=30) < at(day, 0) + timedelta(days=1)
            for day, place in self.plan.github_unenrolled
        )

    def is_hidden(self, kind: str, moment: datetime) -> bool:
        """Whether what this kind needs is refused on that day."""
        return moment.date() in self.plan.hidden[kind]

    def team(self, slug: str, moment: datetime) -> list[str]:
        """The members of a team."""
        return [login for login in self.accounts(moment) if self._team_of(login) == slug]

    def _team_of(self, login: str) -> str | None:
        if self.is_owner(login) or self.is_outside(login):
            return None
        is_developer = self.company.by_github[login].role == "developer"
        return DEVELOPERS if is_developer else SUPPORT

    def permission(self, repository: str, login: str, moment: datetime) -> Permission:
        """The highest right of an account that belongs to the organisation."""
        if self.is_owner(login):
            return "admin"
        team = self._team_of(login)
        if team is None or self._is_withdrawn(repository, login, moment):
            return "read"
        return TEAMS[team]

    def _is_withdrawn(self, repository: str, login: str, moment: datetime) -> bool:
        return any(
            (item.repository, item.login) == (repository, login) and item.start <= moment < item.end
            for item in self.withdrawals
        )

    @cached_property
    def withdrawals(self) -> list[Withdrawal]:
        """One of each manner in every block of the plan, around an ordinary approval."""
        found: list[Withdrawal] = []
        for block in blocks():
            pulls = self._plain_pulls(block)
            chosen = dice(self.seed, "rights", block.index).sample(pulls, len(MANNERS))
            for pull, (manner, (first_h, end_h)) in zip(chosen, MANNERS.items(), strict=True):
                midnight = at(_merged_on(pull), 0)
                found.append(
                    Withdrawal(
                        pull.repository, pull.reviews[-1].login,
                        midnight + timedelta(hours=first_h), midnight + timedelta(hours=end_h),
                        manner,
                    )
                )  # fmt: skip
        return found

    def _plain_pulls(self, block: Block) -> list[Pull]:
        days = set(block.workdays(2, 25))
        return [
            pull
            for name in ORDINARY
            for pull in self.repositories[name].pulls
            if pull.manner == "plain" and pull.merged_at and _merged_on(pull) in days
        ]

    def has_right(self, pull: Pull) -> bool:
        """Whether anybody who approved the form that was merged could write at that moment."""
        head = pull.commits[-1][1].sha
        return any(
            self.permission(pull.repository, review.login, review.submitted_at)
            in ("write", "admin")
            for review in pull.reviews
            if (review.state, review.revision, review.dismissed_at) == ("APPROVED", head, None)
        )

    @cached_property
    def events(self) -> list[AccessEvent]:
        """Every change of membership and of a right, in order of time."""
        return sorted([*self._memberships(), *self._rights()], key=lambda event: event.at)

    def _memberships(self) -> Iterator[AccessEvent]:
        owner = self.company.release_managers[0].github[0]
        for login, person in self.company.by_github.items():
            name = "outside_collaborator" if self.is_outside(login) else "member"
            team = self._team_of(login) or ""
            for start, end in _stays(person):
                yield AccessEvent(start, "org.add_" + name, owner, login)
                if team:
                    yield AccessEvent(start, "team.add_member", owner, login, team=team)
                if end is not None:
                    yield AccessEvent(end, "org.remove_" + name, owner, login)

    def _rights(self) -> Iterator[AccessEvent]:
        owner = self.company.release_managers[0].github[0]
        for item in self.withdrawals:
            for moment, old, new in ((item.start, "write", "read"), (item.end, "read", "write")):
                yield AccessEvent(
                    moment, "repo.update_member", owner, item.login, item.repository, "", old, new
                )  # fmt: skip


def _stays(person: Person) -> list[tuple[datetime, datetime | None]]:
    """From when until when each employment's GitHub accounts are there."""
    return [(spell.account_from, _taken_at(spell)) for spell in person.spells]


def _taken_at(spell: Spell) -> datetime | None:
    """Six in the morning of the last day: before its end, by every zone's reading of it."""
    return None if spell.end_at is None else at(spell.end_at.date(), 6)


def _merged_on(pull: Pull) -> date:
    assert pull.merged_at is not None  # only merged pull requests are asked
    return pull.merged_at.date()
