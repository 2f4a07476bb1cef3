"""What a repository is made of: commits, movements of refs, reviews, pull requests, deployments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

NO_COMMIT = "0" * 40


@dataclass(frozen=True)
class Signature:
    """Author or committer of a commit; `login` None where the e-mail fits no GitHub account."""

    login: str | None
    name: str
    email: str
    date: datetime


@dataclass(frozen=True)
class Commit:
    """One commit."""

    sha: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True)
class RefUpdate:
    """One movement of a ref. `brings`: the commits that it made reachable, oldest first."""

    at: datetime
    branch: str
    before: str
    after: str
    actor: str
    kind: str
    brings: tuple[Commit, ...] = ()
    drops: int = 0


@dataclass(frozen=True)
class Review:
    """One review; `dismissed_at` where somebody took it back later."""

    review_id: int
    login: str
    state: str
    submitted_at: datetime
    revision: str
    dismissed_at: datetime | None = None
    dismissed_by: str = ""


@dataclass
class Pull:
    """One pull request over its whole life; `manner` is the plan's word for it."""

    repository: str
    number: int
    title: str
    opener: str
    branch: str
    base_sha: str
    created_at: datetime
    manner: str
    commits: list[tuple[datetime, Commit]] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    merged_at: datetime | None = None
    merged_by: str = ""
    merge_sha: str = ""
    closed_at: datetime | None = None

    def commits_by(self, moment: datetime) -> list[Commit]:
        """The commits that had been pushed by then."""
        return [commit for pushed_at, commit in self.commits if pushed_at <= moment]

    def is_merged(self, moment: datetime) -> bool:
        """Whether it had been merged by then."""
        return self.merged_at is not None and self.merged_at <= moment

    def is_closed(self, moment: datetime) -> bool:
        """Whether it had been closed by then, merged or not."""
        return self.closed_at is not None and self.closed_at <= moment

    def updated_at(self, moment: datetime) -> datetime:
        """The last thing that had happened to it by then."""
        happened = [self.created_at, *(pushed_at for pushed_at, _ in self.commits)]
        happened += [review.submitted_at for review in self.reviews]
        happened += [r.dismissed_at for r in self.reviews if r.dismissed_at is not None]
        happened += [end for end in (self.merged_at, self.closed_at) if end is not None]
        return max(instant for instant in happened if instant <= moment)

    @property
    def is_settled_from(self) -> datetime:
        """From when on nothing more happens to it."""
        return self.updated_at(datetime.max.replace(tzinfo=self.created_at.tzinfo))


@dataclass
class Deployment:
    """One deployment with its statuses (state, instant); `manner` is the plan's word for it."""

    deployment_id: int
    repository: str
    revision: str
    environment: str
    creator: str
    created_at: datetime
    manner: str
    statuses: list[tuple[str, datetime]] = field(default_factory=list)
    numbers: tuple[int, ...] = ()

    @property
    def is_successful(self) -> bool:
        """Whether it ever succeeded."""
        return any(state == "success" for state, _ in self.statuses)
