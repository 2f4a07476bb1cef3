"""Every day's evidence: plan, collect each source on its own, assess, build, publish, tell.

A failed source stays alone: its days are gaps in the ledger, everything else goes on, and the last
task fails red to name what is missing. Running again heals what the source still gives.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.sdk import Param, dag, task_group

from muniment_plugin import WAREHOUSE_POOL, current_run, day_param, step

DAY = {"type": ["null", "string"], "format": "date"}


@step()
def recover() -> list[str]:
    """Finish what an interrupted run left."""
    from muniment import pipeline

    return [receipt.receipt_id for receipt in pipeline.recover(current_run())]


@step()
def plan() -> list[dict[str, str]]:
    """Work out every window that is still open."""
    from muniment import pipeline

    planned = pipeline.plan(current_run(), day_param("first_day"), day_param("end_day"))
    return [item.to_json() for item in planned]


@step()
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
def publish() -> None:
    """Seal the release and move `current`."""
    from muniment import pipeline

    pipeline.publish(current_run())


@step(trigger_rule="all_done", retries=0)
def tell(planned: list[dict[str, str]] | None) -> None:
    """Fail red where evidence is missing, and name it."""
    from muniment import ledger, pipeline
    from muniment.errors import EvidenceError
    from muniment.planning import planned_from_json

    if planned is None:
        raise EvidenceError("Nothing was planned: the task `plan` says why. Nothing was collected.")
    windows = [planned_from_json(item) for item in planned]
    missing = pipeline.shortfalls(ledger.read(current_run().settings.home), windows)
    if missing:
        raise EvidenceError(pipeline.told(missing))


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
    collected = source.expand(planned=windows)
    collected >> assess() >> build() >> publish() >> tell(windows)


DAG = evidence_daily()
