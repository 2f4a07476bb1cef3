"""The questions about changes: pull requests, commits, movements of refs, deployments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from muniment.sandbox import github_change_shapes as changes
from muniment.sandbox import github_shapes as shapes
from muniment.sandbox.answers import Answer, Json, Question, document, text_of
from muniment.sandbox.commits import Commit, Deployment, Pull, RefUpdate
from muniment.sandbox.github_errors import error, not_found
from muniment.sandbox.github_timeline import timeline as timeline_of
from muniment.sandbox.paging import TIMES, by_cursor, numbered
from muniment.sandbox.repositories import MAIN, Repository, Terms
from muniment.sandbox.times import iso_s
from muniment.sandbox.world import World

LARGEST_COMMIT_LIST = 250


class Changes:
    """Answers what one repository is asked; a thing that is not there (yet) comes as None."""

    def __init__(self, world: World) -> None:
        """Keeps the texts of pull requests to which nothing more happens."""
        self.world = world
        self._settled_pull = lru_cache(maxsize=4096)(self._pull_text)

    def pulls(self, question: Question, repository: Repository | None) -> Answer:
        """GET …/pulls (state, sort, direction)."""
        if repository is None:
            return not_found()
        now, query = question.now, question.query
        state = query.get("state", "open")
        found = [
            pull
            for pull in repository.pulls
            if pull.created_at <= now
            and state in ("all", "closed" if pull.is_closed(now) else "open")
        ]
        if query.get("sort") == "updated":
            found.sort(key=lambda pull: (pull.updated_at(now), pull.number))
        default = "asc" if "sort" in query and query["sort"] != "created" else "desc"
        if query.get("direction", default) == "desc":
            found.reverse()
        terms = repository.terms
        return numbered(
            question, found, lambda item: self._listed(terms, item, now),
            _path(repository, "/pulls"),
        )  # fmt: skip

    def _listed(self, terms: Terms, pull: Pull, now: datetime) -> str:
        """The text of one item; kept once nothing more happens to it."""
        if pull.is_settled_from <= now:
            return self._settled_pull(terms, pull.number, datetime.max.replace(tzinfo=UTC))
        return self._pull_text(terms, pull.number, now)

    def _pull_text(self, terms: Terms, number: int, now: datetime) -> str:
        pull = self.world.repositories[terms.name].pulls[number - 1]
        return text_of(changes.pull(terms, pull, now, _inner(terms, pull)))

    def pull(self, question: Question, repository: Repository, pull: Pull | None) -> Answer:
        """GET …/pulls/{n}."""
        if pull is None:
            return not_found()
        shape = changes.pull(repository.terms, pull, question.now, _inner(repository.terms, pull))
        return document({**shape, **changes.pull_details(pull, question.now)})

    def reviews(self, question: Question, repository: Repository, pull: Pull | None) -> Answer:
        """GET …/pulls/{n}/reviews."""
        if pull is None:
            return not_found()
        now, terms = question.now, repository.terms
        found = [review for review in pull.reviews if review.submitted_at <= now]
        return numbered(
            question, found, lambda item: text_of(changes.review(terms, pull, item, now)),
            _path(repository, f"/pulls/{pull.number}/reviews"),
        )  # fmt: skip

    def pull_commits(self, question: Question, repository: Repository, pull: Pull | None) -> Answer:
        """GET …/pulls/{n}/commits, which ends at GitHub's cap."""
        if pull is None:
            return not_found()
        found = pull.commits_by(question.now)[:LARGEST_COMMIT_LIST]
        return self._commit_page(question, repository, found, f"/pulls/{pull.number}/commits")

    def _commit_page(
        self, question: Question, repository: Repository, commits: list[Commit], path: str
    ) -> Answer:
        name = repository.terms.full_name
        return numbered(
            question, commits, lambda item: text_of(changes.commit(name, item)),
            _path(repository, path),
        )  # fmt: skip

    def timeline(self, question: Question, repository: Repository, pull: Pull | None) -> Answer:
        """GET …/issues/{n}/timeline."""
        if pull is None:
            return not_found()
        found = timeline_of(repository.terms, pull, question.now)
        path = _path(repository, f"/issues/{pull.number}/timeline")
        return numbered(question, found, text_of, path)

    def commits(self, question: Question, repository: Repository | None) -> Answer:
        """GET …/commits (sha, since, until: by the committer's date)."""
        if repository is None:
            return not_found()
        branch = question.query.get("sha", MAIN)
        reachable = repository.reachable_from(branch, question.now)
        if reachable is None:
            return error(404, f"No commit found for SHA: {branch}")
        since, until = question.query.get("since", ""), question.query.get("until", "~")
        found = [commit for commit in reachable if since <= iso_s(commit.committer.date) <= until]
        return self._commit_page(question, repository, found, "/commits")

    def activity(self, question: Question, repository: Repository | None) -> Answer:
        """GET …/activity (ref, activity_type, actor, time_period, direction)."""
        if repository is None:
            return not_found()
        query, now, terms = question.query, question.now, repository.terms
        period = query.get("time_period", "ever")
        if period not in TIMES:
            return error(422, f"Invalid time_period: {period}")
        reach = timedelta(days=TIMES[period])

        def is_wanted(update: RefUpdate) -> bool:
            return (
                now - reach <= update.at <= now
                and query.get("ref", update.branch).removeprefix("refs/heads/") == update.branch
                and query.get("activity_type", update.kind) == update.kind
                and query.get("actor", update.actor) == update.actor
            )

        found = [pair for pair in enumerate(repository.movements) if is_wanted(pair[1])]
        if query.get("direction", "desc") == "desc":
            found.reverse()
        return by_cursor(
            question, found, lambda pair: text_of(changes.activity(terms, *pair)),
            lambda pair: pair[0], _path(repository, "/activity"),
        )  # fmt: skip

    def deployments(self, question: Question, repository: Repository | None) -> Answer:
        """GET …/deployments (environment), newest first."""
        if repository is None:
            return not_found()
        now, terms = question.now, repository.terms
        wanted = question.query.get("environment")
        found = [
            item
            for item in reversed(repository.deployments)
            if item.created_at <= now and wanted in (None, item.environment)
        ]
        return numbered(
            question, found, lambda item: text_of(changes.deployment(terms, item, now)),
            _path(repository, "/deployments"),
        )  # fmt: skip

    def statuses(
        self, question: Question, repository: Repository, deployment: Deployment | None
    ) -> Answer:
        """GET …/deployments/{id}/statuses, newest first."""
        if deployment is None:
            return not_found()
        places = [
            place
            for place, (_, moment) in enumerate(deployment.statuses)
            if moment <= question.now
        ]  # fmt: skip
        return numbered(
            question, places[::-1],
            lambda place: text_of(changes.deployment_status(repository.terms, deployment, place)),
            _path(repository, f"/deployments/{deployment.deployment_id}/statuses"),
        )  # fmt: skip


def _path(repository: Repository, tail: str) -> str:
    return f"/repositories/{repository.terms.repository_id}{tail}"


def _inner(terms: Terms, pull: Pull) -> Json:
    """The repository inside a pull request, as of the pull request's creation."""
    return shapes.repository(terms, iso_s(pull.created_at))
