"""The simulated Airflow answers as the installed Airflow's own API description says."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from muniment.sandbox.server import serve

CLOCK = datetime(2026, 1, 20, 2, 30, tzinfo=UTC)
OPENAPI = "api_fastapi/core_api/openapi/v2-rest-api-generated.yaml"
PATH = "/api/v2/eventLogs"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    found = importlib.util.find_spec("airflow")
    assert found is not None
    assert found.submodule_search_locations is not None
    file = Path(found.submodule_search_locations[0]) / OPENAPI
    loaded: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return loaded


def test_pages_of_the_event_log_fit_airflows_schema(
    tmp_path: Path, described: dict[str, Any]
) -> None:
    answer = {"$ref": "#/components/schemas/EventLogCollectionResponse"}
    schema = Draft202012Validator(
        {**answer, "components": described["components"]}, format_checker=FormatChecker()
    )
    query = {"after": "2026-01-15T00:00:00Z", "before": "2026-01-20T00:00:00Z", "limit": "20"}
    with serve(3, tmp_path, clock=CLOCK) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.token('airflow')}"}
        page = requests.get(
            f"{sandbox.url}/airflow{PATH}", params=query, headers=headers, timeout=10
        ).json()
    assert list(schema.iter_errors(page)) == []
    assert page["total_entries"] > len(page["event_logs"]) == 20


def test_the_connector_asks_with_parameters_that_airflow_knows(described: dict[str, Any]) -> None:
    known = {one["name"] for one in described["paths"][PATH]["get"]["parameters"]}
    assert {"after", "before", "order_by", "limit", "offset"} <= known
