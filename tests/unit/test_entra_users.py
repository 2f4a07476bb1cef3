"""entra_users: everybody counted, what they registered, and who holds which role by which way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from http_source import Answer, HttpSource, serving
from microsoft_host import Microsoft
from muniment.collection import Collection

ACCOUNT, FACTOR, ROLE = "identities.account", "identities.factor", "identities.role"
USERS, DELETED = "/v1.0/users", "/v1.0/directory/deletedItems/microsoft.graph.user"
REGISTRATIONS = "/v1.0/reports/authenticationMethods/userRegistrationDetails"
ROLES = "/v1.0/directoryRoles"
DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")


@pytest.fixture
def graph() -> Iterator[Microsoft]:
    with serving() as source:
        graph = Microsoft(source)
        source.reply = graph.reply
        graph.lists = {
            USERS: [{"id": f"u{n}", "accountEnabled": n != 3} for n in range(1, 6)],
            DELETED: [{"id": "u9", "deletedDateTime": "2026-01-03T00:00:00Z"}],
            REGISTRATIONS: [
                {"id": f"u{n}", "isMfaRegistered": True, "methodsRegistered": ["fido2"]}
                for n in (1, 2, 4, 5)
            ],
            ROLES: [{"id": "r1", "displayName": "Global Administrator", "roleTemplateId": "t1"}],
            f"{ROLES}/r1/members": [
                {"@odata.type": "#microsoft.graph.user", "id": "u1"},
                {"@odata.type": "#microsoft.graph.group", "id": "g1"},
            ],
            "/v1.0/groups/g1/transitiveMembers": [
                {"@odata.type": "#microsoft.graph.user", "id": "u2"}
            ],
        }
        yield graph


def connector(graph: Microsoft, folder: Path, **options: Any) -> Collector:
    return collector(folder, graph.source, "entra_users", options)


def read(run: Collector) -> Collection:
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    return result


def basis(result: Collection) -> dict[str, str]:
    return {proof.stream: proof.basis for proof in result.proofs}


def reason(result: Collection, stream: str) -> str:
    return next(str(proof.reason) for proof in result.proofs if proof.stream == stream)


def test_everybody_with_factors_and_roles(graph: Microsoft, tmp_path: Path) -> None:
    run = connector(graph, tmp_path)
    result = read(run)
    listed = [item["id"] for page in run.kept(result, "users") for item in page["value"]]
    assert sorted(listed) == ["u1", "u2", "u3", "u4", "u5", "u9"]
    assert basis(result) == {
        ACCOUNT: "total_count", FACTOR: "snapshot_count", ROLE: "snapshot_count"
    }  # fmt: skip
    expected = {proof.stream: proof.expected for proof in result.proofs}
    assert expected == {ACCOUNT: 6, FACTOR: 4, ROLE: 4}
    assert proofs(result, ACCOUNT) == [("total_count", "2026-01-06", "2026-01-07")]
    lines = [line for line in run.kept(result, "requests") if line["shape"] == "members"]
    role = {"role_id": "r1", "role_name": "Global Administrator", "role_template_id": "t1"}
    assert [line["context"] for line in lines] == [role, {**role, "group_id": "g1"}]
    receipt = run.commit(result)
    assert {name: receipt.records[name] for name in ("account", "factor", "role", "role_member")} \
        == {"account": 6, "factor": 4, "role": 1, "role_member": 3}  # fmt: skip
    assert receipt.quarantined == {}


def test_only_what_is_needed_is_asked_for(graph: Microsoft, tmp_path: Path) -> None:
    """No names of people; the last sign-in only where the option says so."""
    read(connector(graph, tmp_path, sign_in_activity=False))
    asked = {item.path: item.query.get("$select", "") for item in graph.source.asked}
    assert "displayName" not in " ".join(asked.values())
    assert "signInActivity" not in asked[USERS]
    assert asked[f"{ROLES}/r1/members"] == "id"


def test_a_list_that_is_not_as_long_as_graphs_count_proves_nothing(
    graph: Microsoft, tmp_path: Path
) -> None:
    graph.answers[USERS] = Answer({"@odata.count": 7, "value": graph.lists[USERS]})
    result = read(connector(graph, tmp_path))
    assert basis(result)[ACCOUNT] == "not_provable"
    assert "counts 7 and listed 5" in reason(result, ACCOUNT)


def test_a_list_without_a_count_proves_nothing(graph: Microsoft, tmp_path: Path) -> None:
    graph.answers[DELETED] = Answer({"value": []})
    result = read(connector(graph, tmp_path))
    assert basis(result)[ACCOUNT] == "not_provable"
    assert "gave no count" in reason(result, ACCOUNT)


@pytest.mark.parametrize(
    ("path", "stream", "needs"),
    [
        (REGISTRATIONS, FACTOR, "AuditLog.Read.All"),
        (ROLES, ROLE, "Directory.Read.All"),
        (f"{ROLES}/r1/members", ROLE, "not known in full"),
        ("/v1.0/groups/g1/transitiveMembers", ROLE, "not known in full"),
    ],
)
def test_what_graph_refuses_is_unread_and_said(
    graph: Microsoft, tmp_path: Path, path: str, stream: str, needs: str
) -> None:
    graph.answers[path] = Answer({"error": {"code": "Authorization_RequestDenied"}}, 403)
    run = connector(graph, tmp_path)
    result = read(run)
    assert basis(result)[stream] == "not_provable"
    assert needs in reason(result, stream)
    assert basis(result)[ACCOUNT] == "total_count"
    assert [line["status"] for line in run.kept(result, "requests") if line["shape"] == "unread"] \
        == [403]  # fmt: skip
    assert any(needs in text for text in result.warnings)


def test_a_tenant_without_anybody_or_any_role_proves_nothing(
    graph: Microsoft, tmp_path: Path
) -> None:
    graph.lists |= {USERS: [], DELETED: [], REGISTRATIONS: [], ROLES: []}
    assert basis(read(connector(graph, tmp_path))) == {
        ACCOUNT: "not_provable", FACTOR: "snapshot_count", ROLE: "not_provable"
    }  # fmt: skip


def test_ids_reach_the_locker_alone(graph: Microsoft, tmp_path: Path) -> None:
    result = read(connector(graph, tmp_path))
    assert {request.template for request in result.requests} == {
        "/v1.0/organization", USERS, DELETED, REGISTRATIONS, ROLES, ROLES + "/{id}/members",
        "/v1.0/groups/{id}/transitiveMembers",
    }  # fmt: skip
    assert "g1" not in str(result.to_json())


@pytest.fixture
def login() -> Iterator[HttpSource]:
    with serving(
        lambda asked: Answer({"access_token": "granted-0123456789abcdef", "expires_in": 3599})
    ) as source:
        yield source


def test_a_client_secret_is_turned_into_a_token_for_this_address(
    graph: Microsoft, login: HttpSource, tmp_path: Path
) -> None:
    """The token address is the connection's; every request bears what it granted."""
    from dataclasses import replace
    from urllib.parse import parse_qs

    plain = graph.source.connection()
    extra = {"token_url": f"{login.url}/tenant/oauth2/v2.0/token", "client_id": "the-client"}
    graph.source.connection = (  # type: ignore[method-assign]
        lambda base_path="", login="": replace(plain, extra=extra)
    )
    run = connector(graph, tmp_path)
    read(run)
    (asked,) = login.asked
    form = parse_qs(asked.body.decode())
    assert (asked.method, form["grant_type"]) == ("POST", ["client_credentials"])
    assert form["scope"] == [f"{graph.source.url}/.default"]
    assert {item.headers["Authorization"] for item in graph.source.asked} == {
        "Bearer granted-0123456789abcdef"
    }
    assert b"granted-0123456789abcdef" not in run.everything()
