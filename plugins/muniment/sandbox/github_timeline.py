"""The timeline of a pull request (GET /issues/{n}/timeline), dismissals of reviews included."""

from __future__ import annotations

from datetime import datetime

from muniment.sandbox import github_change_shapes as shapes
from muniment.sandbox.answers import Json
from muniment.sandbox.commits import Pull, Review
from muniment.sandbox.github_shapes import API, node_id, user
from muniment.sandbox.repositories import Terms
from muniment.sandbox.times import iso_s


def timeline(terms: Terms, pull: Pull, now: datetime) -> list[Json]:
    """Everything that had happened to the pull request by then, in order of time."""
    found: list[tuple[datetime, Json]] = []
    for pushed_at, commit in pull.commits:
        shape = shapes.commit(terms.full_name, commit)
        inner = {name: shape["commit"][name] for name in ("author", "committer", "message", "tree",
                                                          "verification")}  # fmt: skip
        outer = {name: shape[name] for name in ("sha", "node_id", "html_url", "parents")}
        found.append((pushed_at, {**outer, "url": shape["commit"]["url"], **inner,
                                  "event": "committed"}))  # fmt: skip
    for review in pull.reviews:
        shape = shapes.review(terms, pull, review, now)
        state = {"state": shape["state"].lower(), "event": "reviewed"}
        found.append((review.submitted_at, {**shape, **state}))
        if review.dismissed_at is not None:
            found.append((review.dismissed_at, _dismissal(terms, pull, review)))
    if pull.merged_at is not None:
        found.append((pull.merged_at, _event(terms, pull, "merged", pull.merged_by, pull.merged_at,
                                             pull.merge_sha)))  # fmt: skip
    if pull.closed_at is not None:
        actor = pull.merged_by or pull.opener
        found.append((pull.closed_at, _event(terms, pull, "closed", actor, pull.closed_at)))
    happened = [(moment, event) for moment, event in found if moment <= now]
    return [event for _, event in sorted(happened, key=lambda pair: pair[0])]


def _event(
    terms: Terms, pull: Pull, event: str, actor: str, moment: datetime, revision: str | None = None
) -> Json:
    url = f"{API}/repos/{terms.full_name}"
    kinds = ("merged", "closed", "review_dismissed")
    identifier = shapes.pull_id(terms, pull.number) * 10 + kinds.index(event)
    return {
        "id": identifier,
        "node_id": node_id("EV", identifier),
        "url": f"{url}/issues/events/{identifier}",
        "actor": user(actor),
        "event": event,
        "commit_id": revision,
        "commit_url": f"{url}/commits/{revision}" if revision else None,
        "created_at": iso_s(moment),
        "performed_via_github_app": None,
    }


def _dismissal(terms: Terms, pull: Pull, review: Review) -> Json:
    assert review.dismissed_at is not None  # asked for dismissed reviews alone
    event = _event(terms, pull, "review_dismissed", review.dismissed_by, review.dismissed_at)
    event["dismissed_review"] = {
        "state": review.state.lower(),
        "review_id": review.review_id,
        "dismissal_message": "The change has moved on",
    }
    return event
