"""Measures over the simulated company: an ordinary day upon a long and upon a short history.

History is collected in windows and built once at its end; then each ordinary day runs the whole
path in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import requests

from muniment import pipeline
from muniment.pipeline import Run
from muniment.sandbox.configuration import SPINE, write_configuration
from muniment.sandbox.times import HISTORY_START as FIRST_DAY

DAY = timedelta(days=1)
STEPS = ("plan", "collect", "index", "commit", "assess", "build", "publish")


@contextmanager
def served(folder: Path) -> Iterator[None]:
    """The sandbox company in a process of its own, with a configured home in the same folder."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "muniment", "sandbox", "serve", "--home", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        pairs = [server.stdout.readline().strip().partition("=") for _ in range(2)]
        variables = {name: value for name, _, value in pairs}
        write_configuration(folder / "muniment.yml", folder, "home", SPINE)
        (folder / "served.json").write_text(json.dumps({"url": url, "variables": variables}))
        yield
    finally:
        server.terminate()
        server.wait()


def history(folder: Path, skipped: str, days: str, window_days: str) -> dict[str, Any]:
    """So many days after the company's first `skipped`, window by window, built, published."""
    started = time.perf_counter()
    first = FIRST_DAY + int(skipped) * DAY
    end = first + int(days) * DAY
    while first < end:
        window_end = min(first + int(window_days) * DAY, end)
        run = _run(folder, window_end - DAY)
        for planned in pipeline.plan(run, first, window_end):
            collection = pipeline.collect(run, planned.source_id, planned.window)
            pipeline.index(run, planned.source_id, collection.receipt_id)
            pipeline.commit(run, planned.source_id, collection.receipt_id)
        first = window_end
    pipeline.assess(run)
    pipeline.build(run)
    pipeline.publish(run)
    return {"seconds": time.perf_counter() - started, "window_days": int(window_days)}


def ordinary_day(folder: Path, number: str) -> dict[str, Any]:
    """The company's day of that number, the whole path; seconds by step, and records received.

    The libraries that steps load when first used are loaded before, under `start`: their constant
    seconds would make the ratio of two histories look better than it is.
    """
    started = time.perf_counter()
    import dbt.cli.main  # noqa: F401  # loaded for its seconds

    import muniment.gx_runner  # noqa: F401  # loaded for its seconds

    seconds: defaultdict[str, float] = defaultdict(float)
    seconds["start"] = time.perf_counter() - started
    run = _run(folder, FIRST_DAY + int(number) * DAY)

    def timed(step: str, function: Callable[..., Any], *arguments: Any) -> Any:
        before = time.perf_counter()
        answer = function(run, *arguments)
        seconds[step] += time.perf_counter() - before
        return answer

    records = 0
    windows = timed("plan", pipeline.plan)
    for planned in windows:
        collection = timed("collect", pipeline.collect, planned.source_id, planned.window)
        timed("index", pipeline.index, planned.source_id, collection.receipt_id)
        receipt = timed("commit", pipeline.commit, planned.source_id, collection.receipt_id)
        records += receipt.leaf_count
    timed("assess", pipeline.assess)
    timed("build", partial(pipeline.build, is_assessed=True))  # as `muniment run` does
    timed("publish", pipeline.publish)
    return {
        "steps": dict(seconds), "records": records, "windows": len(windows),
        "seconds": sum(seconds[step] for step in STEPS),
    }  # fmt: skip


def coverage(folder: Path, days: int) -> float:
    """Seconds of `muniment coverage` on so many days, as a process from its start to its end."""
    command = [
        sys.executable, "-m", "muniment", "coverage", "--framework", "soc2",
        "--config", str(folder / "muniment.yml"), "--format", "json",
        "--from", str(FIRST_DAY), "--to", str(FIRST_DAY + days * DAY),
    ]  # fmt: skip
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _run(folder: Path, day: date) -> Run:
    """A run two hours after the day's end, the sandbox's clock set to it."""
    served_at = json.loads((folder / "served.json").read_text())
    os.environ.update(served_at["variables"])
    moment = datetime(day.year, day.month, day.day, 2, tzinfo=UTC) + DAY
    answer = requests.put(
        f"{served_at['url']}/_sandbox/clock", json={"clock": moment.isoformat()}, timeout=60
    )
    answer.raise_for_status()
    return pipeline.start_run(str(folder / "muniment.yml"), now=moment.isoformat())


MEASURES: dict[str, Callable[..., dict[str, Any]]] = {
    "history": history, "ordinary_day": ordinary_day,
}  # fmt: skip
