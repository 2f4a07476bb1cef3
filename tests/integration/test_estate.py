"""The simulated estate: its ledger shows the planted gaps, its inventory the planted things."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from company import DAY, Company
from muniment import verdicts
from muniment.sandbox.scenario import scenario

STATES = ("fleet_hosts", "endoflife", "kubernetes_workloads", "cisa_kev")
DROPS = ("cyclonedx", "spdx", "osquery_results")
FIRST, END = date(2026, 1, 1), date(2026, 1, 31)


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return scenario(1)


@pytest.fixture(scope="module")
def company(truth: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Looked at on each planted day, and after it, and at the end."""
    kinds = (*STATES, *DROPS)
    days = {date.fromisoformat(g["day"]) for g in truth["gaps"] if g["source_kind"] in kinds}
    days |= {
        date.fromisoformat(c["first_day"]) + DAY
        for c in truth["contents"]
        if c["source_kind"] == "kubernetes_workloads"
    }
    folder = tmp_path_factory.mktemp("estate")
    with Company(folder, only=(*kinds, "assets", "controls")) as company:
        read = FIRST
        for day in sorted(day for day in days if FIRST < day < END):
            for end in (day, day + DAY):
                if read < end:
                    company.collect(read, end, assess=False)
                    read = end
        company.collect(read, END)
        company.build(END)
        yield company


@pytest.mark.parametrize("kind", [*STATES, *DROPS])
def test_exactly_the_planted_days_are_not_whole(
    company: Company, truth: dict[str, Any], kind: str
) -> None:
    planted = {
        (gap["day"], gap["verdict"])
        for gap in truth["gaps"]
        if gap["source_kind"] == kind and FIRST.isoformat() <= gap["day"] < END.isoformat()
    }
    found = {
        (v.day.isoformat(), v.verdict)
        for v in verdicts.read(company.settings.home)
        if v.kind == kind and FIRST <= v.day < END and v.verdict not in ("COMPLETE", "LATE")
    }
    assert planted
    assert planted <= found
    # a snapshot of the other days was taken where another kind's plan had a look there
    assert {verdict for _, verdict in found - planted} <= ({"GAP"} if kind in STATES else set())


def test_the_inventory_shows_what_was_planted(company: Company, truth: dict[str, Any]) -> None:
    kinds = {
        c["native_id"]: c
        for c in truth["contents"]
        if c["source_kind"] in (*STATES, *DROPS) and c["first_day"] < END.isoformat()
    }
    assert len(kinds) >= 3
    for native_id, content in kinds.items():
        rows = company.query(
            "select min(day), max(day) from intermediate.int_inventory where native_id = ?",
            [native_id],
        )
        ((first, last),) = rows
        assert first is not None, content["description"]
        assert content["first_day"] <= first.isoformat() <= last.isoformat()
        assert last.isoformat() <= content["end_day"]


def test_systems_without_support_are_told(company: Company) -> None:
    ended = company.query(
        "select distinct product, cycle from intermediate.int_unsupported_systems "
        "where eol_state = 'ended'"
    )
    assert sorted(ended) == [("debian", "11"), ("ubuntu", "18.04")]
    unknown = company.query(
        "select count(*) from intermediate.int_unsupported_systems where eol_state = 'unknown'"
    )
    assert unknown > [(0,)]


def test_what_runs_is_what_was_released(company: Company) -> None:
    """The scanners looked at images of the same revisions: the digests are theirs."""
    rows = company.query(
        "select name, digest from intermediate.int_inventory where asset_type = 'image' "
        "and digest is not null and day = (select max(day) from intermediate.int_inventory "
        "where source_id = 'kubernetes_workloads')"
    )
    assert {name.rpartition(":")[0].rpartition("/")[2] for name, _ in rows} >= {
        "claims-api", "member-portal", "provider-gateway", "benefits-batch",
    }  # fmt: skip


def test_nothing_of_the_containers_settings_is_kept(company: Company) -> None:
    home = company.settings.home
    files = (path for path in (home.local_path("locker")).rglob("*") if path.is_file())
    assert not any(b"planted@db" in path.read_bytes() for path in files)
