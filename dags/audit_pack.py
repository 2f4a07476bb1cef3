"""An audit pack on demand: the same parameters as `muniment pack build`, as a form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context

from muniment_plugin import current_run, day_param, step

DAY: dict[str, Any] = {"type": "string", "format": "date"}


@dag(
    dag_id="audit_pack",
    schedule=None,
    max_active_runs=1,
    tags=["evidence"],
    doc_md=__doc__,
    params={
        "framework": Param("soc2", type="string", description="soc2, gdpr, vendor-guardrails, …"),
        "first_day": Param("2026-01-01", **DAY, description="First day of the period."),
        "end_day": Param("2026-02-01", **DAY, description="End day, exclusive."),
        "out": Param("pack.zip", type="string", description="The ZIP file to write."),
        "release": Param(None, type=["null", "integer"], description="Default: the current one."),
        "config": Param(None, type=["null", "string"], description="Default: muniment.yml."),
        "now": Param(None, type=["null", "string"], description="Simulated companies only."),
    },
    default_args={"retries": 0, "execution_timeout": timedelta(hours=1)},
)
def audit_pack() -> None:
    """Wiring only: the pack is cut by `muniment.packs`."""

    @step()
    def build() -> str:
        """Cut the pack from one release."""
        from pathlib import Path

        from muniment import packs
        from muniment.errors import UsageError

        params = get_current_context()["params"]
        first, end = day_param("first_day"), day_param("end_day")
        if first is None or end is None:
            raise UsageError("first_day and end_day are needed.")
        run = current_run()
        built = packs.build_pack(
            run.settings, params["framework"], first, end, Path(params["out"]),
            now=run.now, release_id=params["release"],
        )  # fmt: skip
        return str(built.path)

    build()


DAG = audit_pack()
