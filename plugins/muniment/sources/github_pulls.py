"""GitHub pull requests with reviews, dismissals and commits; protected branches with every push.

The list of pull requests has no `since`: it is read newest change first, down to the window's
start less an overlap. The activity feed is read the same way. Commits of a branch are asked for by
committer date; what a forced push cut off is asked for by the tip that it replaced.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from pydantic import Field

from muniment.collecting import Ask
from muniment.collection import day_of
from muniment.sources.spec import Shape, SourceSpec
from muniment.vendors import github
from muniment.vendors.github import GitHub, Repository
from muniment.vendors.github_repositories import each_repository
from muniment.vendors.unread import UNREAD

PULL, REVIEW = "change_events.pull_request", "change_events.review"
COMMIT, REF_UPDATE = "change_events.commit", "change_events.ref_update"
REPO = "/repos/{owner}/{repo}"
#: GitHub lists no more commits of one pull request
PULL_COMMITS_CAP = 250
_COMMITTED_AT = "/commit/committer/date"
_NO_COMMIT = "0" * 40
#: nothing there to list: 404 no such branch or commit, 409 an empty repository
_ABSENT = (404, 409)
_GONE = (404, 409, 422)


class GitHubPullsOptions(github.GitHubOptions):
    """protected_branches: names, default each repository's default branch.

    overlap_days: how far before the window's start changes are read again (project default).
    """

    protected_branches: list[str] = Field(default_factory=list)
    overlap_days: int = Field(default=2, ge=0)


SPEC = SourceSpec(
    kind="github_pulls",
    title="GitHub pull requests, reviews and protected branches",
    mode="event",
    needs="connection",
    shapes=(
        Shape("pulls_list", "array", "pull_request_listed", native_id=("/id",)),
        Shape("pull", "document", "pull_request", native_id=("/id",), event_time="/updated_at"),
        Shape("reviews", "array", "review", native_id=("/id",), event_time="/submitted_at"),
        Shape(
            "pull_commits", "array", "pull_commit", native_id=("/sha",), event_time=_COMMITTED_AT
        ),
        Shape("timeline", "array", "timeline", native_id=("/node_id",), event_time="/created_at"),
        Shape("branch", "document", "branch"),
        Shape(
            "branch_commits",
            "array",
            "branch_commit",
            native_id=("/sha",),
            event_time=_COMMITTED_AT,
        ),
        Shape("activity", "array", "ref_update", native_id=("/id",), event_time="/timestamp"),
        github.ORGANISATION,
        github.REPOSITORIES,
        github.REPOSITORY,
        UNREAD,
    ),
    feeds={
        "pull_request": (PULL,),
        "review": (REVIEW,),
        "timeline": (REVIEW,),
        "pull_commit": (COMMIT,),
        "branch_commit": (COMMIT,),
        "ref_update": (REF_UPDATE,),
        "pull_request_listed": (),
        "repository": (),
        "branch": (),
    },
    options=GitHubPullsOptions,
    seen=github.seen,
    basis=("cursor_exhausted", "not_provable"),
    permissions=(
        "Pull requests: read, Contents: read, Metadata: read (fine-grained), or scope repo",
    ),
    limits=(
        *github.LIMITS,
        "A pull request costs four requests, a repository at least four beside that.",
    ),
    blind_spots=(
        "A pull request's commits beyond 250 cannot be listed: its day is NOT_PROVABLE.",
        "A commit pushed straight to a branch more than overlap_days after its committer date.",
        "Repositories that the credential may not see, and deleted ones.",
    ),
)


def collect(ask: Ask) -> None:
    """Reads every repository for one window. Raises SourceError naming those that failed."""
    assert isinstance(ask.options, GitHubPullsOptions)  # validated against SPEC.options
    hub = github.connect(ask, ask.options)
    each_repository(hub, ask.options, partial(_read, hub, ask.options))


def _read(hub: GitHub, options: GitHubPullsOptions, repository: Repository) -> None:
    horizon = github.midnight(hub.first_day - timedelta(days=options.overlap_days))
    _read_pulls(hub, repository, horizon)
    default = [repository.default_branch] if repository.default_branch else []
    for branch in options.protected_branches or default:
        _read_branch(hub, repository, branch, horizon)


def _read_pulls(hub: GitHub, repository: Repository, horizon: str) -> None:
    path, end = f"/repos/{quote(repository.name)}/pulls", github.midnight(hub.ask.window.end_day)
    params = {"state": "all", "sort": "updated", "direction": "desc"}
    context = {"repository": repository.name}

    def is_past(item: dict[str, Any]) -> bool:
        return str(item.get("updated_at", "")) < horizon

    listed = hub.listing(path, REPO + "/pulls", "pulls_list", context, params, is_past)
    numbers = [
        str(item.get("number"))
        for item in listed
        if not is_past(item) and str(item.get("created_at", "")) < end
    ]
    for number in dict.fromkeys(numbers):  # a change while pages are read lists it twice
        _read_pull(hub, repository, number)


def _read_pull(hub: GitHub, repository: Repository, number: str) -> None:
    context = {"repository": repository.name, "number": number}
    root = f"/repos/{quote(repository.name)}"
    one, template = f"{root}/pulls/{quote(number, safe='')}", REPO + "/pulls/{pull_number}"
    pull = hub.document(one, template, "pull", context)
    assert pull is not None  # no status is accepted but 200
    hub.listing(f"{one}/reviews", template + "/reviews", "reviews", context)
    commits = hub.listing(f"{one}/commits", template + "/commits", "pull_commits", context)
    hub.listing(
        f"{root}/issues/{quote(number, safe='')}/timeline",
        REPO + "/issues/{issue_number}/timeline",
        "timeline",
        context,
    )
    stated = pull.get("commits")
    if len(commits) >= PULL_COMMITS_CAP and stated != len(commits):
        _note_cap(hub, repository, number, pull, len(commits))


def _note_cap(
    hub: GitHub, repository: Repository, number: str, pull: dict[str, Any], listed: int
) -> None:
    """The day on which the pull request was merged hangs on commits that GitHub does not list."""
    reason = (
        f"{repository.name}#{number}: GitHub lists {listed} of its {pull.get('commits', 'unknown')}"
        f" commits (its cap is {PULL_COMMITS_CAP}); the others cannot be judged."
    )
    merged_at = pull.get("merged_at")
    if merged_at:
        hub.hole(COMMIT, day_of(str(merged_at)), reason)
    else:
        hub.ask.warn(reason)


def _read_branch(hub: GitHub, repository: Repository, branch: str, horizon: str) -> None:
    context = {"repository": repository.name, "branch": branch}
    root = f"/repos/{quote(repository.name)}"
    tip = hub.document(
        f"{root}/branches/{quote(branch, safe='')}", REPO + "/branches/{branch}", "branch", context,
        absent=_ABSENT,
    )  # fmt: skip
    updates = _read_activity(hub, root, context, horizon)
    arrived = {update.get("after") for update in updates if _is_in_window(hub, update)}
    for update in updates:
        if update.get("activity_type") == "force_push" and _is_in_window(hub, update):
            is_ours = update.get("before") in arrived
            _read_cut_off(hub, root, context, update, horizon, is_ours=is_ours)
    if tip is not None:
        _read_commits(hub, root, context, branch, horizon)


def _read_activity(
    hub: GitHub, root: str, context: dict[str, str], horizon: str
) -> list[dict[str, Any]]:
    """Every change of the branch's tip: a branch that is gone may have had some too."""

    def is_past(item: dict[str, Any]) -> bool:
        return str(item.get("timestamp", "")) < horizon

    params = {"ref": f"refs/heads/{context['branch']}", "direction": "desc"}
    return hub.listing(f"{root}/activity", REPO + "/activity", "activity", context, params, is_past)


