"""A GitHub organisation that keeps to GitHub's documented paging, ordering and limits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from http_source import Answer, Asked, HttpSource

Items = list[dict[str, Any]]


@dataclass
class Repo:
    """One repository; lists are in the order in which GitHub gives them."""

    name: str
    number: int
    default_branch: str = "main"
    branches: tuple[str, ...] = ("main",)
    pulls: Items = field(default_factory=list)
    reviews: dict[str, Items] = field(default_factory=dict)
    pull_commits: dict[str, Items] = field(default_factory=dict)
    timeline: dict[str, Items] = field(default_factory=dict)
    commits: dict[str, Items] = field(default_factory=dict)
    activity: Items = field(default_factory=list)
    deployments: Items = field(default_factory=list)
    statuses: dict[str, Items] = field(default_factory=dict)


@dataclass
class Host:
    """`faults`: path -> answer instead of the true one; `lists`: path -> items of another list.

    Pages hold at most `page_size` items.
    """

    source: HttpSource
    repos: list[Repo] = field(default_factory=list)
    faults: dict[str, Answer] = field(default_factory=dict)
    lists: dict[str, Items] = field(default_factory=dict)
    page_size: int = 2

    def reply(self, asked: Asked) -> Answer:
        if asked.path in self.faults:
            return self.faults[asked.path]
        if asked.path in self.lists:
            return self._page(asked, asked.path, self.lists[asked.path])
        if asked.path.lower() == "/orgs/acme":
            return Answer(
                {"login": "Acme", "id": 1}, headers=[("X-OAuth-Scopes", "repo, read:org")]
            )
        if asked.path == "/orgs/Acme/repos":
            assert asked.query["type"] == "all"
            listed = [self._described(repo) for repo in self.repos]
            return self._page(asked, "/organizations/1/repos", listed)
        if asked.path == "/organizations/1/repos":
            listed = [self._described(repo) for repo in self.repos]
            return self._page(asked, asked.path, listed)
        return self._in_repository(asked)

    def _described(self, repo: Repo) -> dict[str, Any]:
        return {
            "id": repo.number, "full_name": f"Acme/{repo.name}", "archived": False, "fork": False,
            "default_branch": repo.default_branch,
        }  # fmt: skip

    def _in_repository(self, asked: Asked) -> Answer:
        found = re.fullmatch(r"/(?:repos/Acme/([^/]+)|repositories/(\d+))(/.*)?", asked.path)
        assert found, f"GitHub has no such path: {asked.path}"
        name, number, rest = found.groups()
        for repo in self.repos:
            if repo.name == name or str(repo.number) == number:
                return self._below(asked, repo, rest or "")
        return Answer({"message": "Not Found"}, 404)

    def _below(self, asked: Asked, repo: Repo, rest: str) -> Answer:
        if not rest:
            return Answer(self._described(repo))
        if rest.startswith("/branches/"):
            name = unquote(rest.removeprefix("/branches/"))
            there = name in repo.branches
            return Answer({"name": name}) if there else Answer({"message": "Not Found"}, 404)
        if rest == "/commits":
            return self._commits(asked, repo)
        items = self._items(asked, repo, rest)
        if isinstance(items, dict):
            return Answer(items)
        return self._page(asked, f"/repositories/{repo.number}{rest}", items)

    def _commits(self, asked: Asked, repo: Repo) -> Answer:
        if asked.query["sha"] not in repo.commits:
            return Answer({"message": f"No commit found for SHA: {asked.query['sha']}"}, 422)
        since, until = asked.query["since"], asked.query["until"]
        items = [
            item for item in repo.commits[asked.query["sha"]]
            if since <= item["commit"]["committer"]["date"] <= until
        ]  # fmt: skip
        return self._page(asked, f"/repositories/{repo.number}/commits", items)

    def _items(self, asked: Asked, repo: Repo, rest: str) -> Items | dict[str, Any]:
        if rest == "/pulls":
            assert (asked.query["state"], asked.query["direction"]) == ("all", "desc")
            return sorted(repo.pulls, key=lambda pull: str(pull["updated_at"]), reverse=True)
        if rest == "/activity":
            return [item for item in repo.activity if item["ref"] == asked.query["ref"]]
        if rest == "/deployments":
            return repo.deployments
        part = rest.split("/")
        if len(part) == 3:
            return next(pull for pull in repo.pulls if str(pull["number"]) == part[2])
        lists = {"reviews": repo.reviews, "commits": repo.pull_commits, "timeline": repo.timeline,
                 "statuses": repo.statuses}  # fmt: skip
        return lists[part[3]].get(part[2], [])

    def _page(self, asked: Asked, path: str, items: Items) -> Answer:
        """Next links go to `/repositories/{id}/…`, as GitHub's do."""
        page, size = int(asked.query.get("page", "1")), self.page_size
        links = []
        if page * size < len(items):
            query = urlencode({**asked.query, "page": str(page + 1)})
            links = [("Link", f'<{self.source.url}{path}?{query}>; rel="next", <x>; rel="last"')]
        return Answer(items[(page - 1) * size : page * size], headers=links)


def pull(number: int, updated: str, created: str = "2026-01-01", **more: Any) -> dict[str, Any]:
    return {
        "id": 1000 + number, "number": number, "created_at": f"{created}T09:00:00Z",
        "updated_at": f"{updated}T12:00:00Z", "merged_at": None, "commits": 1, **more,
    }  # fmt: skip


def commit(sha: str, day: str) -> dict[str, Any]:
    return {"sha": sha, "commit": {"committer": {"date": f"{day}T12:00:00Z"}}, "parents": []}


def push(number: int, day: str, kind: str = "push", before: str = "b", branch: str = "main") -> Any:
    return {
        "id": number, "activity_type": kind, "before": before, "after": f"a{number}",
        "ref": f"refs/heads/{branch}", "timestamp": f"{day}T12:00:00Z",
    }  # fmt: skip
