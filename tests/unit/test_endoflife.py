"""endoflife: releases in any of three forms, and products that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from http_source import Answer, HttpSource, serving
from muniment.sources.endoflife import INVENTORY

DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")
FORMS = {
    "product": {"result": {"name": "ubuntu", "releases": [{"name": "22.04"}, {"name": "24.04"}]}},
    "record": {"releases": [{"releaseCycle": "22.04"}, {"releaseCycle": "24.04"}]},
    "cycles": [{"cycle": "22.04", "eol": "2027-04-01"}, {"cycle": "24.04", "eol": False}],
}  # fmt: skip


@pytest.fixture
def source() -> Iterator[HttpSource]:
    with serving() as server:
        yield server


def asked(source: HttpSource, folder: Path, answers: dict[str, Any], **options: Any) -> Collector:
    source.reply = lambda a: Answer(answers.get(a.path, {}), 200 if a.path in answers else 404)
    return collector(folder, source, "endoflife", options)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_cut_into_releases(source: HttpSource, tmp_path: Path, form: str) -> None:
    path = "/api/ubuntu.json" if form == "cycles" else "/api/v1/products/ubuntu"
    options = {"path": "/api/{product}.json"} if form == "cycles" else {}
    run = asked(source, tmp_path, {path: FORMS[form]}, products=["ubuntu"], **options)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    assert proofs(result, INVENTORY) == [("snapshot_count", "2026-01-06", "2026-01-07")]
    assert run.commit(result).records["release"] == 2
    contexts = [line["context"] for line in run.kept(result, "requests")]
    assert contexts == [{"product": "ubuntu"}]


def test_a_product_that_is_not_there_leaves_the_day_unproven(
    source: HttpSource, tmp_path: Path
) -> None:
    answers = {"/api/v1/products/ubuntu": FORMS["product"]}
    run = asked(source, tmp_path, answers, products=["ubuntu", "plan-9"])
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, INVENTORY) == [("not_provable", "2026-01-06", "2026-01-07")]
    assert "plan-9" in result.warnings[0]


@pytest.mark.parametrize("body", [{}, [{"name": "x"}], {"result": []}, {"releases": 1}, "text", 4])
def test_another_form_is_a_failure(source: HttpSource, tmp_path: Path, body: Any) -> None:
    run = asked(source, tmp_path, {"/api/v1/products/ubuntu": body}, products=["ubuntu"])
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert "expected the releases of a product" in result.failure.reason
