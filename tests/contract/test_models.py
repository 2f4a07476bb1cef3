"""Rules that every dbt model keeps, whoever writes the next one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from muniment.sources import discover

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
#: macros too: the parts of a long control test stand there
WRITTEN = sorted(file for part in ("models", "macros") for file in (PROJECT / part).rglob("*.sql"))


def _sql(path: Path) -> str:
    """What a model says, without its comments, in lower case."""
    return re.sub(r"--[^\n]*|\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL).lower()


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_no_model_reads_a_source_s_time_without_its_offset(path: Path) -> None:
    """DuckDB drops the offset in a cast to timestamp: `{{ instant(…) }}` keeps it."""
    found = re.findall(r"try_cast\([^\n]*(?:->>|\.\"|\b[a-z_]+\.[a-z_]+)[^\n]* as timestamp\)",
                       path.read_text("utf-8"))  # fmt: skip
    assert found == []


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_no_model_asks_the_clock(path: Path) -> None:
    assert not re.search(
        r"\b(now\(\)|current_date|current_timestamp|today\(\)|run_started_at)", _sql(path)
    )


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_no_model_aggregates_over_all_rows_in_a_window(path: Path) -> None:
    """`min(…) over ()` on two threads ends DuckDB 1.5.5 now and then (duckdb issue 25713)."""
    windows = re.findall(r"(\w+)\([^()]*(?:\([^()]*\))?[^()]*\)\s*over\s*\(\s*\)", _sql(path))
    assert set(windows) <= {"row_number"}


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "models" / "staging").rglob("*.sql")), ids=lambda path: path.stem
)
def test_no_staging_model_rounds_a_day_to_one_of_its_ends(path: Path) -> None:
    """One column holds one instant: a bare date is none, and `earliest` alone would make it one."""
    assert not re.search(r"\b(earliest|latest)\(", path.read_text("utf-8"))


def test_what_a_kind_says_of_a_frame_is_united_there() -> None:
    """A macro without its line in the frame's list would leave a whole system out, in silence."""
    written: dict[str, Path] = {}
    for path in (PROJECT / "macros").rglob("*.sql"):
        for name in re.findall(r"\{%-? macro (\w+__\w+)\(", path.read_text("utf-8")):
            written[name] = path
    listed: list[str] = []
    for path in (PROJECT / "models" / "intermediate").glob("*.sql"):
        for kind, name in re.findall(r"^ +'(\w+)': (\w+__\w+),$", path.read_text("utf-8"), re.M):
            assert name.partition("__")[2] == kind
            assert kind in discover(), f"{path.name}: no kind '{kind}'"
            listed.append(name)
    assert sorted(listed) == sorted(written)
    for name, path in written.items():
        assert path.relative_to(PROJECT / "macros").with_suffix("").parts == tuple(name.split("__"))
