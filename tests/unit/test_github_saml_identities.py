"""github_saml_identities: every page by POST, and what no provider means to whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from http_source import TOKEN, Answer, Asked, HttpSource, serving

STREAM = "identities.account"
DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")
OF_A_DAY = ("2026-01-06", "2026-01-07")


class Organisation:
    """GraphQL's answers, two identities a page; cursors are places."""

    def __init__(self, source: HttpSource) -> None:
        self.source = source
        self.identities: list[dict[str, Any]] | None = []
        self.is_owner = True
        self.total: int | None = None
        self.errors: list[dict[str, str]] = []
        self.is_stuck = False

    def reply(self, asked: Asked) -> Answer:
        if asked.path == "/orgs/acme":
            return Answer({"login": "acme", "id": 1})
        assert (asked.method, asked.path) == ("POST", "/graphql")
        if self.errors:
            return Answer({"data": {"organization": None}, "errors": self.errors})
        variables = json.loads(asked.body)["variables"]
        assert variables["organisation"] == "acme"
        start = int(variables["after"] or 0)
        provider = None if self.identities is None else {"externalIdentities": self._page(start)}
        organisation = {"viewerCanAdminister": self.is_owner, "samlIdentityProvider": provider}
        return Answer({"data": {"organization": organisation}})

    def _page(self, start: int) -> dict[str, Any]:
        assert self.identities is not None
        end = "2" if self.is_stuck else str(start + 2)
        return {
            "totalCount": len(self.identities) if self.total is None else self.total,
            "pageInfo": {"hasNextPage": start + 2 < len(self.identities), "endCursor": end},
            "nodes": self.identities[start : start + 2],
        }


@pytest.fixture
def org() -> Iterator[Organisation]:
    with serving() as source:
        organisation = Organisation(source)
        source.reply = organisation.reply
        yield organisation


def identity(number: int) -> dict[str, Any]:
    return {
        "guid": f"g{number}", "samlIdentity": {"nameId": f"p{number}@acme.example", "emails": []},
        "user": {"login": f"user{number}", "databaseId": number},
    }  # fmt: skip


def connector(org: Organisation, folder: Path) -> Collector:
    return collector(folder, org.source, "github_saml_identities", {"organisation": "acme"})


def test_every_page_is_posted_for_and_counted(org: Organisation, tmp_path: Path) -> None:
    org.identities = [identity(number) for number in range(5)]
    run = connector(org, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    assert proofs(result, STREAM) == [("snapshot_count", *OF_A_DAY)]
    receipt = run.commit(result)
    assert receipt.records["saml_identity"] == result.proofs[0].expected == 5
    assert receipt.records["saml_page"] == 3
    assert [r.method for r in result.requests] == ["GET", "POST", "POST", "POST"]
    assert "acme.example" not in str(result.to_json())
    assert TOKEN.encode() not in run.everything()


def test_an_organisation_without_saml_is_an_answer(org: Organisation, tmp_path: Path) -> None:
    org.identities = None
    run = connector(org, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, STREAM) == [("snapshot_count", *OF_A_DAY)]
    assert result.proofs[0].expected == 0
    assert run.commit(result).quarantined == {}


def test_to_anybody_but_owners_no_provider_says_nothing(org: Organisation, tmp_path: Path) -> None:
    org.identities, org.is_owner = None, False
    result = connector(org, tmp_path).collect(*DAY, mode="snapshot")
    assert proofs(result, STREAM) == [("not_provable", *OF_A_DAY)]
    assert any("owners of the organisation alone" in text for text in result.warnings)


def test_fewer_than_github_counts_is_not_provable(org: Organisation, tmp_path: Path) -> None:
    org.identities, org.total = [identity(1)], 2
    result = connector(org, tmp_path).collect(*DAY, mode="snapshot")
    assert proofs(result, STREAM) == [("not_provable", *OF_A_DAY)]


def test_a_refusal_with_status_200_is_a_failure(org: Organisation, tmp_path: Path) -> None:
    org.errors = [{"type": "INSUFFICIENT_SCOPES", "message": "Your token is not enough"}]
    result = connector(org, tmp_path).collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert "INSUFFICIENT_SCOPES" in result.failure.reason
    assert result.proofs == []


def test_a_cursor_that_repeats_ends_the_collection(org: Organisation, tmp_path: Path) -> None:
    org.identities, org.is_stuck = [identity(number) for number in range(7)], True
    result = connector(org, tmp_path).collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert "repeats" in result.failure.reason