def _is_in_window(hub: GitHub, update: dict[str, Any]) -> bool:
    first, end = github.midnight(hub.first_day), github.midnight(hub.ask.window.end_day)
    return first <= str(update.get("timestamp", "")) < end


def _read_commits(hub: GitHub, root: str, context: dict[str, str], tip: str, horizon: str) -> bool:
    """Keeps what is reachable from `tip` and was committed in the window; whether it is there."""
    until = github.midnight(hub.ask.window.end_day)
    params = {"sha": tip, "since": horizon, "until": until}
    found = hub.listing_if_there(
        f"{root}/commits", REPO + "/commits", "branch_commits", context, params, absent=_GONE
    )
    return found is not None


def _read_cut_off(
    hub: GitHub, root: str, context: dict[str, str], update: dict[str, Any], horizon: str, *,
    is_ours: bool,
) -> None:  # fmt: skip
    """What the branch held before a forced push; after some time GitHub forgets it.

    `is_ours`: it was pushed in this window, so that no earlier window can have seen it.
    """
    before, day = str(update.get("before")), day_of(str(update.get("timestamp")))
    if before == _NO_COMMIT or _read_commits(hub, root, context, before, horizon):
        return
    reason = (
        f"{context['repository']}, branch {context['branch']}: the commits that a forced push "
        f"on {day} replaced ({before[:12]} and before) are not there any more."
    )
    if is_ours:
        hub.hole(COMMIT, day, reason)
    else:
        hub.ask.warn(reason)
