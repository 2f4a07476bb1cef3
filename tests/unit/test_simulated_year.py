"""What `make up` and the served company say of a clock outside the simulated year."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from up import Clock

from muniment.sandbox.server import serve

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
LAST, AFTER = datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
SAID = "2027-01-01 lies outside the simulated year (2026-01-01 to 2026-12-31)"


def test_make_up_says_once_that_the_simulated_year_is_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(1, tmp_path, clock=datetime(2026, 1, 2, tzinfo=UTC)) as sandbox:
        clock = Clock(sandbox)
        clock.set(LAST)
        assert capsys.readouterr().out == ""
        clock.set(AFTER)
        clock.set(AFTER)
        said = capsys.readouterr().out
        assert sandbox.clock == AFTER
    assert SAID in said
    assert len(said.splitlines()) == 1


def test_serving_says_so_too_and_not_among_the_addresses(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "muniment", "sandbox", "serve", "--home", str(tmp_path)]
    with subprocess.Popen(
        [*command, "--clock", AFTER.isoformat()], env={**os.environ, "PYTHONPATH": str(PLUGINS)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        address = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        said, note = process.communicate(timeout=20)
    assert process.returncode == 0
    assert SAID in note
    assert address.startswith("http://127.0.0.1:")
    assert all(line.startswith("AIRFLOW_CONN_") for line in said.splitlines())
