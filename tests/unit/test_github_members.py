"""github_members: five lists, GitHub's own count, and what a list for owners alone leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from http_source import Answer, Asked, HttpSource, serving

ACCOUNT, FACTOR, ROLE = "identities.account", "identities.factor", "identities.role"
DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")
OF_A_DAY = ("2026-01-06", "2026-01-07")
Names = list[int]


class Organisation:
    """Lists of members as GitHub documents them; `refused`: (path, filter) -> status."""

    def __init__(self, source: HttpSource) -> None:
        self.source = source
        self.members: Names = [1, 2, 3, 4, 5]
        self.owners: Names = [1]
        self.outside: Names = [8, 9]
        self.without: Names = [4, 9]
        self.refused: dict[tuple[str, str], int] = {}
        self.counted: int | None = None
        self.public: Names = [1]

    def reply(self, asked: Asked) -> Answer:
        if asked.path == "/orgs/acme":
            return Answer({"login": "acme", "id": 1})
        below = asked.path.rpartition("/")[2]
        narrowed = asked.query.get("filter", "all")
        if (below, narrowed) in self.refused:
            return Answer({"message": "Only owners can."}, self.refused[below, narrowed])
        found = {"members": self.members, "public_members": self.public}.get(below, self.outside)
        if asked.query.get("role") == "admin":
            found = self.owners
        if narrowed == "2fa_disabled":
            found = [number for number in found if number in self.without]
        return self._page(asked, found)

    def _page(self, asked: Asked, found: Names) -> Answer:
        size, page = min(int(asked.query["per_page"]), 2), int(asked.query.get("page", 1))
        last = -(-len(found) // size)
        if asked.query["per_page"] == "1" and self.counted is not None:
            last = self.counted
        url = (
            f"{self.source.url}{asked.path}?per_page={size}&filter={asked.query.get('filter', '')}"
        )
        links = [f'<{url}&page={page + 1}>; rel="next", <{url}&page={last}>; rel="last"']
        headers = [("Link", links[0])] if page < last else []
        items = [{"id": n, "login": f"user{n}", "type": "User"} for n in found]
        return Answer(items[(page - 1) * size : page * size], headers=headers)


@pytest.fixture
def org() -> Iterator[Organisation]:
    with serving() as source:
        organisation = Organisation(source)
        source.reply = organisation.reply
        yield organisation


def connector(org: Organisation, folder: Path) -> Collector:
    return collector(folder, org.source, "github_members", {"organisation": "acme"})


def listed(run: Collector, result: Any) -> dict[str, Names]:
    found: dict[str, Names] = {}
    lines = [line for line in run.kept(result, "requests") if line["shape"] == "members"]
    for line, page in zip(lines, run.kept(result, "members"), strict=True):
        found.setdefault(line["context"]["list"], []).extend(item["id"] for item in page)
    return found


def test_all_five_lists_are_read_to_their_ends(org: Organisation, tmp_path: Path) -> None:
    run = connector(org, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    assert listed(run, result) == {
        "members": [1, 2, 3, 4, 5], "owners": [1], "outside_collaborators": [8, 9],
        "members_without_second_factor": [4], "outside_without_second_factor": [9],
    }  # fmt: skip
    for stream in (ACCOUNT, FACTOR, ROLE):
        assert proofs(result, stream) == [("snapshot_count", *OF_A_DAY)]
    receipt = run.commit(result)
    held = receipt.records["member"] - receipt.duplicates["member"]
    assert {proof.expected for proof in result.proofs} == {held} == {7}
    assert "GitHub counts 5 members" in (result.proofs[0].reason or "")
    assert result.warnings == []


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_credential_that_is_no_owners_proves_no_second_factor(
    org: Organisation, tmp_path: Path, status: int
) -> None:
    org.refused = {("members", "2fa_disabled"): status}
    run = connector(org, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    assert proofs(result, FACTOR) == [("not_provable", *OF_A_DAY)]
    assert proofs(result, ACCOUNT) == [("snapshot_count", *OF_A_DAY)]
    assert "members_without_second_factor" not in listed(run, result)
    unread = [line for line in run.kept(result, "requests") if line["shape"] == "unread"]
    assert [line["status"] for line in unread] == [status]
    assert any("owners of the organisation" in text for text in result.warnings)


def test_unread_outside_collaborators_leave_the_accounts_unproven(
    org: Organisation, tmp_path: Path
) -> None:
    org.refused = {("outside_collaborators", "all"): 403}
    result = connector(org, tmp_path).collect(*DAY, mode="snapshot")
    assert proofs(result, ACCOUNT) == [("not_provable", *OF_A_DAY)]
    assert proofs(result, ROLE) == [("snapshot_count", *OF_A_DAY)]


def test_a_list_shorter_than_githubs_count_is_not_provable(
    org: Organisation, tmp_path: Path
) -> None:
    org.counted = 6
    result = connector(org, tmp_path).collect(*DAY, mode="snapshot")
    assert proofs(result, ACCOUNT) == [("not_provable", *OF_A_DAY)]
    assert any("counts 6 members, and 5 were listed" in text for text in result.warnings)


def test_a_member_who_leaves_while_the_list_is_read_is_no_proof(
    org: Organisation, tmp_path: Path
) -> None:
    """The next one slips past the pages, and GitHub counts one less afterwards."""
    usual = org.reply

    def reply(asked: Asked) -> Answer:
        if asked.path.endswith("/members") and asked.query.get("page") == "2":
            org.members = [2, 3, 4, 5]
        return usual(asked)

    org.source.reply = reply
    run = connector(org, tmp_path)
    result = run.collect(*DAY, mode="snapshot")
    assert listed(run, result)["members"] == [1, 2, 4, 5]
    assert proofs(result, ACCOUNT) == [("not_provable", *OF_A_DAY)]
    assert any("counted 5 members before the list and 4" in text for text in result.warnings)


def test_members_who_show_themselves_to_everybody_are_not_all(
    org: Organisation, tmp_path: Path
) -> None:
    org.refused = {("members", "2fa_disabled"): 422}
    org.public = org.members
    result = connector(org, tmp_path).collect(*DAY, mode="snapshot")
    for stream in (ACCOUNT, FACTOR, ROLE):
        assert proofs(result, stream) == [("not_provable", *OF_A_DAY)]


def test_an_organisation_without_owner_is_no_proof(org: Organisation, tmp_path: Path) -> None:
    org.members, org.owners, org.outside, org.without = [], [], [], []
    result = connector(org, tmp_path).collect(*DAY, mode="snapshot")
    assert [proofs(result, stream)[0][0] for stream in (ACCOUNT, ROLE)] == ["not_provable"] * 2


def test_a_refused_list_of_members_ends_the_collection(org: Organisation, tmp_path: Path) -> None:
    org.refused = {("members", "all"): 403}
    result = connector(org, tmp_path).collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert "HTTP 403" in result.failure.reason
