"""Commits, pull requests, reviews, ref updates and deployments as GitHub's REST API writes them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from muniment.sandbox.answers import Json
from muniment.sandbox.commits import Commit, Deployment, Pull, RefUpdate, Review, Signature
from muniment.sandbox.github_shapes import API, WEB, node_id, user
from muniment.sandbox.people import ORGANISATION
from muniment.sandbox.repositories import DEPLOYER, MAIN, Terms
from muniment.sandbox.times import iso_s


def _git_user(signature: Signature) -> Json:
    return {"name": signature.name, "email": signature.email, "date": iso_s(signature.date)}


@lru_cache(maxsize=8192)
def commit(full_name: str, commit: Commit) -> Json:
    """A commit, as every list of commits gives it."""
    url = f"{API}/repos/{full_name}"
    author, committer = commit.author.login, commit.committer.login
    return {
        "sha": commit.sha,
        "node_id": node_id("C", commit.sha),
        "commit": {
            "author": _git_user(commit.author),
            "committer": _git_user(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.sha[::-1], "url": f"{url}/git/trees/{commit.sha[::-1]}"},
            "url": f"{url}/git/commits/{commit.sha}",
            "comment_count": 0,
            "verification": {
                "verified": False, "reason": "unsigned", "signature": None, "payload": None,
                "verified_at": None,
            },
        },
        "url": f"{url}/commits/{commit.sha}",
        "html_url": f"{WEB}/{full_name}/commit/{commit.sha}",
        "comments_url": f"{url}/commits/{commit.sha}/comments",
        "author": user(author) if author else None,
        "committer": user(committer) if committer else None,
        "parents": [
            {
                "sha": parent,
                "url": f"{url}/commits/{parent}",
                "html_url": f"{WEB}/{full_name}/commit/{parent}",
            }
            for parent in commit.parents
        ],
    }  # fmt: skip


def pull_id(terms: Terms, number: int) -> int:
    """GitHub's number of a pull request among all pull requests."""
    return 2_000_000_000 + terms.index * 1_000_000 + number


def pull(terms: Terms, pull: Pull, now: datetime, repository: Json) -> Json:
    """A pull request as the list gives it (without merged_by)."""
    head, is_merged = pull.commits_by(now)[-1].sha, pull.is_merged(now)
    is_closed = pull.is_closed(now)
    links = _pull_links(terms, pull.number, head)
    identifier = pull_id(terms, pull.number)
    return {
        "url": links["self"],
        "id": identifier,
        "node_id": node_id("PR", identifier),
        "html_url": links["html"],
        "diff_url": f"{links['html']}.diff",
        "patch_url": f"{links['html']}.patch",
        "issue_url": links["issue"],
        "number": pull.number,
        "state": "closed" if is_closed else "open",
        "locked": False,
        "title": pull.title,
        "user": user(pull.opener),
        "body": None,
        "created_at": iso_s(pull.created_at),
        "updated_at": iso_s(pull.updated_at(now)),
        "closed_at": iso_s(pull.closed_at) if pull.closed_at and is_closed else None,
        "merged_at": iso_s(pull.merged_at) if pull.merged_at and is_merged else None,
        "merge_commit_sha": pull.merge_sha if is_merged else None,
        **dict.fromkeys(("assignee", "milestone", "active_lock_reason", "auto_merge")),
        **{name: [] for name in ("assignees", "requested_reviewers", "requested_teams", "labels")},
        "draft": False,
        **{f"{name}_url": links[name] for name in
           ("commits", "review_comments", "review_comment", "comments", "statuses")},
        "head": _end(pull.branch, head, repository),
        "base": _end(MAIN, pull.base_sha, repository),
        "_links": {name: {"href": href} for name, href in links.items()},
        "author_association": "CONTRIBUTOR" if pull.opener.endswith("[bot]") else "MEMBER",
    }  # fmt: skip


def _pull_links(terms: Terms, number: int, head: str) -> dict[str, str]:
    url = f"{API}/repos/{terms.full_name}"
    mine, issue = f"{url}/pulls/{number}", f"{url}/issues/{number}"
    return {
        "self": mine,
        "html": f"{WEB}/{terms.full_name}/pull/{number}",
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{mine}/comments",
        "review_comment": f"{url}/pulls/comments{{/number}}",
        "commits": f"{mine}/commits",
        "statuses": f"{url}/statuses/{head}",
    }


