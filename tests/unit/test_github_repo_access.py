"""github_repo_access: every repository's effective rights, and what a refused list leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from github_host import Host, Repo
from http_source import Answer, serving

STREAM = "repo_access"
DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")
OF_A_DAY = ("2026-01-06", "2026-01-07")


@pytest.fixture
def host() -> Iterator[Host]:
    with serving() as source:
        host = Host(source, repos=[Repo("app", 1), Repo("web", 2)])
        host.lists = {
            "/repos/Acme/app/collaborators": [account(n) for n in (1, 2, 3)],
            "/repos/Acme/web/collaborators": [account(n) for n in (1, 2, 3)],
            "/repos/Acme/app/teams": [{"id": 5, "slug": "dev"}, {"id": 6, "slug": "ops"}],
            "/repos/Acme/web/teams": [{"id": 5, "slug": "dev"}],
            "/orgs/Acme/teams/dev/members": [account(n) for n in (1, 2)],
            "/orgs/Acme/teams/ops/members": [],
        }
        source.reply = host.reply
        yield host


def account(number: int) -> dict[str, Any]:
    return {"id": number, "login": f"user{number}", "permissions": {"push": True}}


def connector(host: Host, folder: Path) -> Collector:
    return collector(folder, host.source, "github_repo_access", {"organisation": "acme"})


def test_every_list_is_read_to_its_end_and_counted(host: Host, tmp_path: Path) -> None:
    run = connector(host, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    lines = run.kept(result, "requests")
    asked = [(line["shape"], line["context"], line["page"]) for line in lines]
    assert ("collaborators", {"repository": "Acme/web"}, 2) in asked
    assert ("team_members", {"team": "dev"}, 1) in asked
    assert [shape for shape, *_ in asked].count("team_members") == 2  # each team once
    affiliations = {a.query.get("affiliation") for a in host.source.asked if "collab" in a.path}
    assert affiliations == {"all"}
    assert proofs(result, STREAM) == [("snapshot_count", *OF_A_DAY)]
    receipt = run.commit(result)
    kept = sum(receipt.records[n] for n in ("collaborator", "repository_team", "team_member"))
    # both repositories have the same people, and one team: told apart by content
    assert result.proofs[0].expected == 3 + 2 + 2
    assert kept - sum(receipt.duplicates.values()) == result.proofs[0].expected


def test_a_refused_list_is_unread_and_said_so(host: Host, tmp_path: Path) -> None:
    host.faults["/repos/Acme/web/collaborators"] = Answer({"message": "Must have push access"}, 403)
    run = connector(host, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    unread = [line for line in run.kept(result, "requests") if line["shape"] == "unread"]
    assert [(line["status"], line["context"]) for line in unread] == [
        (403, {"repository": "Acme/web"})
    ]
    assert any("collaborators of Acme/web" in text for text in result.warnings)
    assert proofs(result, STREAM) == [("snapshot_count", *OF_A_DAY)]


def test_rights_that_nobody_may_read_prove_nothing(host: Host, tmp_path: Path) -> None:
    for name in ("app", "web"):
        host.faults[f"/repos/Acme/{name}/collaborators"] = Answer({"message": "no"}, 404)
    result = connector(host, tmp_path).collect(*DAY, mode="snapshot")
    assert proofs(result, STREAM) == [("not_provable", *OF_A_DAY)]
    assert "could be read" in (result.proofs[0].reason or "")


def test_a_repository_that_is_gone_takes_no_day_of_a_snapshot(host: Host, tmp_path: Path) -> None:
    run = connector(host, tmp_path)
    run.commit(run.collect(*DAY, mode="snapshot"))
    del host.repos[1]
    result = run.collect("2026-01-07", "2026-01-08", "2026-01-07T02:00:00Z", "snapshot")
    assert proofs(result, STREAM) == [("snapshot_count", "2026-01-07", "2026-01-08")]
    assert result.warnings == []


def test_a_snapshot_over_midnight_shows_no_day(host: Host, tmp_path: Path) -> None:
    result = connector(host, tmp_path).collect(
        "2026-01-06", "2026-01-07", "2026-01-06T23:59:59Z", "snapshot", "2026-01-07T00:00:05Z"
    )
    assert proofs(result, STREAM) == [("not_provable", *OF_A_DAY)]
