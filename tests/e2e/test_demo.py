"""`make demo`: from nothing to an answer that can be verified; a second call is safe and faster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


def _demo(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "demo.py"), "--folder", str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
        env={**os.environ, "COLUMNS": "160"},
    )  # fmt: skip


def _left_behind(folder: Path) -> list[str]:
    """Processes that still work on the folder."""
    lines = [" ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(folder) in line]


def test_the_demo_ends_with_what_a_person_needs_and_goes_on_after_ctrl_c(tmp_path: Path) -> None:
    stopped = _demo(tmp_path)
    assert stopped.stdout is not None
    for line in stopped.stdout:
        if "okta" in line and "records" in line:
            break
    children = psutil.Process(stopped.pid).children(recursive=True)
    stopped.send_signal(signal.SIGINT)
    said = stopped.communicate(timeout=60)[0]
    assert stopped.returncode == 130, said
    assert "Traceback" not in said
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert _left_behind(tmp_path) == []

    first = _demo(tmp_path)
    said = first.communicate(timeout=600)[0]
    assert first.returncode == 0, said[-3000:]
    for word in (
        "SIMULATED COMPANY", "Ledger", "Proven, per system", "three counts", "Exceptions",
        "Frontier", "Release", "Pack", "Try next", "evidence_daily ended: success", "Real evidence",
    ):  # fmt: skip
        assert word in said, f"{word} is missing from: {said[-3000:]}"
    assert "evidence_daily ended: failed" not in said

    again = _demo(tmp_path)
    said = again.communicate(timeout=600)[0]
    assert again.returncode == 0, said[-3000:]
    assert said.count("published before, nothing to do") == 3
