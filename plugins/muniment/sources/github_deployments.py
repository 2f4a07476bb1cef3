"""GitHub deployments of every environment, each with its statuses.

A deployment changes through its statuses long after it was created, and GitHub lists neither by
the time of change: so each window also reads the deployments of the days before it again.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from pydantic import Field

from muniment.collecting import Ask
from muniment.sources.spec import Shape, SourceSpec
from muniment.vendors import github
from muniment.vendors.github import GitHub, Repository
from muniment.vendors.github_repositories import each_repository
from muniment.vendors.unread import UNREAD

STREAM = "change_events.deployment"


class GitHubDeploymentsOptions(github.GitHubOptions):
    """production_environments: names that staging treats as production; all are collected.

    lookback_days: how long after its creation a deployment's statuses are read again.
    """

    production_environments: list[str] = Field(default_factory=lambda: ["production"])
    lookback_days: int = Field(default=14, ge=0)


SPEC = SourceSpec(
    kind="github_deployments",
    title="GitHub deployments and their statuses",
    mode="event",
    needs="connection",
    shapes=(
        Shape("deployments", "array", "deployment", native_id=("/id",), event_time="/created_at"),
        Shape(
            "statuses", "array", "deployment_status", native_id=("/id",), event_time="/created_at"
        ),
        github.ORGANISATION,
        github.REPOSITORIES,
        github.REPOSITORY,
        UNREAD,
    ),
    feeds={"deployment": (STREAM,), "deployment_status": (STREAM,), "repository": ()},
    options=GitHubDeploymentsOptions,
    seen=github.seen,
    basis=("cursor_exhausted",),
    permissions=("Deployments: read, Metadata: read (fine-grained), or scope repo_deployment",),
    limits=(
        *github.LIMITS,
        "A deployment of the window or of the `lookback_days` before it costs one request.",
    ),
    blind_spots=(
        "A status later than lookback_days after its deployment's creation.",
        "Repositories that the credential may not see, and deleted ones.",
    ),
)


def collect(ask: Ask) -> None:
    """Reads every repository's deployments for one window. Raises SourceError."""
    assert isinstance(ask.options, GitHubDeploymentsOptions)  # validated against SPEC.options
    hub = github.connect(ask, ask.options)
    each_repository(hub, ask.options, partial(_read, hub, ask.options))


def _read(hub: GitHub, options: GitHubDeploymentsOptions, repository: Repository) -> None:
    horizon = github.midnight(hub.first_day - timedelta(days=options.lookback_days))
    end = github.midnight(hub.ask.window.end_day)
    path = f"/repos/{quote(repository.name)}/deployments"
    template = "/repos/{owner}/{repo}/deployments"
    context = {"repository": repository.name}

    def is_past(item: dict[str, Any]) -> bool:
        return str(item.get("created_at", "")) < horizon

    for item in hub.listing(path, template, "deployments", context, is_past=is_past):
        if is_past(item) or str(item.get("created_at", "")) >= end:
            continue
        number = str(item.get("id"))
        hub.listing(
            f"{path}/{quote(number, safe='')}/statuses",
            template + "/{deployment_id}/statuses",
            "statuses",
            {**context, "deployment_id": number},
        )
