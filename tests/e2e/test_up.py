"""`make up`: the scheduler fires evidence_daily on its schedule, and nothing stays behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 180
RUN_LIMIT_S = 240


@pytest.fixture
def up(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "up.py"), "--folder", str(tmp_path),
         "--sources", "first"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env={**os.environ, "MUNIMENT_SCHEDULE": "* * * * *"},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _told(process: subprocess.Popen[str]) -> str:
    said = ""
    until = time.monotonic() + START_LIMIT_S
    assert process.stdout is not None
    while "Ctrl-C" not in said and time.monotonic() < until:
        line = process.stdout.readline()
        assert line, f"it ended while starting: {said}"
        said += line
    return said


def _ask(url: str, token: str | None = None, body: dict[str, str] | None = None) -> Any:
    request = urllib.request.Request(url, headers={"Content-Type": "application/json"})
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(request, data=data, timeout=20) as answer:
        return json.load(answer)


def test_a_scheduled_run_fires_and_ctrl_c_leaves_nothing(up: subprocess.Popen[str]) -> None:
    said = _told(up)
    found = re.search(r"(http://127\.0\.0\.1:\d+)\s+login (\S+), password (\S+)", said)
    assert found, said
    url, user, password = found.groups()
    children = psutil.Process(up.pid).children(recursive=True)
    listening = {
        c.laddr.ip for child in children for c in child.net_connections("inet")
        if c.status == psutil.CONN_LISTEN
    }  # fmt: skip
    assert listening <= {"127.0.0.1", "::1"}, listening
    token = _ask(f"{url}/auth/token", body={"username": user, "password": password})["access_token"]
    runs: list[dict[str, Any]] = []
    until = time.monotonic() + RUN_LIMIT_S
    while time.monotonic() < until:
        runs = _ask(f"{url}/api/v2/dags/evidence_daily/dagRuns", token)["dag_runs"]
        if any(run["state"] == "success" for run in runs):
            break
        time.sleep(3)
    assert [r for r in runs if r["run_type"] == "scheduled" and r["state"] == "success"], runs
    up.send_signal(signal.SIGINT)
    assert up.wait(timeout=60) == 0
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
