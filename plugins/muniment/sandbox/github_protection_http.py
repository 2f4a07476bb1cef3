"""The questions about the protection of branches: classic, rules, bypasses, CODEOWNERS."""

from __future__ import annotations

from datetime import timedelta

from muniment.sandbox import github_shapes as shapes
from muniment.sandbox.answers import Answer, Json, Question, document, text_of
from muniment.sandbox.commits import RefUpdate
from muniment.sandbox.github_errors import error, not_found
from muniment.sandbox.paging import TIMES, numbered
from muniment.sandbox.people import ORGANISATION
from muniment.sandbox.repositories import MAIN, Repository
from muniment.sandbox.times import iso_s
from muniment.sandbox.world import World

#: protected by the organisation's ruleset alone
RULED = "platform-infra"
#: its protection forgets for a day to dismiss stale approvals
WEAKENED = "data-warehouse"
#: its CODEOWNERS names somebody who is not there
MISTAKEN = "benefits-batch"
RULESET = {
    "ruleset_source_type": "Organization", "ruleset_source": ORGANISATION, "ruleset_id": 501,
}  # fmt: skip


class Protection:
    """Answers how one repository's branch is protected; a repository not there comes as None."""

    def __init__(self, world: World) -> None:
        """`world` is the company that is asked about."""
        self.world = world

    def protection(self, question: Question, repository: Repository | None, branch: str) -> Answer:
        """GET …/branches/{branch}/protection."""
        if repository is None or branch != MAIN:
            return error(404, "Branch not found")
        if self.world.github_access.is_hidden("github_branch_protection", question.now):
            return error(403, "Resource not accessible by personal access token")
        if repository.name == RULED or not repository.terms.is_in_scope:
            return error(404, "Branch not protected")
        url = f"{shapes.API}/repos/{repository.terms.full_name}/branches/{branch}/protection"
        is_weak = repository.name == WEAKENED and question.now.date() in self.world.plan.github_weak
        return document(_classic(url, is_weak))

    def rules(self, question: Question, repository: Repository | None, branch: str) -> Answer:
        """GET …/rules/branches/{branch}: what is in effect, of whatever ruleset."""
        if repository is None:
            return not_found()
        found = _rules() if repository.name == RULED and branch == MAIN else []
        path = f"/repositories/{repository.terms.repository_id}/rules/branches/{branch}"
        return numbered(question, found, text_of, path)

    def rule_suites(self, question: Question, repository: Repository | None) -> Answer:
        """GET …/rulesets/rule-suites (time_period, rule_suite_result)."""
        if repository is None:
            return not_found()
        query, now = question.query, question.now
        reach = timedelta(days=TIMES[query.get("time_period", "day")])
        found = [
            pair
            for pair in enumerate(repository.updates_of_main)
            if repository.name == RULED
            and now - reach <= pair[1].at <= now
            and query.get("rule_suite_result", "all") in ("all", _result(pair[1]))
        ]
        path = f"/repositories/{repository.terms.repository_id}/rulesets/rule-suites"
        return numbered(question, found, lambda pair: text_of(_suite(repository, *pair)), path)

    def codeowners(self, question: Question, repository: Repository | None) -> Answer:
        """GET …/codeowners/errors."""
        if repository is None or not repository.terms.is_in_scope:
            return not_found()
        mistake = {
            "line": 3, "column": 15, "kind": "Unknown owner", "source": "/batch/ @batch-team",
            "suggestion": None, "message": "Unknown owner on line 3", "path": ".github/CODEOWNERS",
        }  # fmt: skip
        return document({"errors": [mistake] if repository.name == MISTAKEN else []})


def _classic(url: str, is_weak: bool) -> Json:
    return {
        "url": url,
        "required_status_checks": {
            "url": f"{url}/required_status_checks", "strict": True, "contexts": ["build"],
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [{"context": "build", "app_id": None}],
        },
        "required_pull_request_reviews": {
            "url": f"{url}/required_pull_request_reviews", "dismiss_stale_reviews": not is_weak,
            "require_code_owner_reviews": False, "required_approving_review_count": 1,
            "require_last_push_approval": False,
        },
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": False},
        "required_linear_history": {"enabled": False},
        "allow_force_pushes": {"enabled": False},
        "allow_deletions": {"enabled": False},
        "required_conversation_resolution": {"enabled": True},
    }  # fmt: skip


def _rules() -> list[Json]:
    reviews = {
        "dismiss_stale_reviews_on_push": True, "require_code_owner_review": False,
        "require_last_push_approval": True, "required_approving_review_count": 1,
        "required_review_thread_resolution": True,
    }  # fmt: skip
    return [
        {"type": "pull_request", "parameters": reviews, **RULESET},
        {"type": "non_fast_forward", **RULESET},
        {"type": "deletion", **RULESET},
    ]


def _result(update: RefUpdate) -> str:
    return "bypass" if update.kind in ("push", "force_push") else "pass"


def _suite(repository: Repository, place: int, update: RefUpdate) -> Json:
    return {
        "id": 21_000_000 + repository.terms.index * 100_000 + place,
        "actor_id": shapes.user(update.actor)["id"],
        "actor_name": update.actor,
        "before_sha": update.before,
        "after_sha": update.after,
        "ref": f"refs/heads/{MAIN}",
        "repository_id": repository.terms.repository_id,
        "repository_name": repository.name,
        "pushed_at": iso_s(update.at),
        "result": _result(update),
        "evaluation_result": _result(update),
    }
