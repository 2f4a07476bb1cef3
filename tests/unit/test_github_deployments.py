"""github_deployments: every environment, and statuses that come long after the deployment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from github_host import Host, Repo
from http_source import Answer, serving

STREAM = "change_events.deployment"
WINDOW = ("2026-01-20", "2026-01-21", "2026-01-21T02:00:00Z")


@pytest.fixture
def host() -> Iterator[Host]:
    with serving() as source:
        host = Host(source)
        source.reply = host.reply
        yield host


def connector(host: Host, folder: Path, **options: Any) -> Collector:
    return collector(folder, host.source, "github_deployments", {"organisation": "acme", **options})


def deployment(number: int, day: str, environment: str = "production") -> dict[str, Any]:
    return {"id": number, "environment": environment, "created_at": f"{day}T12:00:00Z"}


def a_repository() -> Repo:
    return Repo(
        "app", 1,
        deployments=[deployment(6, "2026-01-21"), deployment(5, "2026-01-20", "staging"),
                     deployment(4, "2026-01-20"), deployment(3, "2026-01-06"),
                     deployment(2, "2026-01-05"), deployment(1, "2025-12-01")],
        statuses={"4": [{"id": n, "state": "success"} for n in (42, 41, 40)],
                  "3": [{"id": 30, "state": "success"}]},
    )  # fmt: skip


def test_statuses_are_read_of_the_window_and_of_what_came_before(
    host: Host, tmp_path: Path
) -> None:
    host.repos = [a_repository()]
    run = connector(host, tmp_path)
    result = run.collect(*WINDOW)
    assert result.failure is None
    lines = [line for line in run.kept(result, "requests") if line["shape"] == "statuses"]
    asked = [line["context"]["deployment_id"] for line in lines]
    # 14 days before is 6 January; #6 came after the window; #4 has two pages of statuses
    assert asked == ["5", "4", "4", "3"]
    assert all(line["context"]["repository"] == "Acme/app" for line in lines)
    statuses = [item["id"] for page in run.kept(result, "statuses") for item in page]
    assert statuses == [42, 41, 40, 30]
    assert proofs(result, STREAM) == [("cursor_exhausted", "2026-01-20", "2026-01-21")]


def test_reading_stops_at_the_lookback(host: Host, tmp_path: Path) -> None:
    host.repos = [a_repository()]
    run = connector(host, tmp_path, lookback_days=0)
    result = run.collect(*WINDOW)
    listed = [item["id"] for page in run.kept(result, "deployments") for item in page]
    assert listed == [6, 5, 4, 3]  # pages of two; the one that crosses the window's start is last


def test_a_failing_status_list_fails_the_window_and_names_the_repository(
    host: Host, tmp_path: Path
) -> None:
    host.repos = [a_repository(), Repo("other", 2)]
    host.faults = {"/repos/Acme/app/deployments/4/statuses": Answer({"message": "no"}, 403)}
    run = connector(host, tmp_path)
    result = run.collect(*WINDOW)
    assert result.failure is not None
    assert "Acme/app" in result.failure.reason
    assert result.proofs == []
    assert "/repos/Acme/other/deployments" in host.source.paths()


def test_an_organisation_without_deployments_is_proven_empty(host: Host, tmp_path: Path) -> None:
    host.repos = [Repo("app", 1)]
    result = connector(host, tmp_path).collect(*WINDOW)
    assert result.failure is None
    assert proofs(result, STREAM) == [("cursor_exhausted", "2026-01-20", "2026-01-21")]
