"""okta_users: everybody, deprovisioned users included, and what is known of their factors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from collector import Collector, collector, proofs
from http_source import TOKEN, Answer, Asked, HttpSource, serving

ACCOUNT, FACTOR = "identities.account", "identities.factor"
DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")


@dataclass
class Tenant:
    source: HttpSource
    users: list[dict[str, str]] = field(default_factory=list)
    factors: dict[str, Answer] = field(default_factory=dict)

    def reply(self, asked: Asked) -> Answer:
        if asked.path == "/.well-known/okta-organization":
            return Answer({"id": "00o1", "pipeline": "idx"})
        if asked.path == "/api/v1/users":
            return self._users(asked.query)
        return self.factors.get(asked.path.split("/")[4], Answer([]))

    def _users(self, query: dict[str, str]) -> Answer:
        """Okta's listing omits deprovisioned users unless a filter asks for them."""
        wanted = "filter" in query
        if wanted:
            assert query["filter"] == 'status eq "DEPROVISIONED"'
        found = [user for user in self.users if (user["status"] == "DEPROVISIONED") is wanted]
        names = [user["id"] for user in found]
        start = names.index(query["after"]) + 1 if "after" in query else 0
        page = found[start : start + 2]
        links = [("Link", f'<{self.source.url}/api/v1/users>; rel="self"')]
        if start + 2 < len(found):  # the cursor is the last user's id, as in Okta's recordings
            following = urlencode({**query, "after": names[start + 1]})
            links.append(("Link", f'<{self.source.url}/api/v1/users?{following}>; rel="next"'))
        return Answer(page, headers=links)


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with serving() as source:
        tenant = Tenant(source)
        source.reply = tenant.reply
        yield tenant


def user(number: int, status: str = "ACTIVE") -> dict[str, str]:
    return {"id": f"00u{number}", "status": status, "login": f"user{number}@example.com"}


def connector(tenant: Tenant, folder: Path) -> Collector:
    return collector(folder, tenant.source, "okta_users", {})


