"""GitHub: an organisation of one repository, read for pull requests and for deployments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from github_host import Host, Repo, pull
from http_kinds import DAY, HttpKind, InHeader, Items
from http_source import Answer, Asked, HttpSource

OPTIONS = {"organisation": "acme"}


@dataclass
class Organisation:
    """`items` is the repository's list that the matrix spoils."""

    host: Host
    items: Items

    def reply(self, asked: Asked) -> Answer:
        return self.host.reply(asked)


def pulls(source: HttpSource) -> Organisation:
    repository = Repo("app", 42, pulls=[pull(number, DAY) for number in range(1, 6)])
    repository.commits = {"main": []}
    return Organisation(Host(source, [repository]), repository.pulls)


def deployments(source: HttpSource) -> Organisation:
    made: list[dict[str, Any]] = [
        {"id": number, "environment": "production", "created_at": f"{DAY}T0{number}:00:00Z"}
        for number in range(5, 0, -1)
    ]
    return Organisation(Host(source, [Repo("app", 42, deployments=made)]), made)


KINDS = [
    HttpKind(
        kind="github_pulls",
        options=OPTIONS,
        start=pulls,
        path=r"/(repos/Acme/app|repositories/42)/pulls",
        paging=InHeader("page"),
        stream="change_events.pull_request",
    ),
    HttpKind(
        kind="github_deployments",
        options=OPTIONS,
        start=deployments,
        path=r"/(repos/Acme/app|repositories/42)/deployments",
        paging=InHeader("page"),
        stream="change_events.deployment",
    ),
]
