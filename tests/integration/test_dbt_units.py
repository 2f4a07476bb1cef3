"""Every dbt unit test passes, and every control test has them."""

from __future__ import annotations

from typing import Any

import pytest
import unit_tests

from muniment import transformation


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What dbt says of each unit test, run on an empty warehouse."""
    return unit_tests.run(tmp_path_factory.mktemp("units"), [])


def test_all_pass(results: list[Any]) -> None:
    assert unit_tests.failures(results) == {}
    assert len(results) > 20


def test_every_control_test_has_unit_tests(results: list[Any]) -> None:
    tested = {result.node.tested_node_unique_id.rsplit(".", 1)[-1] for result in results}
    models = set(transformation.control_tests())
    assert models - tested == set()
    assert models
