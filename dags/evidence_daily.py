"""Every day's evidence: plan, collect each source on its own, assess, build, publish, tell.

A failed source stays alone: its days are gaps in the ledger, everything else goes on, and the last
task fails red to name what is missing. Running again heals what the source still gives.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, task_group

from muniment_plugin import WAREHOUSE_POOL, current_run, day_param, step

#: a collection may wait for two hours for its source's limits (`max_wait_s` of the kinds)
COLLECT_TIMEOUT = timedelta(hours=3)
DAY: dict[str, Any] = {"type": ["null", "string"], "format": "date"}


@step()
def recover() -> list[str]:
    """Finish what an interrupted run left; what cannot be finished waits, and stops nothing."""
    from muniment import pipeline
    from muniment.errors import EvidenceError

    recovered = pipeline.recover(current_run())
    if recovered.stuck:
        raise EvidenceError("\n".join(map(str, recovered.stuck)))
    return [receipt.receipt_id for receipt in recovered.receipts]


@step(trigger_rule="all_done")
def plan() -> list[dict[str, str]]:
    """Work out every window that is still open."""
    from muniment import pipeline

    planned = pipeline.plan(current_run(), day_param("first_day"), day_param("end_day"))
    return [item.to_json() for item in planned]


@step(execution_timeout=COLLECT_TIMEOUT)
def collect(planned: dict[str, str]) -> dict[str, str]:
    """Ask one source for one window."""
    from muniment import pipeline
    from muniment.planning import planned_from_json

    item = planned_from_json(planned)
    collection = pipeline.collect(current_run(), item.source_id, item.window)
    return {"source_id": item.source_id, "receipt_id": collection.receipt_id}


@step()
def index(collected: dict[str, str]) -> dict[str, str]:
    """Turn its objects into Bronze."""
    from muniment import pipeline

    pipeline.index(current_run(), **collected)
    return collected


@step()
def commit(indexed: dict[str, str]) -> None:
    """Fix the records and write the receipt."""
    from muniment import pipeline

    pipeline.commit(current_run(), **indexed)


@task_group
def source(planned: dict[str, str]) -> None:
    """One source, alone with its failures."""
    commit(index(collect(planned)))


@step(trigger_rule="all_done")
def assess() -> None:
    """Decide per source and day."""
    from muniment import pipeline

    pipeline.assess(current_run())


@step(pool=WAREHOUSE_POOL)
def build() -> None:
    """Build the warehouse."""
    from muniment import pipeline

    pipeline.build(current_run())


@step(pool=WAREHOUSE_POOL)
def publish() -> int:
    """Seal the release and move `current`; gives its number."""
    from muniment import pipeline

    return pipeline.publish(current_run()).number


@step(trigger_rule="all_done", retries=0)
def tell(planned: list[dict[str, str]] | None, release: int | None) -> None:
    """Fail red where evidence falls short, and name it: the run is as red as this task."""
    from muniment import ledger, outstanding, pipeline, queries
    from muniment.errors import EvidenceError
    from muniment.planning import planned_from_json

    if planned is None:
        raise EvidenceError("Nothing was planned: the task `plan` says why. Nothing was collected.")
    settings = current_run().settings
    windows = [planned_from_json(item) for item in planned]
    failed = {} if release is None else queries.failed_tests(settings, release)
    left = outstanding.left_by(
        ledger.read(settings.home), windows, outstanding.waiting(settings), failed
    )
    if release is None:
        unpublished = "Nothing was published: the task `assess`, `build` or `publish` says why."
        raise EvidenceError(f"{unpublished}\n{left}")
    if left.exit_code:
        raise EvidenceError(str(left))
    if left.unsettled:
        pipeline.progress.warning("%s", left)


@dag(
    schedule=os.environ.get("MUNIMENT_SCHEDULE", "0 2 * * *"),
    start_date=datetime(2026, 1, 1),
    catchup=False,  # windows come from the ledger, which knows every day still open
    max_active_runs=1,
    tags=["evidence"],
    doc_md=__doc__,
    params={
        "first_day": Param(None, **DAY, description="First day; default: all that is open."),
        "end_day": Param(None, **DAY, description="End day, exclusive; default: today."),
        "config": Param(None, type=["null", "string"], description="Default: muniment.yml."),
        "now": Param(None, type=["null", "string"], description="Simulated companies only."),
    },
    default_args={
        "retries": 1,
        "retry_delay": timedelta(seconds=30),
        "execution_timeout": timedelta(hours=2),
    },
)
def evidence_daily() -> None:
    """Wiring only: every step is a function of `muniment.pipeline`."""
    windows = plan()
    recover() >> windows
    release = publish()
    source.expand(planned=windows) >> assess() >> build() >> release
    tell(windows, release)


DAG = evidence_daily()
