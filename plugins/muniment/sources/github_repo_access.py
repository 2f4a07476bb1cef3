"""Who may do what on each GitHub repository: a snapshot of the day on which it is taken.

The list of collaborators is the effective one: outside collaborators, direct grants, teams, the
organisation's default and its owners, each with the highest right of all of them. The teams of a
repository, with their members, say by which team a right came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from muniment import snapshots
from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.sources.spec import Shape, SourceSpec
from muniment.vendors import github
from muniment.vendors.github import GitHub, Repository
from muniment.vendors.github_repositories import read_repositories
from muniment.vendors.unread import UNREAD

STREAM = "repo_access"
REPO = "/repos/{owner}/{repo}"
#: 403 no write access to it, or forbidden by policy; 404 hidden from the credential
_REFUSED = (403, 404)

SPEC = SourceSpec(
    kind="github_repo_access",
    title="GitHub repository access",
    mode="state",
    needs="connection",
    shapes=(
        Shape("collaborators", "array", "collaborator", native_id=("/id",)),
        Shape("repository_teams", "array", "repository_team", native_id=("/id",)),
        Shape("team_members", "array", "team_member", native_id=("/id",)),
        github.ORGANISATION,
        github.REPOSITORIES,
        github.REPOSITORY,
        UNREAD,
    ),
    feeds={
        "collaborator": (STREAM,),
        "repository_team": (STREAM,),
        "team_member": (STREAM,),
        "repository": (),
    },
    options=github.GitHubOptions,
    seen=github.seen,
    basis=("snapshot_count", "not_provable"),
    permissions=(
        "Metadata: read and Members: read (fine-grained or GitHub App), or the scopes repo and "
        "read:org of a member who may write to every repository: GitHub shows the collaborators "
        "of a repository to nobody else, and the list counts as unread there.",
    ),
    limits=(
        *github.LIMITS,
        "A repository costs two requests and each team one more, with more than 100 names a "
        "request for each further 100.",
    ),
    blind_spots=(
        "A list that GitHub refuses (403, 404) is kept as unread: nothing is known of who may do "
        "what on that repository, and its reviewers' rights are not tested.",
        "What changed between two snapshots and changed back; github_audit_log tells of it.",
        "Deploy keys, apps and the reviewers of deployment environments are not in these lists.",
    ),
)


@dataclass
class _Seen:
    """What was listed, told apart by content, and what was refused."""

    hub: GitHub
    records: dict[str, set[bytes]] = field(default_factory=dict)
    teams: dict[str, None] = field(default_factory=dict)
    listed: int = 0
    refused: list[str] = field(default_factory=list)

    def read(
        self, path: str, template: str, shape: str, context: dict[str, str],
        params: dict[str, str] | None = None,
    ) -> list[dict[str, Any]] | None:  # fmt: skip
        """One list, kept and counted; None where GitHub refuses it."""
        found = self.hub.listing_if_there(path, template, shape, context, params, absent=_REFUSED)
        self.records.setdefault(shape, set()).update(canonical(item) for item in found or ())
        if found is None:
            self.refused.append(f"{shape} of {' '.join(context.values())}")
        return found


def collect(ask: Ask) -> None:
    """Lists every repository's collaborators and teams, then the teams' members.

    Raises SourceError.
    """
    assert isinstance(ask.options, github.GitHubOptions)  # validated against SPEC.options
    hub = github.connect(ask, ask.options)
    seen = _Seen(hub)
    read_repositories(hub, ask.options, lambda repository: _read(seen, repository))
    for slug in seen.teams:
        seen.read(
            f"/orgs/{quote(hub.organisation)}/teams/{quote(slug, safe='')}/members",
            "/orgs/{org}/teams/{team_slug}/members", "team_members", {"team": slug},
        )  # fmt: skip
    _prove(ask, seen)


def _read(seen: _Seen, repository: Repository) -> None:
    context, root = {"repository": repository.name}, f"/repos/{quote(repository.name)}"
    people = seen.read(
        f"{root}/collaborators", REPO + "/collaborators", "collaborators", context,
        {"affiliation": "all"},
    )  # fmt: skip
    seen.listed += people is not None
    teams = seen.read(f"{root}/teams", REPO + "/teams", "repository_teams", context)
    seen.teams.update({str(team.get("slug")): None for team in teams or () if team.get("slug")})


def _prove(ask: Ask, seen: _Seen) -> None:
    """Bronze must hold what was listed; no list of collaborators at all proves nothing."""
    count = sum(map(len, seen.records.values()))
    said = (
        f"The collaborators of {seen.listed} repositories and the members of {len(seen.teams)} "
        f"teams were listed; {len(seen.refused)} lists were refused."
    )
    if seen.refused:
        named = "; ".join(seen.refused[:10]) + (" and more" if len(seen.refused) > 10 else "")
        ask.warn(f"Refused (HTTP 403 or 404) and kept as unread: {named}.")
    holes = {} if seen.listed else {STREAM: "No repository's list of collaborators could be read."}
    snapshots.prove(ask, {STREAM: count}, said, holes=holes)
