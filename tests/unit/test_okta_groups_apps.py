"""okta_groups and okta_apps: who is in which group, administers, and is assigned to what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import okta_tenant
from collector import Collector, collector, proofs
from http_source import Answer, Asked
from okta_tenant import ASSIGNEES, Tenant

ROLE, INVENTORY = "identities.role", "assets.inventory"
DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")
PROVEN = [("snapshot_count", "2026-01-06", "2026-01-07")]
UNPROVEN = [("not_provable", "2026-01-06", "2026-01-07")]


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with okta_tenant.tenant() as served:
        served.lists = {
            "/api/v1/groups": [
                {"id": "all", "type": "BUILT_IN", "profile": {"name": "Everyone"}},
                {"id": "g1", "type": "OKTA_GROUP", "profile": {"name": "Staff"}},
                {"id": "g2", "type": "OKTA_GROUP", "profile": {"name": "Empty"}},
            ],
            "/api/v1/groups/g1/users": [{"id": "u1"}, {"id": "u2"}, {"id": "u3"}],
            "/api/v1/groups/g1/roles": [{"id": "ra1", "type": "USER_ADMIN"}],
            ASSIGNEES: [{"id": "u1"}, {"id": "u2"}, {"id": "u3"}],
            "/api/v1/users/u1/roles": [{"id": "ra2", "type": "SUPER_ADMIN"}],
            "/api/v1/apps": [{"id": "0oa1"}, {"id": "0oa2"}, {"id": "0oa3"}],
            "/api/v1/apps/0oa1/users": [{"id": "u1"}, {"id": "u2"}, {"id": "u3"}],
            "/api/v1/apps/0oa2/users": [{"id": "u1"}],
            "/api/v1/apps/0oa3/groups": [{"id": "g1"}],
        }
        yield served


def connector(tenant: Tenant, folder: Path, kind: str) -> Collector:
    return collector(folder, tenant.source, kind, {})


def test_groups_members_and_roles_are_read(tenant: Tenant, tmp_path: Path) -> None:
    run = connector(tenant, tmp_path, "okta_groups")
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    asked = tenant.source.paths()
    assert "/api/v1/groups/all/users" not in asked  # everybody: the accounts themselves
    assert {p for p in asked if p.endswith("/roles")} == {
        *(f"/api/v1/groups/{name}/roles" for name in ("all", "g1", "g2")),
        *(f"/api/v1/users/u{number}/roles" for number in (1, 2, 3)),
    }
    assert proofs(result, ROLE) == PROVEN
    receipt = run.commit(result)
    assert {name: receipt.records[name] for name in ("group", "group_member")} == {
        "group": 3, "group_member": 3
    }  # fmt: skip
    assert (receipt.records["group_role"], receipt.records["user_role"]) == (1, 1)
    assert [proof.expected for proof in result.proofs] == [8]


@pytest.mark.parametrize(
    "path", ["/api/v1/groups", "/api/v1/groups/g1/users", ASSIGNEES, "/api/v1/users/u1/roles"]
)
def test_a_refused_list_of_rights_proves_nothing(tenant: Tenant, tmp_path: Path, path: str) -> None:
    tenant.refused = {path: 403}
    result = connector(tenant, tmp_path, "okta_groups").collect(*DAY, mode="snapshot")
    assert result.failure is None
    assert proofs(result, ROLE) == UNPROVEN


def test_a_foreign_next_link_in_the_body_is_not_followed(tenant: Tenant, tmp_path: Path) -> None:
    def reply(asked: Asked) -> Answer:
        if asked.path == ASSIGNEES:
            link = {"next": {"href": "https://evil.example/api"}}
            return Answer({"value": [{"id": "u1"}], "_links": link})
        return tenant.reply(asked)

    tenant.source.reply = reply
    result = connector(tenant, tmp_path, "okta_groups").collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert "evil.example" in result.failure.reason
    assert result.proofs == []


def test_a_list_of_administrators_in_another_form_is_a_failure(
    tenant: Tenant, tmp_path: Path
) -> None:
    def reply(asked: Asked) -> Answer:
        return Answer({"items": []}) if asked.path == ASSIGNEES else tenant.reply(asked)

    tenant.source.reply = reply
    result = connector(tenant, tmp_path, "okta_groups").collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert "`value`" in result.failure.reason


def test_applications_and_their_assignments_are_read(tenant: Tenant, tmp_path: Path) -> None:
    run = connector(tenant, tmp_path, "okta_apps")
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    assert proofs(result, INVENTORY) == proofs(result, ROLE) == PROVEN
    receipt = run.commit(result)
    assert receipt.records["application"] == 3
    assert receipt.records["application_user"] == 4
    assert receipt.duplicates.get("application_user") == 1  # u1 in two lists, told alike
    assert {proof.stream: proof.expected for proof in result.proofs} == {INVENTORY: 3, ROLE: 4}
    contexts = [
        line["context"] for line in run.kept(result, "requests")
        if line["shape"] == "application_groups"
    ]  # fmt: skip
    assert contexts == [{"application_id": f"0oa{number}"} for number in (1, 2, 3)]


def test_refused_assignments_leave_the_inventory_proven(tenant: Tenant, tmp_path: Path) -> None:
    tenant.refused = {"/api/v1/apps/0oa2/users": 403}
    result = connector(tenant, tmp_path, "okta_apps").collect(*DAY, mode="snapshot")
    assert proofs(result, INVENTORY) == PROVEN
    assert proofs(result, ROLE) == UNPROVEN


def test_a_refused_list_of_applications_proves_nothing(tenant: Tenant, tmp_path: Path) -> None:
    tenant.refused = {"/api/v1/apps": 403}
    result = connector(tenant, tmp_path, "okta_apps").collect(*DAY, mode="snapshot")
    assert proofs(result, INVENTORY) == proofs(result, ROLE) == UNPROVEN
