"""Rules that every dbt model keeps, whoever writes the next one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"


@pytest.mark.parametrize("path", sorted(MODELS.rglob("*.sql")), ids=lambda path: path.stem)
def test_no_model_reads_a_source_s_time_without_its_offset(path: Path) -> None:
    """DuckDB drops the offset in a cast to timestamp: `{{ earliest(…) }}` keeps it."""
    found = re.findall(r"try_cast\([^\n]*(?:->>|\.\"|\b[a-z_]+\.[a-z_]+)[^\n]* as timestamp\)",
                       path.read_text("utf-8"))  # fmt: skip
    assert found == []


@pytest.mark.parametrize("path", sorted(MODELS.rglob("*.sql")), ids=lambda path: path.stem)
def test_no_model_asks_the_clock(path: Path) -> None:
    text = re.sub(r"--[^\n]*|\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL).lower()
    assert not re.search(
        r"\b(now\(\)|current_date|current_timestamp|today\(\)|run_started_at)", text
    )
