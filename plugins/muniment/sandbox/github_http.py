"""The GitHub-shaped REST API of the simulated company."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta

from muniment.sandbox import github_shapes as shapes
from muniment.sandbox.answers import Answer, Handler, Json, Question, document, text_of
from muniment.sandbox.commits import Deployment, Pull
from muniment.sandbox.github_access_http import Access
from muniment.sandbox.github_audit_http import Audit
from muniment.sandbox.github_change_shapes import commit
from muniment.sandbox.github_changes_http import Changes
from muniment.sandbox.github_errors import error, not_found
from muniment.sandbox.github_graphql import GraphQL
from muniment.sandbox.github_protection_http import Protection
from muniment.sandbox.paging import numbered
from muniment.sandbox.people import ORGANISATION
from muniment.sandbox.repositories import MAIN, Repository
from muniment.sandbox.times import iso_s
from muniment.sandbox.world import World

#: what GitHub's headers say for a user's token
LIMIT_AN_HOUR = 5000
#: the next links of lists lead to the organisation by its number
ORGANISATION_ROOT = f"(?:/orgs/{ORGANISATION}|/organizations/{shapes.ORGANISATION_ID})"
TEAM = ORGANISATION_ROOT + r"/teams?/(?P<team>[\w-]+)"
REPOSITORY = r"/(?:repos/harbourline/(?P<name>[\w.-]+)|repositories/(?P<number>\d+))"

GITHUB_MESSAGES = {
    401: "Bad credentials",
    403: "Resource not accessible by personal access token",
    404: "Not Found",
    429: "API rate limit exceeded",
    500: "Server Error",
}


class GitHub:
    """Answers questions; knows the world, and the clock from each question."""

    def __init__(self, world: World) -> None:
        """Routes, most particular first."""
        self.world = world
        #: requests that an hour of the simulated clock really has; None: they never run out, since
        #: that clock may stand still for longer than anybody would wait
        self.limit_an_hour: int | None = None
        self._asked: Counter[datetime] = Counter()
        changes, access = Changes(world), Access(world)
        protection = Protection(world)
        self._routes: list[tuple[re.Pattern[str], Handler]] = [
            (re.compile(pattern + "$"), handler)
            for pattern, handler in (
                ("/rate_limit", self._rate_limit),
                ("/graphql", GraphQL(world).answer),
                ("/user/orgs", self._organisations),
                (ORGANISATION_ROOT, self._organisation),
                (ORGANISATION_ROOT + "/repos", self._repositories),
                (ORGANISATION_ROOT + "/members", access.members),
                (ORGANISATION_ROOT + "/public_members", access.public_members),
                (ORGANISATION_ROOT + "/outside_collaborators", access.outside_collaborators),
                (ORGANISATION_ROOT + "/audit-log", Audit(world).log),
                (TEAM + "/members", access.team_members),
                (REPOSITORY, self._repository),
                (REPOSITORY + "/collaborators", access.collaborators),
                (REPOSITORY + "/teams", access.teams),
                (REPOSITORY + "/branches/(?P<branch>[^/]+)/protection", protection.protection),
                (REPOSITORY + "/rules/branches/(?P<branch>.+)", protection.rules),
                (REPOSITORY + "/rulesets/rule-suites", protection.rule_suites),
                (REPOSITORY + "/codeowners/errors", protection.codeowners),
                (REPOSITORY + "/branches/(?P<branch>.+)", self._branch),
                (REPOSITORY + "/pulls", changes.pulls),
                (REPOSITORY + r"/pulls/(?P<pull>\d+)", changes.pull),
                (REPOSITORY + r"/pulls/(?P<pull>\d+)/reviews", changes.reviews),
                (REPOSITORY + r"/pulls/(?P<pull>\d+)/commits", changes.pull_commits),
                (REPOSITORY + r"/issues/(?P<pull>\d+)/timeline", changes.timeline),
                (REPOSITORY + "/commits", changes.commits),
                (REPOSITORY + "/activity", changes.activity),
                (REPOSITORY + "/deployments", changes.deployments),
                (REPOSITORY + r"/deployments/(?P<deployment>\d+)/statuses", changes.statuses),
            )
        ]

    def answer(self, question: Question) -> Answer:
        """The answer to one question, 404 where there is no such thing (yet)."""
        hour = _next_hour(question.now)
        if self.limit_an_hour is not None and self._asked[hour] >= self.limit_an_hour:
            answer = error(403, "API rate limit exceeded")
            answer.headers.update(self.limits(question.now))
            return answer
        self._asked[hour] += 1
        for pattern, handler in self._routes:
            found = pattern.match(question.path)
            if found:
                answer = handler(question, **self._arguments(found, question))
                break
        else:
            answer = not_found()
        answer.headers.update(self.limits(question.now))
        answer.headers["X-OAuth-Scopes"] = "repo, read:org"
        answer.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        return answer

    def refused(self) -> Answer:
        """The answer to a wrong or missing token."""
        return error(401, "Bad credentials")

    def failed(self, status: int) -> Answer:
        """The answer where something fails."""
        return error(status, GITHUB_MESSAGES.get(status, "Validation Failed"))

    def limits(self, now: datetime) -> dict[str, str]:
        """The rate limit's headers."""
        asked = self._asked[_next_hour(now)]
        limit = self.limit_an_hour or LIMIT_AN_HOUR
        used = asked if self.limit_an_hour else asked % (LIMIT_AN_HOUR - 1000)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - used),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str(int(_next_hour(now).timestamp())),
            "X-RateLimit-Resource": "core",
        }

    def _arguments(self, found: re.Match[str], question: Question) -> Json:
        """What the path names, as the things themselves; a missing one is left None."""
        parts = found.groupdict()
        arguments: Json = {}
        if "name" in parts:
            repository = self._named(parts["name"], parts["number"])
            arguments["repository"] = repository
            if "pull" in parts:
                arguments["pull"] = _pull(repository, int(parts["pull"]), question.now)
            if "deployment" in parts:
                number = int(parts["deployment"])
                arguments["deployment"] = _deployment(repository, number, question.now)
        if "team" in parts:
            arguments["team"] = parts["team"]
        if "branch" in parts:
            arguments["branch"] = parts["branch"]
        return arguments

    def _named(self, name: str | None, number: str | None) -> Repository | None:
        for repository in self.world.repositories.values():
            if repository.name == name or str(repository.terms.repository_id) == number:
                return repository
        return None

    def _rate_limit(self, question: Question) -> Answer:
        limits = self.limits(question.now)
        names = ("limit", "remaining", "reset", "used")
        core = {name: int(limits[f"X-RateLimit-{name.capitalize()}"]) for name in names}
        return document({"resources": {"core": core, "search": core}, "rate": core})

    def _organisations(self, question: Question) -> Answer:
        return document([{"login": ORGANISATION, "id": shapes.ORGANISATION_ID}])

    def _organisation(self, question: Question) -> Answer:
        return document(shapes.organisation())

    def _repositories(self, question: Question) -> Answer:
        found = sorted(self.world.repositories.values(), key=lambda repository: repository.name)
        if question.query.get("direction") == "desc":
            found.reverse()
        path = f"/organizations/{shapes.ORGANISATION_ID}/repos"
        return numbered(question, found, lambda item: text_of(self._shape(item, question)), path)

    def _shape(self, repository: Repository, question: Question) -> Json:
        newest = [u.at for u in repository.updates_of_main if u.at <= question.now][-1]
        return shapes.repository(repository.terms, iso_s(newest))

    def _repository(self, question: Question, repository: Repository | None) -> Answer:
        return document(self._shape(repository, question)) if repository else not_found()

    def _branch(self, question: Question, repository: Repository | None, branch: str) -> Answer:
        if repository is None or branch != MAIN:
            return error(404, "Branch not found")
        tip = repository.reachable(question.now)[0]
        full_name = repository.terms.full_name
        url = f"{shapes.API}/repos/{full_name}/branches/{branch}"
        return document(
            {
                "name": branch,
                "commit": commit(full_name, tip),
                "_links": {"self": url, "html": f"{shapes.WEB}/{full_name}/tree/{branch}"},
                "protected": True,
                "protection": {"enabled": True},
                "protection_url": f"{url}/protection",
            }
        )


def _pull(repository: Repository | None, number: int, now: datetime) -> Pull | None:
    if repository is None or not 1 <= number <= len(repository.pulls):
        return None
    pull = repository.pulls[number - 1]
    return pull if pull.created_at <= now else None


def _deployment(repository: Repository | None, number: int, now: datetime) -> Deployment | None:
    for deployment in repository.deployments if repository else ():
        if deployment.deployment_id == number and deployment.created_at <= now:
            return deployment
    return None


def _next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
