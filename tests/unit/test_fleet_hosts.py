"""fleet_hosts: every page, beside Fleet's own count, and whose eyes it is seen with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from http_source import Answer, Asked, HttpSource, serving
from muniment.sources.fleet_hosts import DEVICE, PAGE_SIZE

DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")


@dataclass
class Fleet:
    """`counts`: what is answered one count after the other; default: the number of hosts."""

    hosts: list[dict[str, Any]]
    counts: list[int] = field(default_factory=list)
    user: dict[str, Any] = field(default_factory=lambda: {"id": 1, "global_role": "observer"})
    has_pages: bool = True

    def reply(self, asked: Asked) -> Answer:
        if asked.path.endswith("/me"):
            return Answer({"user": self.user})
        if asked.path.endswith("/count"):
            return Answer({"count": self.counts.pop(0) if self.counts else len(self.hosts)})
        size = int(asked.query["per_page"])
        start = int(asked.query["page"]) * size if self.has_pages else 0
        return Answer({"hosts": self.hosts[start : start + size]})


@pytest.fixture
def source() -> Iterator[HttpSource]:
    with serving() as server:
        yield server


def hosts(count: int) -> list[dict[str, Any]]:
    return [{"id": number, "hostname": f"h{number}"} for number in range(1, count + 1)]


def asked(source: HttpSource, folder: Path, fleet: Fleet, **options: Any) -> Collector:
    source.reply = fleet.reply
    return collector(folder, source, "fleet_hosts", options)


@pytest.mark.parametrize("count", [0, 1, PAGE_SIZE, 2 * PAGE_SIZE + 1])
def test_every_page_is_read_and_counted(source: HttpSource, tmp_path: Path, count: int) -> None:
    run = asked(source, tmp_path, Fleet(hosts(count)))
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    assert [(p.basis, p.expected) for p in result.proofs] == [("total_count", count)]
    assert run.commit(result).records.get("host", 0) == count


def test_hosts_that_come_while_the_list_is_read_leave_it_unproven(
    source: HttpSource, tmp_path: Path
) -> None:
    run = asked(source, tmp_path, Fleet(hosts(3), counts=[2, 3]))
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, DEVICE) == [("not_provable", "2026-01-06", "2026-01-07")]
    assert "came or went" in str(result.proofs[0].reason)


@pytest.mark.parametrize(("all_teams", "basis"), [(True, "not_provable"), (False, "total_count")])
def test_a_credential_of_some_teams_is_said(
    source: HttpSource, tmp_path: Path, all_teams: bool, basis: str
) -> None:
    user = {"id": 1, "global_role": None, "teams": [{"id": 4, "role": "observer"}]}
    run = asked(source, tmp_path, Fleet(hosts(1), user=user), all_teams=all_teams)
    result = run.collect(*DAY, mode="snapshot")
    assert [proof.basis for proof in result.proofs] == [basis]
    assert result.warnings == [
        "The credential sees the hosts of 1 teams alone, not of the whole fleet."
    ]


def test_a_server_that_knows_no_pages_is_no_endless_list(
    source: HttpSource, tmp_path: Path
) -> None:
    run = asked(source, tmp_path, Fleet(hosts(PAGE_SIZE), has_pages=False))
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert "page 1 repeats earlier hosts only" in result.failure.reason


@pytest.mark.parametrize("path", ["/me", "/count", "/hosts"])
def test_another_shape_is_no_answer(source: HttpSource, tmp_path: Path, path: str) -> None:
    fleet = Fleet(hosts(1))
    run = asked(source, tmp_path, fleet)
    shapes = {"/me": {"user": 1}, "/count": {"count": "1"}, "/hosts": {"hosts": {}}}
    source.reply = lambda a: Answer(shapes[path]) if a.path.endswith(path) else fleet.reply(a)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert "found another shape" in result.failure.reason
