"""Every dbt unit test passes, and every control test has them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from muniment import transformation
from muniment.database import SETTINGS
from warehouse_home import START, WarehouseHome


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What dbt says of each unit test, run on an empty warehouse."""
    from dbt.cli.main import dbtRunner

    folder = tmp_path_factory.mktemp("units")
    home = WarehouseHome(folder)
    home.build(START)
    output = {"type": "duckdb", "path": str(home.path), "schema": "main", "settings": SETTINGS}
    profile = {"muniment": {"target": "w", "outputs": {"w": {**output, "threads": 1}}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile))
    answer = dbtRunner().invoke(
        [
            "test", "--select", "test_type:unit",
            "--project-dir", str(transformation.PROJECT), "--profiles-dir", str(folder),
            "--target-path", str(home.path.parent / "target"),
            "--log-path", str(folder / "logs"), "--log-level", "none",
            "--vars", json.dumps({"control_tests": transformation.control_tests()}),
        ]
    )  # fmt: skip
    transformation.close_database()
    assert answer.exception is None, str(answer.exception)
    found: list[Any] = list(answer.result.results)  # type: ignore[union-attr]
    return found


def test_all_pass(results: list[Any]) -> None:
    failed = {r.node.name: r.message for r in results if str(r.status) != "pass"}
    assert failed == {}
    assert len(results) > 20


def test_every_control_test_has_unit_tests(results: list[Any]) -> None:
    tested = {result.node.tested_node_unique_id.rsplit(".", 1)[-1] for result in results}
    models = set(transformation.control_tests())
    assert models - tested == set()
    assert models
