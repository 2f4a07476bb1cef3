"""Every dbt unit test passes; which ones there must be: `tests/contract/test_leg_outcomes.py`."""

from __future__ import annotations

from typing import Any

import pytest
import unit_tests


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What dbt says of each unit test, run on an empty warehouse."""
    return unit_tests.run(tmp_path_factory.mktemp("units"), [])


def test_all_pass(results: list[Any]) -> None:
    assert unit_tests.failures(results) == {}
    assert len(results) > 20
