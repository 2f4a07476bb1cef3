"""Every registered kind brings all that its recipe asks for; a new one is found by itself."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import reference
import yaml

from muniment.settings import load
from muniment.sources import discover
from muniment.sources.spec import Connector

ROOT = Path(__file__).resolve().parents[2]
KINDS = sorted(discover())
STAGING = {
    path: path.read_text(encoding="utf-8")
    for part in ("models/staging", "macros")
    for path in (ROOT / "dbt_project" / part).rglob("*.sql")
}


@pytest.fixture(params=KINDS)
def connector(request: pytest.FixtureRequest) -> Connector:
    return discover()[request.param]


def test_the_eight_kinds_of_the_spine_are_there() -> None:
    assert set(KINDS) >= {
        "okta_system_log", "okta_users", "github_pulls", "github_deployments", "sarif", "trivy",
        "git_log", "register",
    }  # fmt: skip


def test_a_kind_has_its_completeness_suite(connector: Connector) -> None:
    suite = ROOT / "expectations" / f"{connector.spec.kind}.yml"
    assert yaml.safe_load(suite.read_text(encoding="utf-8"))


def test_every_stream_that_feeds_the_ledger_is_cut_from_an_object(connector: Connector) -> None:
    cut = {shape.stream for shape in connector.spec.shapes}
    cut |= {shape.rest for shape in connector.spec.shapes if shape.rest}
    assert set(connector.spec.feeds) <= cut


def test_events_that_are_asked_for_say_when_they_were(connector: Connector) -> None:
    """What cannot be dated counts for the last day of its window, and leaves the others empty.

    Reports in a folder count for the day of the scan, which stands around the records.
    """
    spec = connector.spec
    if spec.mode == "event" and spec.needs == "connection":
        undated = {s.name for s in spec.shapes if spec.feeds.get(s.stream) and not s.event_time}
        assert undated == set()


def test_ledger_streams_bear_the_control_librarys_names(connector: Connector) -> None:
    seed = ROOT / "dbt_project" / "seeds" / "frameworks" / "leg_field.csv"
    with seed.open(encoding="utf-8", newline="") as handle:
        known = {row["stream"] for row in csv.DictReader(handle)}
    known |= {"waivers", "controls", "links"}  # looked up beside what legs read
    fed = {stream for streams in connector.spec.feeds.values() for stream in streams}
    assert fed <= known


def test_a_kind_has_a_staging_model(connector: Connector) -> None:
    kind = connector.spec.kind
    assert any(f"'{kind}'" in text or f'"{kind}"' in text for text in STAGING.values())


def test_a_kind_says_what_it_may_need_and_cannot_see(connector: Connector) -> None:
    assert connector.spec.blind_spots
    if connector.spec.needs == "connection":
        assert connector.spec.permissions
        assert connector.spec.retention_days or connector.spec.basis


def test_the_reference_page_is_the_code(connector: Connector) -> None:
    page = ROOT / "docs" / "sources" / f"{connector.spec.kind}.md"
    assert page.read_text(encoding="utf-8") == reference.page(connector.spec), (
        "run `python scripts/reference.py`"
    )


def test_the_example_on_the_page_loads(connector: Connector, tmp_path: Path) -> None:
    config = tmp_path / "muniment.yml"
    config.write_text("organisation: Example\n" + reference.example(connector.spec), "utf-8")
    assert load(config).sources[0].kind == connector.spec.kind