def _end(branch: str, sha: str, repository: Json) -> Json:
    return {
        "label": f"{ORGANISATION}:{branch}", "ref": branch, "sha": sha,
        "user": user(ORGANISATION), "repo": repository,
    }  # fmt: skip


def pull_details(pull: Pull, now: datetime) -> Json:
    """What one pull request alone says beyond the list."""
    is_merged = pull.is_merged(now)
    return {
        "merged": is_merged,
        "mergeable": None if pull.is_closed(now) else True,
        "rebaseable": None if pull.is_closed(now) else True,
        "mergeable_state": "unknown" if pull.is_closed(now) else "clean",
        "merged_by": user(pull.merged_by) if is_merged else None,
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(pull.commits_by(now)),
        "additions": 12,
        "deletions": 3,
        "changed_files": 2,
    }


def review(terms: Terms, pull: Pull, review: Review, now: datetime) -> Json:
    """A review as it stands: DISMISSED overwrites what it said before."""
    is_dismissed = review.dismissed_at is not None and review.dismissed_at <= now
    mine = f"{API}/repos/{terms.full_name}/pulls/{pull.number}"
    web = f"{WEB}/{terms.full_name}/pull/{pull.number}#pullrequestreview-{review.review_id}"
    return {
        "id": review.review_id,
        "node_id": node_id("PRR", review.review_id),
        "user": user(review.login),
        "body": "",
        "state": "DISMISSED" if is_dismissed else review.state,
        "html_url": web,
        "pull_request_url": mine,
        "author_association": "MEMBER",
        "_links": {"html": {"href": web}, "pull_request": {"href": mine}},
        "submitted_at": iso_s(review.submitted_at),
        "commit_id": review.revision,
    }


def activity(terms: Terms, place: int, update: RefUpdate) -> Json:
    """One movement of a ref, from the repository's activity feed."""
    identifier = 10_000_000_000 + terms.index * 1_000_000 + place
    return {
        "id": identifier,
        "node_id": node_id("PSH", identifier),
        "before": update.before,
        "after": update.after,
        "ref": f"refs/heads/{update.branch}",
        "timestamp": iso_s(update.at),
        "activity_type": update.kind,
        "actor": user(update.actor),
    }


def deployment(terms: Terms, deployment: Deployment, now: datetime) -> Json:
    """One deployment."""
    url = f"{API}/repos/{terms.full_name}"
    mine = f"{url}/deployments/{deployment.deployment_id}"
    changes = [moment for _, moment in deployment.statuses if moment <= now]
    return {
        "url": mine,
        "id": deployment.deployment_id,
        "node_id": node_id("DE", deployment.deployment_id),
        "task": "deploy",
        "original_environment": deployment.environment,
        "environment": deployment.environment,
        "description": None,
        "created_at": iso_s(deployment.created_at),
        "updated_at": iso_s(max([deployment.created_at, *changes])),
        "statuses_url": f"{mine}/statuses",
        "repository_url": url,
        "creator": user(deployment.creator),
        "sha": deployment.revision,
        "ref": MAIN,
        "payload": {},
        "transient_environment": False,
        "production_environment": deployment.environment == "production",
        "performed_via_github_app": None,
    }


def deployment_status(terms: Terms, deployment: Deployment, place: int) -> Json:
    """One status of a deployment."""
    url = f"{API}/repos/{terms.full_name}"
    mine = f"{url}/deployments/{deployment.deployment_id}"
    state, moment = deployment.statuses[place]
    identifier = deployment.deployment_id * 10 + place
    return {
        "url": f"{mine}/statuses/{identifier}",
        "id": identifier,
        "node_id": node_id("DES", identifier),
        "state": state,
        "creator": user(DEPLOYER),
        "description": "",
        "environment": deployment.environment,
        "target_url": "",
        "created_at": iso_s(moment),
        "updated_at": iso_s(moment),
        "deployment_url": mine,
        "repository_url": url,
        "environment_url": "",
        "log_url": "",
        "performed_via_github_app": None,
    }
