"""Real runs of the DAGs, without a scheduler: what is green, what is red, and what the red says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from file_home import DAY, END, NOW, Home
from muniment import committing
from muniment.warehouse import WAREHOUSE_PATH

ROOT = Path(__file__).resolve().parents[2]
PERIOD = {"first_day": DAY, "end_day": END}
MARK = "=== how it ended: "
FAILED = "insert into ops.failed_tests values ('IAM-04', 'out of luck')"
#: runs DAGs one after the other in one process, whose start is what takes long; after each a line
#: with its state and the states of its tasks
RUN = f"""
import importlib, json, pathlib, sys
import duckdb, outbound
reached = pathlib.Path(sys.argv[2]).open("a", buffering=1)
outbound.watch(lambda tried: reached.write(tried + "\\n"))
from airflow.utils.db import initdb
initdb()
for dag, conf, skipped, failed in json.loads(sys.argv[1]):
    if failed:
        with duckdb.connect(failed) as warehouse:
            warehouse.execute("{FAILED}")
    dag = importlib.import_module(dag).DAG
    run = dag.test(run_conf=conf, mark_success_pattern=skipped)
    states = {{}}
    for item in run.get_task_instances():
        states.setdefault(item.task_id, []).append(item.state)
    print("\\n{MARK}" + json.dumps([run.state, states]), flush=True)
"""


@dataclass(frozen=True)
class Ended:
    """How a run ended; `said`: everything that it logged; `reached`: a file, see `outbound`."""

    home: Home
    state: str
    states: dict[str, list[str]]
    said: str
    reached: Path

    @property
    def red(self) -> set[str]:
        return {task for task, states in self.states.items() if set(states) != {"success"}}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """A run without a folder, its pack, one after a run cut short, one with a failed test."""
    homeless = Home.make(tmp_path_factory.mktemp("homeless"))
    shutil.rmtree(homeless.folder / "drop/images")
    stuck = Home.make(tmp_path_factory.mktemp("stuck"))
    stuck.lose_a_pending_object("sast")
    pack = {"framework": "soc2", "out": str(homeless.folder / "pack.zip"), "release": None}
    runs: dict[str, tuple[str, Home, dict[str, object], str | None]] = {
        "no folder": ("evidence_daily", homeless, {}, None),
        "pack": ("audit_pack", homeless, pack, None),
        # building again would show nothing more: as if these two tasks had given nothing
        "stuck": ("evidence_daily", stuck, {}, "^(build|publish)$"),
        # nor here: a row is what the failure leaves in the warehouse, see `FAILED`
        "failed test": ("evidence_daily", homeless, {}, "(source.*|assess|build)"),
    }
    asked = [
        (
            dag, {"config": str(home.config), "now": NOW, **PERIOD, **more}, skipped,
            str(home.settings.home.local_path(WAREHOUSE_PATH)) if name == "failed test" else None,
        )
        for name, (dag, home, more, skipped) in runs.items()
    ]  # fmt: skip
    airflow = tmp_path_factory.mktemp("airflow")
    reached = airflow / "reached"
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(asked), str(reached)], text=True, timeout=600,
        env=_airflow(airflow), cwd=homeless.folder,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    said, found = done.stdout.split(MARK), {}
    for no, (name, (_, home, _, _)) in enumerate(runs.items()):
        found[name] = Ended(home, *json.loads(said[no + 1].splitlines()[0]), said[no], reached)
    return found


def _airflow(folder: Path) -> dict[str, str]:
    import airflow_home

    before = dict(os.environ)
    airflow_home.configure(folder)
    paths = [str(ROOT / name) for name in ("dags", "plugins", "tests")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    os.environ.clear()
    os.environ.update(before)
    return environment


def test_a_missing_folder_makes_the_last_task_alone_red(ended: dict[str, Ended]) -> None:
    run = ended["no folder"]
    assert (run.state, run.red) == ("failed", {"tell"}), run.states
    assert len(run.states["source.commit"]) == 3
    assert f"images: 1 day(s) from {DAY} to {DAY}: The source failed" in run.said
    assert run.home.words("images") == {"GAP"}
    assert run.home.words("sast") == run.home.words("roster") == {"COMPLETE"}


def test_a_control_test_that_failed_to_run_makes_the_last_task_alone_red(
    ended: dict[str, Ended],
) -> None:
    run = ended["failed test"]
    assert (run.state, run.red) == ("failed", {"tell"}), run.states
    assert "IAM-04: the control test failed to run" in run.said
    assert "IAM-04" not in ended["no folder"].said


def test_a_pack_is_cut_on_demand(ended: dict[str, Ended]) -> None:
    run = ended["pack"]
    assert (run.state, run.red) == ("success", set()), run.states
    assert (run.home.folder / "pack.zip").stat().st_size > 0


def test_a_collection_that_cannot_be_finished_stops_nothing_and_is_named(
    ended: dict[str, Ended],
) -> None:
    run = ended["stuck"]
    assert (run.state, run.red) == ("failed", {"recover", "tell"}), run.states
    [receipt_id] = committing.pending(run.home.settings.home, "sast")
    assert run.said.count(f"sast: collection {receipt_id} has no receipt.") >= 2
    assert run.home.words("images") == run.home.words("roster") == {"COMPLETE"}


def test_a_run_that_published_nothing_is_not_green(ended: dict[str, Ended]) -> None:
    assert "Nothing was published: the task" in ended["stuck"].said


def test_no_run_reaches_out(ended: dict[str, Ended]) -> None:
    assert ended["no folder"].reached.read_text("utf-8") == ""