def test_everybody_is_listed_and_every_living_account_is_asked_for_factors(
    tenant: Tenant, tmp_path: Path
) -> None:
    tenant.users = [user(1), user(2, "SUSPENDED"), user(3, "DEPROVISIONED"), user(4), user(5)]
    tenant.factors = {
        "00u1": Answer([{"id": "f1", "factorType": "push"}, {"id": "f2", "factorType": "sms"}]),
        "00u4": Answer([{"id": "f3", "factorType": "webauthn"}]),
    }
    run = connector(tenant, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    listed = [item["id"] for page in run.kept(result, "users") for item in page]
    assert sorted(listed) == ["00u1", "00u2", "00u3", "00u4", "00u5"]
    asked = sorted(path for path in tenant.source.paths() if path.endswith("/factors"))
    assert asked == [f"/api/v1/users/00u{n}/factors" for n in (1, 2, 4, 5)]
    lines = run.kept(result, "requests")
    contexts = {line["context"].get("account_id") for line in lines if line["shape"] == "factors"}
    assert contexts == {"00u1", "00u2", "00u4", "00u5"}
    assert proofs(result, ACCOUNT) == [("snapshot_count", "2026-01-06", "2026-01-07")]
    expected = {proof.stream: proof.expected for proof in result.proofs}
    assert expected == {ACCOUNT: 5, FACTOR: 3}
    assert all("5 users listed, 4 of 4 factor lists read" in str(p.reason) for p in result.proofs)
    assert result.origin is not None
    assert result.origin.tenant == "00o1"
    assert tenant.source.asked[0].headers["Authorization"] == f"SSWS {TOKEN}"


def test_no_personal_data_reaches_the_receipt(tenant: Tenant, tmp_path: Path) -> None:
    tenant.users = [user(1), user(2), user(3), user(4)]
    tenant.factors = {
        "00u3": Answer({"errorSummary": "Not found: Resource not found: 00u3 (User)"}, 410)
    }
    result = connector(tenant, tmp_path).collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert "Resource not found: … (User)" in result.failure.reason
    assert "00u" not in str(result.to_json())
    assert {request.template for request in result.requests} == {
        "/.well-known/okta-organization", "/api/v1/users", "/api/v1/users/{userId}/factors"
    }  # fmt: skip


@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_factor_list_is_unread_not_empty(
    tenant: Tenant, tmp_path: Path, status: int
) -> None:
    tenant.users = [user(1), user(2)]
    tenant.factors = {"00u2": Answer({"errorSummary": "no"}, status)}
    run = connector(tenant, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    assert run.kept(result, "factors") == [[]]
    unread = [line for line in run.kept(result, "requests") if line["shape"] == "unread"]
    assert [(line["status"], line["context"]) for line in unread] == [
        (status, {"account_id": "00u2"})
    ]
    assert any("1 of 2 factor lists" in text for text in result.warnings)
    assert proofs(result, FACTOR) == [("snapshot_count", "2026-01-06", "2026-01-07")]


def test_factors_that_nobody_may_read_prove_nothing(tenant: Tenant, tmp_path: Path) -> None:
    tenant.users = [user(1), user(2)]
    tenant.factors = {name: Answer({}, 403) for name in ("00u1", "00u2")}
    result = connector(tenant, tmp_path).collect(*DAY, mode="snapshot")
    assert proofs(result, ACCOUNT)[0][0] == "snapshot_count"
    assert proofs(result, FACTOR)[0][0] == "not_provable"


def test_a_listing_of_nobody_is_no_proof_that_nobody_is_there(
    tenant: Tenant, tmp_path: Path
) -> None:
    result = connector(tenant, tmp_path).collect(*DAY, mode="snapshot")
    assert result.failure is None
    for stream in (ACCOUNT, FACTOR):
        assert proofs(result, stream) == [("not_provable", "2026-01-06", "2026-01-07")]


def test_a_snapshot_over_midnight_shows_no_day(tenant: Tenant, tmp_path: Path) -> None:
    tenant.users = [user(1)]
    result = connector(tenant, tmp_path).collect(
        "2026-01-06", "2026-01-07", "2026-01-06T23:59:59Z", "snapshot", "2026-01-07T00:00:05Z"
    )
    for stream in (ACCOUNT, FACTOR):
        assert proofs(result, stream) == [("not_provable", "2026-01-06", "2026-01-07")]
    assert "2026-01-07" in (result.proofs[0].reason or "")


def test_a_user_deprovisioned_between_the_listings_is_kept_twice(
    tenant: Tenant, tmp_path: Path
) -> None:
    tenant.users = [user(1), user(2)]

    def reply(asked: Asked) -> Answer:
        if "filter" in asked.query:
            tenant.users[1] = user(2, "DEPROVISIONED")
        return tenant.reply(asked)

    tenant.source.reply = reply
    run = connector(tenant, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    statuses = [item["status"] for page in run.kept(result, "users") for item in page]
    assert statuses == ["ACTIVE", "ACTIVE", "DEPROVISIONED"]
    assert {proof.stream: proof.expected for proof in result.proofs}[ACCOUNT] == 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer({"errorSummary": "Invalid token provided"}, 401), "HTTP 401"),
        (Answer(b"<html>", media_type="text/html"), "<html>"),
        (Answer(b'[{"id": "f1"'), "cut short"),
        (Answer([], 302, [("Location", "https://evil.example/")]), "evil.example"),
    ],
    ids=["401", "html", "truncated", "redirect"],
)
def test_a_fault_in_one_factor_list_fails_the_snapshot(
    tenant: Tenant, tmp_path: Path, answer: Answer, said: str
) -> None:
    tenant.users = [user(1), user(2)]
    tenant.factors = {"00u2": answer}
    run = connector(tenant, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert said in result.failure.reason
    assert "00u2" not in result.failure.reason
    assert result.proofs == []
    assert len(run.kept(result, "users")) == 2


def test_counts_agree_with_bronze(tenant: Tenant, tmp_path: Path) -> None:
    tenant.users = [user(n) for n in range(5)] + [user(9, "DEPROVISIONED")]
    tenant.factors = {"00u1": Answer([{"id": "f1"}, {"id": "f2"}])}
    run = connector(tenant, tmp_path)
    receipt: Any = run.commit(run.collect(*DAY, mode="snapshot"))
    assert receipt.records["account"] == 6
    assert receipt.records["factor"] == 2
    assert sum(receipt.quarantined.values()) == 0
