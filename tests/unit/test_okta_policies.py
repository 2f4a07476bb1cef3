"""okta_policies: every type with its rules, the groups that they name, and each application's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import okta_tenant
from collector import Collector, collector, proofs
from okta_tenant import Tenant

POLICY = "access_policies"
DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with okta_tenant.tenant() as served:
        yield served


@pytest.fixture
def run(tenant: Tenant, tmp_path: Path) -> Collector:
    return collector(tmp_path, tenant.source, "okta_policies", {})


def policy(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "status": "ACTIVE", "priority": 1, **more}


def for_groups(*include: str, exclude: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"people": {"groups": {"include": list(include), "exclude": list(exclude)}}}


def group(name: str, kind: str = "OKTA_GROUP", title: str = "Some") -> dict[str, Any]:
    return {"id": name, "type": kind, "profile": {"name": title}}


def fill(tenant: Tenant) -> None:
    """Three session policies (more than a page), one of an application; four groups named."""
    tenant.policies = {
        "OKTA_SIGN_ON": [
            policy("p1", conditions=for_groups("g1")),
            policy("p2", conditions=for_groups("all")),
            policy("p3", conditions=None),
        ],
        "ACCESS_POLICY": [policy("a1", conditions=None)],
    }
    tenant.lists = {
        "/api/v1/policies/p1/rules": [policy("r1"), policy("r2"), policy("r3")],
        "/api/v1/policies/p2/rules": [policy("r4", conditions=for_groups("g2", exclude=("g1",)))],
        "/api/v1/policies/a1/rules": [
            policy("r5", conditions={"people": None}),
            policy("r6", conditions={"people": {"groups": {"include": 7, "exclude": "g9"}}}),
        ],
        "/api/v1/groups/g1/users": [{"id": "u1"}, {"id": "u2"}, {"id": "u3"}],
        "/api/v1/groups/g2/users": [{"id": "u1"}],
        "/api/v1/apps": [{"id": "0oa1", "name": "okta_enduser"}],
    }
    tenant.documents = {
        "/api/v1/groups/g1": group("g1"),
        "/api/v1/groups/g2": group("g2"),
        "/api/v1/groups/all": group("all", "BUILT_IN", "Everyone"),
    }


def test_policies_rules_and_the_members_of_named_groups_are_read(
    tenant: Tenant, run: Collector
) -> None:
    fill(tenant)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    rules = [item["id"] for page in run.kept(result, "policy_rules") for item in page]
    assert sorted(rules) == ["r1", "r2", "r3", "r4", "r5", "r6"]
    asked = {a.query["type"] for a in tenant.source.asked if a.path == "/api/v1/policies"}
    assert asked == {"OKTA_SIGN_ON", "ACCESS_POLICY", "MFA_ENROLL", "PASSWORD"}
    lists = [path for path in tenant.source.paths() if path.endswith("/users")]
    assert sorted(set(lists)) == ["/api/v1/groups/g1/users", "/api/v1/groups/g2/users"]
    assert proofs(result, POLICY) == [("snapshot_count", "2026-01-06", "2026-01-07")]
    contexts = {
        (line["shape"], *line["context"].values())
        for line in run.kept(result, "requests") if line["shape"] == "group_members"
    }  # fmt: skip
    assert contexts == {("group_members", "g1"), ("group_members", "g2")}


def test_counts_agree_with_bronze(tenant: Tenant, run: Collector) -> None:
    """An account in two groups is one record told twice: counted once on both sides."""
    fill(tenant)
    result = run.collect(*DAY, mode="snapshot")
    receipt = run.commit(result)
    assert receipt.records == {
        "policy": 4, "policy_rule": 6, "application": 1, "group": 3, "group_member": 4,
        "organisation": 1, "request": receipt.records["request"],
    }  # fmt: skip
    assert receipt.duplicates.get("group_member") == 1
    assert [proof.expected for proof in result.proofs] == [17]


def test_classic_engine_has_no_policies_of_applications(tenant: Tenant, run: Collector) -> None:
    fill(tenant)
    tenant.pipeline = "v1"
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    asked = {a.query["type"] for a in tenant.source.asked if a.path == "/api/v1/policies"}
    assert asked == {"OKTA_SIGN_ON", "MFA_ENROLL", "PASSWORD"}
    assert "/api/v1/apps" not in tenant.source.paths()
    assert proofs(result, POLICY)[0][0] == "snapshot_count"


@pytest.mark.parametrize("path", ["/api/v1/policies/p1/rules", "/api/v1/policies", "/api/v1/apps"])
@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_list_proves_nothing(
    tenant: Tenant, run: Collector, path: str, status: int
) -> None:
    fill(tenant)
    tenant.refused = {path: status}
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    assert proofs(result, POLICY) == [("not_provable", "2026-01-06", "2026-01-07")]
    assert any("permissions" in text for text in result.warnings)


def test_a_group_that_cannot_be_read_is_said_and_leaves_the_rest_proven(
    tenant: Tenant, run: Collector
) -> None:
    fill(tenant)
    tenant.refused = {"/api/v1/groups/g1": 404, "/api/v1/groups/g2/users": 403}
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, POLICY)[0][0] == "snapshot_count"
    assert any(text.startswith("2 groups") for text in result.warnings)
    unread = [line for line in run.kept(result, "requests") if line["shape"] == "unread"]
    assert [line["context"] for line in unread] == [{"group_id": "g1"}, {"group_id": "g2"}]


def test_a_tenant_without_any_policy_is_not_believed(tenant: Tenant, run: Collector) -> None:
    fill(tenant)
    del tenant.policies["OKTA_SIGN_ON"]
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, POLICY) == [("not_provable", "2026-01-06", "2026-01-07")]


def test_no_personal_data_reaches_the_receipt(tenant: Tenant, run: Collector) -> None:
    fill(tenant)
    result = run.collect(*DAY, mode="snapshot")
    assert {request.template for request in result.requests} == {
        "/.well-known/okta-organization", "/api/v1/policies", "/api/v1/policies/{policyId}/rules",
        "/api/v1/apps", "/api/v1/groups/{groupId}", "/api/v1/groups/{groupId}/users",
    }  # fmt: skip
