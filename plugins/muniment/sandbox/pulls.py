"""The life of one pull request: opened in the afternoon, reviewed and merged the next morning."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from muniment.sandbox.commits import NO_COMMIT, Commit, Pull, RefUpdate, Review, Signature
from muniment.sandbox.people import Person
from muniment.sandbox.plan import is_head_replaced
from muniment.sandbox.repositories import DEPENDABOT, WEB_FLOW, Repository
from muniment.sandbox.times import at, dice

TOPICS = (
    "claim status filter", "retry of eligibility lookups", "audit fields on exports",
    "plan comparison page", "timeouts of the provider search", "nightly batch window",
    "consent wording", "connection pool size", "address validation", "report of open cases",
)  # fmt: skip
SECOND_PUSH = ("dismissed", "changes_requested")


class PullStory:
    """Writes one pull request into its repository."""

    def __init__(self, repository: Repository, before: date, day: date) -> None:
        """Draws who takes part. `before` is the day it is opened, `day` the day it is merged."""
        self.repository, self.before, self.day = repository, before, day
        self.chance = dice(repository.seed, repository.name, day)
        self.manner = repository.plan.pulls.get((repository.name, day), "plain")
        if not repository.terms.is_in_scope:
            self.manner = "no_approval"
        developers = repository.company.developers
        self.author, self.reviewer, self.other = self.chance.sample(developers, 3)
        if self.manner == "second_account":
            self.author = repository.company.second_account_holder
        self.opener = DEPENDABOT if self.manner == "bot" else self.author.github[0]

    def live(self) -> Pull:
        """The pull request from its first commit to its merge, with every movement of refs."""
        repository, chance = self.repository, self.chance
        created = at(self.before, 15, chance.randrange(15), chance.randrange(60))
        topic = chance.choice(TOPICS)
        number = len(repository.pulls) + 1
        pull = Pull(
            repository.name, number, f"Improve {topic}", self.opener, f"change/{number}",
            self._base(), created, self.manner,
        )  # fmt: skip
        repository.pulls.append(pull)
        self._commit(pull, created - timedelta(minutes=chance.randrange(20, 40)))
        self._work(pull)
        self._merge(pull)
        return pull

    def _base(self) -> str:
        """Where the branch leaves the main branch: its head of that afternoon, or older."""
        if is_head_replaced(self.repository.plan, self.repository.name, self.before):
            return self.repository.older_head(2)
        return self.repository.older_head(1 if self.manner == "base_merge" else 0)

    def _commit(self, pull: Pull, moment: datetime, merges: str = "") -> None:
        """One more commit on the branch, and the push that brings it."""
        step = len(pull.commits)
        parent = pull.commits[-1][1].sha if pull.commits else pull.base_sha
        author = self._author(moment)
        message = f"{pull.title}: part {step + 1}"
        if merges:
            message = f"Merge branch 'main' into {pull.branch}"
        elif self.manner in ("coauthor_approves", "coauthored") and step == 0:
            message += f"\n\nCo-authored-by: {self.other.name} <{self.other.email}>"
        sha = self.repository.sha("pull", pull.number, step)
        commit = Commit(sha, (parent, merges) if merges else (parent,), author, author, message)
        pull.commits.append((moment, commit))
        before = NO_COMMIT if step == 0 else parent
        kind = "branch_creation" if step == 0 else "push"
        self.repository.updates.append(
            RefUpdate(moment, pull.branch, before, sha, self.opener, kind)
        )

    def _author(self, moment: datetime) -> Signature:
        signature = self.repository.signature(self.opener, moment)
        return replace(signature, login=None) if self.manner == "email_author" else signature

    def _review(
        self, pull: Pull, login: str, state: str, moment: datetime,
        dismissed: datetime | None = None,
    ) -> None:  # fmt: skip
        number = 3_000_000_000 + self.repository.terms.index * 10_000_000 + pull.number * 10
        pull.reviews.append(
            Review(
                number + len(pull.reviews), login, state, moment, pull.commits[-1][1].sha,
                dismissed, self.opener if dismissed else "",
            )
        )  # fmt: skip

    def _work(self, pull: Pull) -> None:
        """What happens between opening and merging, by the plan's word."""
        day, chance = self.day, self.chance
        reviewer = self.reviewer.github[0]
        early = at(self.before, 15, chance.randrange(30, 58))
        second = at(day, 8, chance.randrange(10, 40))
        decided = at(day, 9, chance.randrange(10, 55), chance.randrange(60))
        if self.manner == "changes_requested":
            self._review(pull, reviewer, "CHANGES_REQUESTED", early)
        if self.manner == "dismissed":
            self._review(
                pull, self.other.github[0], "APPROVED", early, second + timedelta(minutes=5)
            )
        if self.manner == "base_merge":
            self._commit(pull, second, merges=self.repository.head)
        elif self.manner in SECOND_PUSH or self.repository.terms.index < 2 or chance.random() < 0.5:
            self._commit(pull, second)
        state = "COMMENTED" if self.manner == "no_approval" else "APPROVED"
        self._review(pull, self._approver(), state, decided)
        if self.manner == "stale":
            self._commit(pull, at(day, 9, chance.randrange(56, 60)))

    def _approver(self) -> str:
        if self.manner == "second_account":
            return self.author.github[1]
        chosen: Person = self.other if self.manner == "coauthor_approves" else self.reviewer
        return chosen.github[0]

    def _merge(self, pull: Pull) -> None:
        repository, chance = self.repository, self.chance
        moment = at(self.day, 11, chance.randrange(2, 55), chance.randrange(60))
        merger = self.reviewer.github[0] if self.manner == "bot" else self.opener
        brings = self._merged_commits(pull, moment, merger)
        kind = "merge_queue_merge" if repository.terms.merge_method == "queue" else "pr_merge"
        repository.move(moment, brings[-1].sha, merger, kind, brings)
        pull.merged_at = pull.closed_at = moment
        pull.merged_by, pull.merge_sha = merger, brings[-1].sha
        repository.merged(pull.number)
        head = pull.commits[-1][1].sha
        repository.updates.append(
            RefUpdate(
                moment + timedelta(minutes=1), pull.branch, head, NO_COMMIT, merger,
                "branch_deletion",
            )
        )  # fmt: skip

    def _merged_commits(self, pull: Pull, moment: datetime, merger: str) -> tuple[Commit, ...]:
        """What the merge adds to the main branch, by the repository's way of merging."""
        repository = self.repository
        committer = repository.signature(WEB_FLOW, moment)
        own = [commit for _, commit in pull.commits]
        title = f"{pull.title} (#{pull.number})"
        if repository.terms.merge_method == "merge":
            parents = (repository.head, own[-1].sha)
            author = repository.signature(merger, moment)
            title = f"Merge pull request #{pull.number} from {pull.branch}\n\n{pull.title}"
            sha = repository.sha("merge", pull.number)
            return (*own, Commit(sha, parents, author, committer, title))
        if repository.terms.merge_method == "rebase":
            return self._rebased(pull, own, moment, merger)
        trailer = own[0].message.partition("\n\n")[2]
        message = f"{title}\n\n{trailer}" if trailer else title
        author = replace(own[0].author, date=moment)
        sha = repository.sha("squash", pull.number)
        return (Commit(sha, (repository.head,), author, committer, message),)

    def _rebased(
        self, pull: Pull, own: list[Commit], moment: datetime, merger: str
    ) -> tuple[Commit, ...]:
        parent, copies = self.repository.head, []
        for step, commit in enumerate(own):
            sha = self.repository.sha("rebase", pull.number, step)
            committer = self.repository.signature(merger, moment)
            copies.append(Commit(sha, (parent,), commit.author, committer, commit.message))
            parent = sha
        return tuple(copies)


def abandon(repository: Repository, before: date, day: date) -> None:
    """A pull request that is closed without being merged: one a week, in one repository."""
    if repository.name != "data-warehouse" or day.weekday() != 1:
        return
    chance = dice(repository.seed, repository.name, "abandoned", day)
    login = chance.choice(repository.company.developers).github[0]
    number = len(repository.pulls) + 1
    created = at(before, 16, chance.randrange(5, 50))
    pull = Pull(
        repository.name, number, "Try another scheduler", login, f"change/{number}",
        repository.older_head(0), created, "abandoned",
    )  # fmt: skip
    who = repository.signature(login, created - timedelta(minutes=5))
    commit = Commit(repository.sha("pull", number, 0), (pull.base_sha,), who, who, pull.title)
    pull.commits.append((who.date, commit))
    pull.closed_at = at(day, 16, chance.randrange(5, 50))
    repository.pulls.append(pull)
    repository.updates.append(
        RefUpdate(who.date, pull.branch, NO_COMMIT, commit.sha, login, "branch_creation")
    )
