"""Every answer of the simulated company validates against the vendors' own response schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator, FormatChecker

from muniment.sandbox.server import Sandbox, serve

CLOCK = datetime(2026, 2, 6, 14, 30, tzinfo=UTC)  # in mid-day: open pull requests, running deploys
REPOSITORY = "/repos/harbourline/data-warehouse"
ANSWERS = [
    ("okta", "system_log", "/api/v1/logs?since=2026-01-01T00:00:00Z&limit=1000"),
    ("okta", "users", "/api/v1/users"),
    ("okta", "users", '/api/v1/users?filter=status eq "DEPROVISIONED"'),
    ("okta", "user_factors", "/api/v1/users/{account}/factors"),
    ("okta", "user_roles", "/api/v1/users/{administrator}/roles"),
    ("okta", "policies", "/api/v1/policies?type={policy_type}"),
    ("okta", "groups", "/api/v1/groups"),
    ("okta", "group_users", "/api/v1/groups/{group}/users"),
    ("okta", "apps", "/api/v1/apps"),
    ("okta", "app_users", "/api/v1/apps/{application}/users"),
    ("github", "org_repos", "/orgs/harbourline/repos?per_page=100"),
    ("github", "pulls_list", REPOSITORY + "/pulls?state=all&per_page=100"),
    ("github", "pulls_get", REPOSITORY + "/pulls/{pull}"),
    ("github", "pull_reviews", REPOSITORY + "/pulls/{pull}/reviews"),
    ("github", "pull_commits", REPOSITORY + "/pulls/{pull}/commits"),
    ("github", "commits_list", REPOSITORY + "/commits?sha=main&per_page=100"),
    ("github", "deployments", REPOSITORY + "/deployments?per_page=100"),
    ("github", "deployment_statuses", REPOSITORY + "/deployments/{deployment}/statuses"),
    ("github", "rate_limit", "/rate_limit"),
    ("github", "org_members", "/orgs/harbourline/members?per_page=100"),
    ("github", "org_members", "/orgs/harbourline/members?role=admin"),
    ("github", "org_outside_collaborators", "/orgs/harbourline/outside_collaborators"),
    ("github", "org_teams", REPOSITORY + "/teams"),
    ("github", "branch_protection", REPOSITORY + "/branches/main/protection"),
    ("github", "rules_for_branch", "/repos/harbourline/platform-infra/rules/branches/main"),
    (
        "github",
        "repo_rule_suites",
        "/repos/harbourline/platform-infra/rulesets/rule-suites?time_period=month",
    ),
    ("github", "codeowners_errors", "/repos/harbourline/benefits-batch/codeowners/errors"),
    (
        "github",
        "org_audit_log",
        "/orgs/harbourline/audit-log?include=all&per_page=100"
        "&phrase=created:2026-01-05T00:00:00Z..2026-02-06T00:00:00Z",
    ),
]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with serve(7, tmp_path_factory.mktemp("home"), clock=CLOCK) as running:
        yield running


def get(sandbox: Sandbox, vendor: str, path: str) -> Any:
    scheme = "SSWS" if vendor == "okta" else "Bearer"
    headers = {"Authorization": f"{scheme} {sandbox.token(vendor)}"}
    response = requests.get(f"{sandbox.url}/{vendor}{path}", headers=headers, timeout=10)
    assert response.status_code == 200, response.text
    return response.json()


def schema(shared: Path, vendor: str, name: str) -> Draft202012Validator:
    operation = json.loads((shared / "openapi" / vendor / f"{name}.json").read_text())
    answer = operation["responses"]["200"]["schema"]
    if name == "user_roles":  # Okta tells the two kinds apart by a discriminator; both fit a role
        answer["items"]["anyOf"] = answer["items"].pop("oneOf")
    return Draft202012Validator(answer, format_checker=FormatChecker())


def paths(sandbox: Sandbox, path: str) -> list[str]:
    """The path, once for every thing of its kind that the company has."""
    if "{account}" in path:
        return [path.format(account=u["id"]) for u in get(sandbox, "okta", "/api/v1/users")]
    if "{administrator}" in path:
        users = get(sandbox, "okta", "/api/v1/users")
        admin = next(u["id"] for u in users if u["profile"]["title"] == "IT administrator")
        return [path.format(administrator=admin)]
    if "{policy_type}" in path:
        types = ("OKTA_SIGN_ON", "ACCESS_POLICY", "MFA_ENROLL", "PASSWORD")
        return [path.format(policy_type=one) for one in types]
    for name, listed in (("group", "/api/v1/groups"), ("application", "/api/v1/apps")):
        if f"{{{name}}}" in path:
            return [path.format(**{name: item["id"]}) for item in get(sandbox, "okta", listed)]
    if "{pull}" in path:
        pulls = get(sandbox, "github", REPOSITORY + "/pulls?state=all&per_page=100")
        return [path.format(pull=pull["number"]) for pull in pulls]
    if "{deployment}" in path:
        found = get(sandbox, "github", REPOSITORY + "/deployments?per_page=100")
        return [path.format(deployment=item["id"]) for item in found]
    return [path]


@pytest.mark.parametrize(("vendor", "name", "path"), ANSWERS, ids=lambda value: str(value))
def test_answers_validate(
    sandbox: Sandbox, shared: Path, vendor: str, name: str, path: str
) -> None:
    validator = schema(shared, vendor, name)
    asked = paths(sandbox, path)
    answers = [get(sandbox, vendor, one) for one in asked]
    assert any(answers), "nothing but empty answers proves nothing"
    for one, answer in zip(asked, answers, strict=True):
        problems = [f"{e.json_path}: {e.message[:200]}" for e in validator.iter_errors(answer)]
        assert not problems, (one, problems[:5])
