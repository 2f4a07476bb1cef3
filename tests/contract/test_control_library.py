"""The seeds are the control library: whole, without orphans, equal to the originals."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
SEEDS = PROJECT / "seeds" / "frameworks"


#: those that the library came with; whoever adds one has nothing to compare it with here
FRAMEWORKS = ("soc2", "gdpr", "vendor-guardrails")


def seed(name: str) -> list[dict[str, str]]:
    """Rows of one seed file."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def original(name: str) -> list[dict[str, str]]:
    """The same, of the frameworks that the library came with."""
    return [row for row in seed(name) if row["framework"] in FRAMEWORKS]


@pytest.fixture(scope="module")
def originals(shared: Path) -> dict[str, Any]:
    """The control library as it was given."""
    text = (shared / "controls" / "control_tests.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def legs(originals: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every leg with its test."""
    return [(test, leg) for test in originals["tests"] for leg in test["legs"]]


def test_it_is_whole() -> None:
    links = {(r["test_id"], r["framework"], r["criterion_id"]) for r in original("leg_criterion")}
    assert len(original("criterion")) == 492
    assert len(seed("control_test")) == 69
    assert len(seed("control_test_leg")) == 189
    assert len(links) == 655
    assert len(seed("test_parameter")) == 129


def test_nothing_is_orphaned_or_twice() -> None:
    criteria = [(r["framework"], r["criterion_id"]) for r in seed("criterion")]
    tests = [r["test_id"] for r in seed("control_test")]
    known_legs = [(r["test_id"], r["leg_id"]) for r in seed("control_test_leg")]
    links = [tuple(r.values()) for r in seed("leg_criterion")]
    for names in (criteria, tests, known_legs, links):
        assert len(set(names)) == len(names)
    assert {test for test, _ in known_legs} == set(tests)
    assert {(r["framework"], r["criterion_id"]) for r in seed("leg_criterion")} <= set(criteria)
    assert {(r["test_id"], r["leg_id"]) for r in seed("leg_criterion")} <= set(known_legs)
    assert {(r["test_id"], r["leg_id"]) for r in seed("leg_field")} == set(known_legs)
    assert {r["test_id"] for r in seed("test_parameter")} <= set(tests)
    assert {r["stream"] for r in seed("leg_field")} <= {r["stream"] for r in seed("stream")}
    assert {r["sample_rule"] for r in seed("control_test")} == {
        r["sample_rule"] for r in seed("sample_rule")
    }


def test_every_testable_criterion_has_a_leg_and_no_other() -> None:
    """GDPR 32(1) alone rolls up from its points."""
    mapped = {(r["framework"], r["criterion_id"]) for r in seed("leg_criterion")}
    testable = {
        (r["framework"], r["criterion_id"])
        for r in seed("criterion")
        if r["evidence_mode"] in ("automated", "mixed")
    }
    assert testable - mapped == {("gdpr", "32(1)")}
    assert mapped <= testable


def test_a_leg_of_leads_alone_maps_to_nothing() -> None:
    of_leads = {
        (r["test_id"], r["leg_id"])
        for r in seed("control_test_leg")
        if r["is_leads_only"] == "true"
    }
    assert len(of_leads) == 6
    assert not of_leads & {(r["test_id"], r["leg_id"]) for r in seed("leg_criterion")}


class _Stub(jinja2.ChainableUndefined):
    """Stands for every macro of dbt's and of the project's: says nothing."""

    def __call__(self, *arguments: object, **named: object) -> str:  # type: ignore[override]
        return ""


def settled(model: Path) -> tuple[str, list[str]]:
    """What a control test's model hands to `settle`: its id and its legs."""
    calls: list[tuple[str, list[str]]] = []

    def settle(test_id: str, legs: list[str], **named: object) -> str:
        calls.append((test_id, legs))
        return ""

    environment = jinja2.Environment(undefined=_Stub, autoescape=False)
    environment.from_string(model.read_text("utf-8")).render(settle=settle)
    (call,) = calls
    return call


def test_every_model_settles_every_leg_of_a_test_of_the_library() -> None:
    """A leg that its model left out would have no units: nothing untested, so nothing amiss."""
    models = sorted((PROJECT / "models" / "control_tests").rglob("*.sql"))
    known: dict[str, list[str]] = {}
    for row in seed("control_test_leg"):
        known.setdefault(row["test_id"], []).append(row["leg_id"])
    for model in models:
        test_id, legs = settled(model)
        assert test_id == model.stem.upper().replace("_", "-")
        assert sorted(legs) == sorted(known[test_id]), test_id
    assert models, "no control test is built"


def test_criteria_equal_the_originals(shared: Path) -> None:
    with (shared / "controls" / "criteria.csv").open(encoding="utf-8", newline="") as file:
        assert original("criterion") == list(csv.DictReader(file))


def test_tests_equal_the_originals(originals: dict[str, Any]) -> None:
    fields = (
        "title", "domain", "question", "suggested_control", "population", "unit_key", "cadence",
        "insufficient_evidence",
    )  # fmt: skip
    found = {r["test_id"]: r for r in seed("control_test")}
    for test in originals["tests"]:
        row = found[test["id"]]
        assert [row[name] for name in fields] == [test[name] for name in fields], test["id"]
        assert row["exception_definition"] == test["exception"]["definition"]
        assert row["sample_rule"] == test["sample"]["rule"]
        assert (row["is_spine"] == "true") == bool(test.get("spine"))


def test_legs_equal_the_originals(originals: dict[str, Any]) -> None:
    found = {(r["test_id"], r["leg_id"]): r for r in seed("control_test_leg")}
    for test, leg in legs(originals):
        row = found[test["id"], leg["id"]]
        assert row["logic"] == leg["logic"]
        assert row["severity"] == leg["severity"]
        assert row["unit_key"] == leg.get("unit_key", test["unit_key"])
        assert row["spine"] == leg.get("spine", "")


def test_links_equal_the_originals(originals: dict[str, Any]) -> None:
    expected = set()
    for test, leg in legs(originals):
        by = leg.get("criteria_by", {"key": "", "values": {}})
        for criterion in leg["criteria"]:
            values = [value for value, listed in by["values"].items() if criterion in listed]
            for value in values or [""]:
                key = by["key"] if values else ""
                expected.add((test["id"], leg["id"], *criterion.split(":", 1), key, value))
    assert {tuple(row.values()) for row in original("leg_criterion")} == expected


def test_fields_equal_the_originals(originals: dict[str, Any]) -> None:
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in seed("leg_field"):
        name = ".".join(part for part in (row["stream"], row["field"]) if part)
        key = (row["test_id"], row["leg_id"], row["is_required"])
        found.setdefault(key, []).append(name)
    for test, leg in legs(originals):
        assert found[test["id"], leg["id"], "true"] == leg["reads"]
        assert found.get((test["id"], leg["id"], "false"), []) == leg.get("may_read", [])


def test_parameters_equal_the_originals(originals: dict[str, Any]) -> None:
    expected = [
        (test["id"], item["name"], item["default"], item["source"])
        for test in originals["tests"]
        for item in test["parameters"]
    ]
    assert [
        (r["test_id"], r["name"], json.loads(r["default_value"]), r["source"])
        for r in seed("test_parameter")
    ] == expected
