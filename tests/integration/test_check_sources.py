"""`muniment sources --check`: what would be missing is said before the first run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from command_line import command
from company import Company

DAY = date(2026, 1, 20)
NOW = "2026-01-20T02:00Z"


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with Company(tmp_path) as made:
        made.run(DAY)
        yield made


def checked(company: Company) -> tuple[int, dict[str, dict[str, Any]]]:
    done = command(company.config, "sources", "--check", "--now", NOW, "--format", "json")
    return done.exit_code, {item["source_id"]: item for item in json.loads(done.stdout)}


def test_a_company_that_answers_in_full(company: Company) -> None:
    code, found = checked(company)
    assert code == 0
    assert {item["is_reachable"] for item in found.values()} == {True}
    assert found["okta"]["retention_days"] == 90
    assert found["trivy"]["seen"].startswith(
        f"{sum(1 for file in (company.folder / 'drop/trivy').rglob('*.json'))} files"
    )
    assert not (company.folder / ".muniment" / "locker").exists(), "a check keeps nothing"


def test_a_list_that_is_refused_is_named(company: Company) -> None:
    company.sandbox.fault(kind="status", status=403, path="^/okta/api/v1/users/.*/factors")
    code, found = checked(company)
    assert code == 1
    assert found["okta_users"]["is_reachable"]
    assert found["okta_users"]["refused"] == ["403 GET /api/v1/users/{userId}/factors"]


def test_a_credential_that_is_not_accepted(company: Company) -> None:
    company.sandbox.fault(kind="status", status=401, path="^/github/")
    code, found = checked(company)
    assert code == 3
    assert not found["github_pulls"]["is_reachable"]
    assert "HTTP 401" in found["github_pulls"]["failure"]
    assert found["okta"]["is_reachable"]


def test_a_folder_that_is_not_there(company: Company) -> None:
    (company.folder / "drop" / "trivy").rename(company.folder / "elsewhere")
    code, found = checked(company)
    assert code == 3
    assert "is not there" in found["trivy"]["failure"]
