"""github_branch_protection: what is protected, what is not, and what nobody may know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from github_host import Host, Repo
from http_source import Answer, serving

STREAM = "assets.setting"
DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")
OF_A_DAY = ("2026-01-06", "2026-01-07")
NOT_PROTECTED = Answer({"message": "Branch not protected", "status": "404"}, 404)
REFUSED = Answer({"message": "Resource not accessible by personal access token"}, 403)


@pytest.fixture
def host() -> Iterator[Host]:
    with serving() as source:
        host = Host(source, repos=[Repo("app", 1), Repo("web", 2), Repo("lab", 3)])
        for name in ("app", "web", "lab"):
            root = f"/repos/Acme/{name}"
            host.lists[f"{root}/rules/branches/main"] = []
            host.lists[f"{root}/rulesets/rule-suites"] = []
            host.faults[f"{root}/codeowners/errors"] = Answer({"errors": []})
            host.faults[f"{root}/branches/main/protection"] = NOT_PROTECTED
        host.faults["/repos/Acme/app/branches/main/protection"] = Answer(
            {"url": "app", "enforce_admins": {"enabled": True}}
        )
        host.lists["/repos/Acme/web/rules/branches/main"] = [
            {"type": name, "ruleset_id": 1} for name in ("pull_request", "deletion", "update")
        ]
        host.lists["/repos/Acme/web/rulesets/rule-suites"] = [
            {"id": 9, "result": "bypass", "pushed_at": "2026-01-05T10:00:00Z"}
        ]
        source.reply = host.reply
        yield host


def connector(host: Host, folder: Path) -> Collector:
    return collector(folder, host.source, "github_branch_protection", {"organisation": "acme"})


def shapes(run: Collector, result: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in run.kept(result, "requests"):
        if "subject" in line["context"] and line["page"] == 1:
            found.setdefault(line["shape"], []).append(line["context"]["subject"])
    return found


def test_unprotected_is_an_answer_and_counts(host: Host, tmp_path: Path) -> None:
    run = connector(host, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    found = shapes(run, result)
    assert found["protection"] == ["Acme/app:main"]
    assert found["unprotected"] == ["Acme/web:main", "Acme/lab:main"]
    assert "unread" not in found
    assert proofs(result, STREAM) == [("snapshot_count", *OF_A_DAY)]
    receipt = run.commit(result)
    fed = ("protection", "unprotected", "rule", "codeowners")
    kept = sum(receipt.records[n] - receipt.duplicates.get(n, 0) for n in fed)
    assert result.proofs[0].expected == kept == 1 + 1 + 3 + 1
    assert receipt.records["rule_suite"] == 1
    asked = [a.query for a in host.source.asked if a.path.endswith("rule-suites")]
    assert asked[0]["rule_suite_result"] == "bypass"
    assert asked[0]["time_period"] == "week"


@pytest.mark.parametrize("answer", [REFUSED, Answer({"message": "Not Found"}, 404)])
def test_refused_is_no_answer(host: Host, tmp_path: Path, answer: Answer) -> None:
    host.faults["/repos/Acme/lab/branches/main/protection"] = answer
    run = connector(host, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert shapes(run, result)["unread"] == ["Acme/lab:main"]
    assert any("protection of Acme/lab:main" in text for text in result.warnings)
    assert proofs(result, STREAM) == [("snapshot_count", *OF_A_DAY)]


def test_settings_that_nobody_may_read_prove_nothing(host: Host, tmp_path: Path) -> None:
    for name in ("app", "web", "lab"):
        host.faults[f"/repos/Acme/{name}/branches/main/protection"] = REFUSED
    result = connector(host, tmp_path).collect(*DAY, mode="snapshot")
    assert proofs(result, STREAM) == [("not_provable", *OF_A_DAY)]


def test_no_codeowners_file_is_no_error(host: Host, tmp_path: Path) -> None:
    host.faults["/repos/Acme/lab/codeowners/errors"] = Answer({"message": "Not Found"}, 404)
    run = connector(host, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert shapes(run, result)["unread"] == ["Acme/lab"]
    assert result.warnings == []
