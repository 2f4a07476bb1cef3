"""Airflow's own folder and settings for the demo and for `make up`: offline, loopback, quiet."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def configure(folder: Path) -> None:
    """Points this process and its children at one Airflow home (SQLite, no examples)."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        AIRFLOW_HOME=str(folder),
        AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
        AIRFLOW__CORE__PLUGINS_FOLDER=str(ROOT / "plugins"),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{folder / 'airflow.db'}",
        AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
        AIRFLOW__LOGGING__BASE_LOG_FOLDER=str(folder / "logs"),
        AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING",
        AIRFLOW__LOGGING__COLORED_CONSOLE_LOG="False",
        DO_NOT_TRACK="1",
        DBT_SEND_ANONYMOUS_USAGE_STATS="false",
        GX_ANALYTICS_ENABLED="false",
    )
