"""gitlab_members: groups with all below them, projects, and everybody's level in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from collector import Collector, collector, proofs
from http_source import TOKEN, Answer, Asked, HttpSource, serving

ACCOUNT, ROLE, REPOSITORY = "identities.account", "identities.role", "repo_access"
DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")
PROVEN = [("snapshot_count", "2026-01-06", "2026-01-07")]
UNPROVEN = [("not_provable", "2026-01-06", "2026-01-07")]
API = "/api/v4"


@dataclass
class Instance:
    """Pages of two; a total in the header unless there are too many to count."""

    source: HttpSource
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    totals: dict[str, str | None] = field(default_factory=dict)

    def reply(self, asked: Asked) -> Answer:
        if asked.path in self.refused:
            return Answer({"message": "403 Forbidden"}, self.refused[asked.path])
        if asked.path in (f"{API}/groups/org", f"{API}/groups/org%2Fsub"):
            return Answer(group(4, "org") | {"web_url": "https://gitlab.example.com/groups/org"})
        items = self.lists.get(asked.path, [])
        page = int(asked.query.get("page", 1))
        headers = []
        if page * 2 < len(items):
            query = urlencode({**asked.query, "page": page + 1})
            headers.append(("Link", f'<{self.source.url}{asked.path}?{query}>; rel="next"'))
        total = self.totals.get(asked.path, str(len(items)))
        if total is not None:
            headers.append(("X-Total", total))
        return Answer(items[(page - 1) * 2 : page * 2], headers=headers)


def group(number: int, path: str) -> dict[str, Any]:
    return {"id": number, "full_path": path}


def member(number: int, level: int = 30) -> dict[str, Any]:
    return {"id": number, "username": f"u{number}", "state": "active", "access_level": level}


@pytest.fixture
def instance() -> Iterator[Instance]:
    with serving() as source:
        served = Instance(source)
        served.lists = {
            f"{API}/groups/org/descendant_groups": [group(5, "org/sub")],
            f"{API}/groups/org/projects": [
                {"id": 11, "path_with_namespace": "org/a"},
                {"id": 12, "path_with_namespace": "org/b"},
                {"id": 13, "path_with_namespace": "org/sub/c"},
            ],
            f"{API}/groups/4/members/all": [member(1, 50), member(2)],
            f"{API}/groups/5/members/all": [member(1, 50), member(2), member(3, 40)],
            f"{API}/projects/11/members/all": [member(1, 50), member(2)],
            f"{API}/projects/12/members/all": [member(1, 50)],
            f"{API}/projects/13/members/all": [member(1, 50), member(2), member(3, 40)],
        }
        source.reply = served.reply
        yield served


@pytest.fixture
def run(instance: Instance, tmp_path: Path) -> Collector:
    return collector(tmp_path, instance.source, "gitlab_members", {"groups": ["org"]})


def test_every_group_and_project_is_asked_for_all_its_members(
    instance: Instance, run: Collector
) -> None:
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    asked = {p for p in instance.source.paths() if p.endswith("/members/all")}
    assert asked == {path for path in instance.lists if path.endswith("/members/all")}
    assert instance.source.asked[0].headers["PRIVATE-TOKEN"] == TOKEN
    assert "Authorization" not in instance.source.asked[0].headers
    for stream in (ACCOUNT, ROLE, REPOSITORY):
        assert proofs(result, stream) == PROVEN
    contexts = {
        tuple(line["context"].values()) for line in run.kept(result, "requests")
        if line["shape"] == "project_members"
    }  # fmt: skip
    assert contexts == {("org/a", "11"), ("org/b", "12"), ("org/sub/c", "13")}
    assert result.origin is not None
    assert result.origin.tenant == "gitlab.example.com"


def test_counts_agree_with_bronze(run: Collector) -> None:
    """Identical pages of two lists are one object, and identical records are counted once."""
    result = run.collect(*DAY, mode="snapshot")
    receipt = run.commit(result)
    names = ("group", "project", "group_member", "project_member")
    assert {name: receipt.records[name] for name in names} == {
        "group": 2, "project": 3, "group_member": 3, "project_member": 4
    }  # fmt: skip
    assert receipt.duplicates["project_member"] == 1
    expected = {proof.stream: proof.expected for proof in result.proofs}
    assert expected == {ACCOUNT: 6, ROLE: 8, REPOSITORY: 6}


def test_a_total_that_differs_from_what_came_proves_nothing(
    instance: Instance, run: Collector
) -> None:
    instance.totals = {f"{API}/projects/12/members/all": "2"}
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, REPOSITORY) == UNPROVEN
    assert any("another number" in text for text in result.warnings)


@pytest.mark.parametrize("after_first_page", [[7, 1, 2, 3], [2, 3, 4]])
def test_a_list_that_shifts_between_its_pages_proves_nothing(
    instance: Instance, run: Collector, after_first_page: list[int]
) -> None:
    """Somebody comes in front: one item comes twice, and the last total counts both. Somebody
    goes: the next one slips past, and the last total does not count it.
    """
    path = f"{API}/projects/13/members/all"
    instance.lists[path] = [member(n) for n in (1, 2, 3)] + [member(4)] * (
        7 not in after_first_page
    )
    usual = instance.reply

    def reply(asked: Asked) -> Answer:
        if asked.path == path and asked.query.get("page") == "2":
            instance.lists[path] = [member(n) for n in after_first_page]
        return usual(asked)

    instance.source.reply = reply
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, REPOSITORY) == UNPROVEN
    assert any("another number" in text for text in result.warnings)


def test_above_ten_thousand_items_there_is_no_total(instance: Instance, run: Collector) -> None:
    instance.totals = dict.fromkeys(instance.lists)
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, REPOSITORY) == PROVEN


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(
    ("path", "unproven"),
    [
        ("groups/org/projects", {ACCOUNT, ROLE, REPOSITORY}),
        ("groups/org/descendant_groups", {ACCOUNT, ROLE}),
        ("groups/5/members/all", {ACCOUNT, ROLE}),
        ("projects/13/members/all", {ACCOUNT, ROLE, REPOSITORY}),
    ],
)
def test_a_refused_list_proves_nothing_of_what_it_feeds(
    instance: Instance, run: Collector, path: str, unproven: set[str], status: int
) -> None:
    instance.refused = {f"{API}/{path}": status}
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    found = {s for s in (ACCOUNT, ROLE, REPOSITORY) if proofs(result, s) == UNPROVEN}
    assert found == unproven


def test_a_group_that_is_not_there_fails(instance: Instance, run: Collector) -> None:
    """A wrong name must not pass for a group without members."""
    instance.refused = {f"{API}/groups/org": 404}
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert "404" in result.failure.reason


def test_a_group_below_another_is_asked_by_its_whole_path(
    instance: Instance, tmp_path: Path
) -> None:
    run = collector(tmp_path, instance.source, "gitlab_members", {"groups": ["org/sub"]})
    assert run.collect(*DAY, mode="snapshot").failure is None
    assert instance.source.paths()[0] == f"{API}/groups/org%2Fsub"


def test_no_personal_data_reaches_the_receipt(run: Collector) -> None:
    result = run.collect(*DAY, mode="snapshot")
    assert {request.template for request in result.requests} == {
        f"{API}/groups/{{id}}", f"{API}/groups/{{id}}/descendant_groups",
        f"{API}/groups/{{id}}/projects", f"{API}/groups/{{id}}/members/all",
        f"{API}/projects/{{id}}/members/all",
    }  # fmt: skip
