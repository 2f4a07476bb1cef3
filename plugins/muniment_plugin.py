"""The Airflow adapter: what the DAGs need of Airflow, and nothing of the library's own work."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import BaseHook, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from muniment.connections import Connection, Fields
from muniment.errors import MunimentError, UsageError

if TYPE_CHECKING:
    from muniment import pipeline

ROOT = Path(__file__).resolve().parent.parent
#: the one slot that owns the warehouse; the scheduler starts no task of a pool that is not there
WAREHOUSE_POOL = "muniment_warehouse"


class MunimentPlugin(AirflowPlugin):
    """Registers the adapter's name with Airflow."""

    name = "muniment"


def config_path(params: dict[str, Any]) -> str:
    """The configuration of a run: its parameter, else MUNIMENT_CONFIG, else the checkout's own."""
    chosen = params.get("config") or os.environ.get("MUNIMENT_CONFIG")
    return str(chosen or ROOT / "muniment.yml")


def airflow_connection(connection_id: str) -> Connection:
    """The connection from whichever secrets backend Airflow uses. Raises UsageError.

    Its fields are read, never its URI: the command line makes the same connection of them.
    """
    try:
        found = BaseHook.get_connection(connection_id)
    except Exception as error:  # noqa: BLE001 (any backend; its text may hold the connection)
        raise UsageError(
            f"Connection '{connection_id}' is not defined in Airflow ({type(error).__name__}). "
            f"Nothing was collected from it. Define it in Airflow, or set "
            f"AIRFLOW_CONN_{connection_id.upper()}."
        ) from None
    return Fields(
        conn_type=found.conn_type or "",
        host=found.host or "",
        schema=found.schema or "",
        login=found.login or "",
        password=found.password or "",
        port=found.port,
        extra=found.extra or "",
    ).connection(connection_id)


def step(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """A task of the path: what trying again cannot mend fails at once, in its own words."""

    def decorate(function: Callable[..., Any]) -> Any:
        @wraps(function)
        def told(*arguments: Any, **named: Any) -> Any:
            try:
                return function(*arguments, **named)
            except MunimentError as error:
                raise AirflowFailException(str(error)) from None

        return task(**options)(told)

    return decorate


def current_run() -> pipeline.Run:
    """The pipeline's run of the task that asks: the DAG run's id, clock and configuration."""
    from muniment import pipeline  # heavy: not at parse time

    context = get_current_context()
    params = context["params"]
    return pipeline.start_run(
        config_path(params),
        now=params.get("now"),
        run_id=str(context["run_id"]),
        connections=airflow_connection,
    )


def day_param(name: str) -> date | None:
    """A day given to this run as parameter. Raises UsageError."""
    text = get_current_context()["params"].get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"parameter {name}: found '{text}', expected 2026-01-31.") from error
