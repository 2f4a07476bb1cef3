"""The DAGs load whatever the configuration says, and hold what the schedule needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from muniment.sources import discover

ROOT = Path(__file__).resolve().parents[2]

PROBE = """
import json
from airflow.dag_processing.dagbag import DagBag
bag = DagBag()
print(json.dumps({"errors": {k: str(v) for k, v in bag.import_errors.items()},
  "dags": {d.dag_id: {"tasks": sorted(d.task_ids), "max_active_runs": d.max_active_runs,
    "collect_timeout_s": [t.execution_timeout.total_seconds() for t in d.tasks
                          if t.task_id == "source.collect"],
    "after_failures": [t.task_id for t in d.tasks if t.trigger_rule == "all_done"],
    "timeouts": all(t.execution_timeout for t in d.tasks),
    "retries": max(t.retries for t in d.tasks),
    "pools": sorted({t.pool for t in d.tasks})} for d in bag.dags.values()}}))
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, Any]]]:
    import airflow_home

    folder = tmp_path_factory.mktemp("airflow")
    broken = folder / "muniment.yml"
    broken.write_text("organisation: [broken", encoding="utf-8")
    before = dict(os.environ)
    airflow_home.configure(folder)
    environment = {**os.environ, "MUNIMENT_CONFIG": str(broken)}
    os.environ.clear()
    os.environ.update(before)
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])  # type: ignore[no-any-return]


def test_a_broken_configuration_hides_no_dag(bag: dict[str, dict[str, dict[str, Any]]]) -> None:
    assert bag["errors"] == {}
    assert set(bag["dags"]) == {"evidence_daily", "audit_pack"}


def test_a_collection_may_wait_for_its_limits(bag: dict[str, dict[str, dict[str, Any]]]) -> None:
    longest = max(
        field.default
        for connector in discover().values()
        for name, field in connector.spec.options.model_fields.items()
        if name == "max_wait_s"
    )
    assert longest >= 2 * 3600  # GitHub's limit is by the hour
    assert min(bag["dags"]["evidence_daily"]["collect_timeout_s"]) >= longest + 1800


def test_the_daily_run_has_the_paths_steps(bag: dict[str, dict[str, dict[str, Any]]]) -> None:
    daily = bag["dags"]["evidence_daily"]
    assert daily["tasks"] == sorted(
        ["recover", "plan", "source.collect", "source.index", "source.commit", "assess", "build",
         "publish", "tell"]
    )  # fmt: skip
    assert daily["max_active_runs"] == 1
    assert daily["timeouts"] is True
    assert daily["retries"] == 1
    assert set(daily["after_failures"]) == {"plan", "assess", "tell"}
    assert daily["pools"] == ["default_pool", "muniment_warehouse"]
