"""Recorded groups, applications and members, replayed over HTTP; every record accounted for.

Expected counts come from `PROVENANCE.csv` and from the recordings by plain `json`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import collector, proofs
from http_source import Answer, Asked, HttpSource, serving
from staged import staged

DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")
PROVEN = [("snapshot_count", "2026-01-06", "2026-01-07")]


@pytest.fixture
def server() -> Iterator[HttpSource]:
    with serving() as source:
        yield source


def recorded(shared: Path, name: str) -> list[Any]:
    """Bodies of the lists that one recording holds, in order."""
    file = shared / "samples" / "okta_rest_http" / f"{name}.exchanges.ndjson"
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [
        line["response"]["body"] for line in lines
        if line["request"]["method"] == "GET" and isinstance(line["response"]["body"], list)
    ]  # fmt: skip


def test_recorded_groups_members_and_roles_pass_through_the_connector(
    shared: Path, server: HttpSource, tmp_path: Path
) -> None:
    (groups,) = recorded(shared, "TestGroupsResource.test_list_groups")
    members, _ = recorded(shared, "TestGroupsResource.test_group_users_operations")
    roles, _ = recorded(shared, "TestUsersResource.test_assign_user_to_role")
    everyone = [group["id"] for group in groups if group["type"] == "BUILT_IN"]
    assert (len(groups), len(members), len(roles), len(everyone)) == (3, 1, 1, 1)
    answers = {
        "/.well-known/okta-organization": {"id": "00oTest", "pipeline": "v1"},
        "/api/v1/groups": groups,
        "/api/v1/iam/assignees/users": {"value": [{"id": "00u1"}], "_links": {}},
        "/api/v1/users/00u1/roles": roles,
    }

    def reply(asked: Asked) -> Answer:
        others = members if asked.path.endswith("/users") else []
        return Answer(answers.get(asked.path, others))

    server.reply = reply
    run = collector(tmp_path, server, "okta_groups", {})
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, "identities.role") == PROVEN
    assert not [path for path in server.paths() if path == f"/api/v1/groups/{everyone[0]}/users"]
    assert run.commit(result).quarantined == {}
    found = staged(run.settings, "2026-01-06")
    # the two other groups were answered with the same list: one object
    assert {name: found[name] for name in ("group", "group_member", "user_role")} == {
        "group": (3, 3, 0), "group_member": (1, 1, 0), "user_role": (1, 1, 0),
    }  # fmt: skip


def test_a_recorded_application_passes_through_the_connector(
    shared: Path, server: HttpSource, tmp_path: Path
) -> None:
    name = "TestApplicationsResource.test_get_list_assign_users_app"
    (users,) = recorded(shared, name)
    file = shared / "samples" / "okta_rest_http" / f"{name}.exchanges.ndjson"
    created = json.loads(file.read_text("utf-8").splitlines()[0])["response"]["body"]
    answers = {
        "/.well-known/okta-organization": {"id": "00oTest", "pipeline": "v1"},
        "/api/v1/apps": [created],
        f"/api/v1/apps/{created['id']}/users": users,
    }
    server.reply = lambda asked: Answer(answers.get(asked.path, []))
    run = collector(tmp_path, server, "okta_apps", {})
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, "assets.inventory") == proofs(result, "identities.role") == PROVEN
    assert run.commit(result).quarantined == {}
    found = staged(run.settings, "2026-01-06")
    assert (found["application"], found["application_user"]) == ((1, 1, 0), (2, 2, 0))


def test_recorded_gitlab_members_pass_through_the_connector(
    shared: Path, server: HttpSource, tmp_path: Path
) -> None:
    """Two of the three share a number: both are kept, since they differ."""
    name = "gitlab4j_members.json"
    members = json.loads((shared / "samples" / "gitlab_rest" / name).read_text("utf-8"))
    with (shared / "samples" / "PROVENANCE.csv").open(newline="", encoding="utf-8") as handle:
        rows = {row["file"]: int(row["records"]) for row in csv.DictReader(handle)}
    promised = rows[f"gitlab_rest/{name}"]
    group = {"id": 4, "full_path": "org", "web_url": "https://gitlab.example.com/groups/org"}
    answers = {
        "/api/v4/groups/org": group,
        "/api/v4/groups/org/projects": [{"id": 7, "path_with_namespace": "org/a"}],
        "/api/v4/groups/4/members/all": members,
        "/api/v4/projects/7/members/all": members,
    }
    server.reply = lambda asked: Answer(answers.get(asked.path, []))
    run = collector(tmp_path, server, "gitlab_members", {"groups": ["org"]})
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, "repo_access") == PROVEN
    receipt = run.commit(result)
    assert receipt.quarantined == {}
    assert len(members) == promised == 3
    assert receipt.records["group_member"] == receipt.records["project_member"] == promised
    found = staged(run.settings, "2026-01-06")
    assert found["group_member"] == found["project_member"] == (promised, promised, 0)
