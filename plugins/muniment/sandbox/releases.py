"""What reaches production, and what reaches the main branch past every review."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from muniment.sandbox.commits import Commit, Deployment, Pull
from muniment.sandbox.plan import NO_APPROVER_RELEASES, NO_AUTHOR_RELEASES
from muniment.sandbox.repositories import DEPLOYER, Repository
from muniment.sandbox.times import at, dice

PRODUCTION, STAGING = "production", "staging"
STRICT = (NO_APPROVER_RELEASES, NO_AUTHOR_RELEASES)


def push_directly(repository: Repository, day: date) -> None:
    """A commit straight to the main branch, where the plan says so."""
    if repository.plan.pushes.get((repository.name, day)) != "direct":
        return
    chance = dice(repository.seed, repository.name, "direct", day)
    moment = at(day, 11, chance.randrange(57, 60))
    login = chance.choice(repository.company.developers).github[0]
    who = repository.signature(login, moment)
    sha = repository.sha("direct", day)
    commit = Commit(sha, (repository.head,), who, who, "Quick fix of a setting")
    repository.move(moment, sha, login, "push", (commit,))


def rewrite(repository: Repository, day: date) -> None:
    """A forced push after the release: the day's commit is dropped, or replaced by another."""
    manner = repository.plan.pushes.get((repository.name, day))
    if manner not in ("drop", "amend"):
        return
    chance = dice(repository.seed, repository.name, "forced", day)
    moment = at(day, 15, chance.randrange(56, 60))
    login = chance.choice(repository.company.developers).github[0]
    merged = repository.updates_of_main[-1].brings[-1]
    if manner == "drop":
        repository.move(moment, merged.parents[0], login, "force_push", drops=1)
        return
    committer = repository.signature(login, moment)
    sha = repository.sha("amended", day)
    again = Commit(sha, merged.parents, merged.author, committer, merged.message)
    repository.move(moment, sha, login, "force_push", (again,), drops=1)


class ReleaseStory:
    """Writes one day's deployments of one repository."""

    def __init__(self, repository: Repository, day: date, pull: Pull) -> None:
        """`pull`: the pull request merged that day."""
        self.repository, self.day, self.pull = repository, day, pull
        self.chance = dice(repository.seed, repository.name, "release", day)
        self.manner = repository.plan.releases.get((repository.name, day), "plain")

    def live(self) -> None:
        """The day's deployments: to staging where there is one, and to production."""
        repository, chance = self.repository, self.chance
        if repository.terms.has_staging:
            moment = at(self.day, 13, chance.randrange(30, 55))
            self._deploy(moment, repository.head, STAGING, DEPLOYER, "plain")
        hour = 14 + repository.terms.index % 2
        moment = at(self.day, hour, chance.randrange(3, 40), chance.randrange(60))
        earlier = repository.released
        self._deploy(moment, repository.head, PRODUCTION, self._creator(), self.manner)
        again = at(self.day, hour, chance.randrange(48, 52))
        if self.manner == "failed":
            self._deploy(again, repository.head, PRODUCTION, DEPLOYER, "retry")
        if self.manner == "redeploy":
            self._deploy(again, repository.head, PRODUCTION, DEPLOYER, "redeployed")
        if self.manner == "rollback" and earlier:
            self._deploy(again, earlier, PRODUCTION, DEPLOYER, "rolled back")

    def _creator(self) -> str:
        """Who starts it: a release manager where duties are kept apart, else mostly the robot."""
        if self.manner == "by_approver":
            return self.pull.reviews[-1].login
        if self.manner == "by_author":
            return self.pull.opener
        if self.repository.name in STRICT:
            return self.chance.choice(self.repository.company.release_managers).github[0]
        is_robot = self.chance.random() < 0.75 or self.pull.manner == "bot"
        return DEPLOYER if is_robot else self.pull.opener

    def _deploy(
        self, moment: datetime, revision: str, environment: str, creator: str, manner: str
    ) -> None:
        repository = self.repository
        number = 1_400_000_000 + repository.terms.index * 1_000_000 + len(repository.deployments)
        done = moment + timedelta(seconds=self.chance.randrange(120, 400))
        result = "failure" if manner == "failed" else "success"
        deployment = Deployment(
            number, repository.name, revision, environment, creator, moment, manner,
            [("queued", moment + timedelta(seconds=2)),
             ("in_progress", moment + timedelta(seconds=20)), (result, done)],
        )  # fmt: skip
        if environment == PRODUCTION and result == "success":
            self._supersede(done)
            deployment.numbers = repository.take_unreleased(revision)
        repository.deployments.append(deployment)

    def _supersede(self, moment: datetime) -> None:
        """GitHub marks what ran before as inactive; its success stays in its history."""
        for earlier in reversed(self.repository.deployments):
            if earlier.environment == PRODUCTION and earlier.statuses[-1][0] == "success":
                earlier.statuses.append(("inactive", moment + timedelta(seconds=1)))
                return
