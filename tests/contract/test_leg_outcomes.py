"""Every outcome and threshold that the library gives a computable leg is in its dbt unit tests.

Each model's YAML declares them under `meta`, read from the library's text.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import jinja2.meta
import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
SEEDS = PROJECT / "seeds" / "frameworks"
MODELS = sorted((PROJECT / "models" / "control_tests").rglob("*.sql"))
#: what a leg says that no source feeds yet
UNJUDGED = ("NOT_TESTED", "NOT_APPLICABLE")
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)


def name_of(model: Path) -> str:
    """The control test that a model is."""
    return model.stem.upper().replace("_", "-")


def seed(name: str, model: Path) -> list[dict[str, str]]:
    """Rows of one seed file that speak of a model's test."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["test_id"] == name_of(model)]


@cache
def document(model: Path) -> dict[str, Any]:
    """The YAML beside a model."""
    found: dict[str, Any] = yaml.safe_load(model.with_suffix(".yml").read_text("utf-8"))
    return found


def declared(model: Path, name: str) -> dict[str, Any]:
    """One part of what a model's YAML declares."""
    found: dict[str, Any] = document(model)["models"][0]["config"]["meta"].get(name, {})
    return found


def expected(unit_test: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that one unit test expects, written as rows or as SQL."""
    rows = unit_test["expect"]["rows"]
    if isinstance(rows, str):
        answer = duckdb.sql(f"select leg_id, unit_key, outcome, reason_code from ({rows})")
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]
    return list(rows)


@cache
def shown(model: Path) -> list[dict[str, Any]]:
    """Every row that the unit tests of a model expect."""
    return [row for unit_test in document(model)["unit_tests"] for row in expected(unit_test)]


def wording(row: dict[str, Any]) -> str:
    """Outcome and reason as declared: what was accepted bears its exception's name."""
    if row["outcome"] == "EXCEPTION_ACCEPTED" or row["reason_code"] is None:
        return str(row["outcome"])
    return f"{row['outcome']} {row['reason_code']}"


@every_model
def test_unit_tests_show_exactly_the_outcomes_that_each_leg_can_have(model: Path) -> None:
    for leg, outcomes in declared(model, "outcomes").items():
        found = {wording(row) for row in shown(model) if row["leg_id"] == leg}
        assert sorted(set(outcomes) - found) == [], f"{leg}: no unit test shows"
        assert sorted(found - set(outcomes)) == [], f"{leg}: not declared"


@every_model
def test_every_computable_leg_is_declared(model: Path) -> None:
    """A leg of the library's that had no source in the first set is declared once it is judged."""
    legs = {r["leg_id"]: r["spine"] for r in seed("control_test_leg", model)}
    judged = {row["leg_id"] for row in shown(model) if row["outcome"] not in UNJUDGED}
    computable = {leg for leg, spine in legs.items() if spine != "not_connected"}
    assert declared(model, "outcomes").keys() == computable | judged


@every_model
def test_no_occurrence_is_shown(model: Path) -> None:
    assert any(expected(unit_test) == [] for unit_test in document(model)["unit_tests"])


@every_model
def test_both_sides_of_each_threshold_are_shown(model: Path) -> None:
    units = {f"{row['leg_id']} {row['unit_key']}" for row in shown(model)}
    outcomes = {f"{row['leg_id']} {row['unit_key']} {row['outcome']}" for row in shown(model)}
    for pair in (pair for pairs in declared(model, "thresholds").values() for pair in pairs):
        assert len(pair) == 2
        for side in pair:
            unit = side.removesuffix(" no row")
            assert unit not in units if unit != side else side in outcomes, side


@every_model
def test_every_parameter_has_its_thresholds_or_is_said_to_be_unread(model: Path) -> None:
    thresholds, unread = declared(model, "thresholds").keys(), declared(model, "unread").keys()
    assert thresholds | unread == {row["name"] for row in seed("test_parameter", model)}
    assert not thresholds & unread


@every_model
def test_the_scope_is_asked_where_the_library_reads_it(model: Path) -> None:
    unread: list[str] = []

    def settle(_: str, legs: list[str], scope_unread: tuple[str, ...] = (), **__: Any) -> str:
        unread.extend(leg for leg in legs if leg in scope_unread)
        return ""

    environment, text = jinja2.Environment(), model.read_text("utf-8")
    macros = jinja2.meta.find_undeclared_variables(environment.parse(text))
    silent = {name: lambda *_, **__: "" for name in macros}
    environment.from_string(text).render({**silent, "settle": settle})
    reads = {
        row["leg_id"]
        for row in seed("leg_field", model)
        if (row["stream"], row["field"], row["is_required"]) == ("assets.asset", "in_scope", "true")
    }
    assert set(unread) == {r["leg_id"] for r in seed("control_test_leg", model)} - reads
