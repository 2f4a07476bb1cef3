"""`make demo`: a month of a simulated company, two ordinary days, a pack, and real evidence too.

Every run goes through the DAG `evidence_daily` on Airflow's embedded default (SQLite metadata, no
scheduler). A second call goes on from where the first ended. Ctrl-C ends everything with it: the
sandbox and Airflow live in this process.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import airflow_home
import psutil

ROOT = airflow_home.ROOT
SEED = 1
FIRST_DAY = date(2026, 1, 1)
CATCH_UP_DAYS = 30
ORDINARY_DAYS = 2
END_DAY = FIRST_DAY + timedelta(days=CATCH_UP_DAYS + ORDINARY_DAYS)
FRAMEWORK = "soc2"


class Screen:
    """What the person sees, while Airflow's and dbt's own words go to a log file."""

    def __init__(self, log: Path) -> None:
        """`log` takes everything else that this process prints."""
        self._started = time.monotonic()
        self._out = os.fdopen(os.dup(1), "w", buffering=1)
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._stdout, self._stderr = os.dup(1), os.dup(2)

    def say(self, text: str) -> None:
        """One line with the seconds since the start."""
        print(self._line(text), file=self._out)

    def say_at_once(self, text: str) -> None:
        """The same from a signal's handler, which may have come in the middle of a line."""
        os.write(self._stdout, f"\n{self._line(text)}\n".encode())

    def _line(self, text: str) -> str:
        return f"{time.monotonic() - self._started:5.0f} s  {text}"

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Sends standard output and error to the log for a while."""
        sys.stdout.flush()
        os.dup2(self._log, 1)
        os.dup2(self._log, 2)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(self._stdout, 1)
            os.dup2(self._stderr, 2)


class Progress(logging.Handler):
    """Shows the pipeline's own progress lines."""

    def __init__(self, screen: Screen) -> None:
        """`screen` is where they go."""
        super().__init__(logging.INFO)
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        """One line a step."""
        self._screen.say("  " + record.getMessage())


class Demo:
    """One demonstration in a folder of its own, which the next call goes on from."""

    def __init__(self, folder: Path) -> None:
        """`folder` keeps the company, its home, Airflow's database and the pack."""
        self.folder = folder
        self.config = folder / "company" / "muniment.yml"
        self.pack = folder / f"pack-{FRAMEWORK}.zip"
        folder.mkdir(parents=True, exist_ok=True)
        airflow_home.configure(folder / "airflow")
        os.environ["MUNIMENT_ROLE"] = "demo"
        self.log = folder / "demo.log"
        self.screen = Screen(self.log)

    def run(self) -> None:
        """The whole demonstration."""
        self.screen.say(f"Starting Airflow (its own words: {_near(self.log)}) ...")
        with self.screen.quiet():
            self.dag = _airflow()
        logger = logging.getLogger("muniment.progress")
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.handlers = [Progress(self.screen)]

        from muniment.sandbox import configuration, server

        company = self.config.parent
        with server.serve(seed=SEED, home=company, clock=_clock(FIRST_DAY)) as sandbox:
            chosen = configuration.SHOWN
            os.environ.update(sandbox.write_config(self.config, only=chosen))
            self.screen.say(f"The simulated company answers on {sandbox.url} (seed {SEED}).")
            self.screen.say(
                f"{len(chosen)} of its sources are asked here; `make up` asks them all."
            )
            for first, end in _windows():
                self._simulated(sandbox, first, end)
        self._real()
        self._cut()
        self._tell()

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Ends at once, wherever Airflow is: the next run goes on from any state."""
        for child in psutil.Process().children(recursive=True):
            child.kill()
        self.screen.say_at_once("Stopped. `make demo` goes on from here.")
        os._exit(130)

    def _simulated(self, sandbox: Any, first: date, end: date) -> None:
        done = self._published_until()
        if done is not None and done >= end - timedelta(days=1):
            self.screen.say(f"{first} to {end}: published before, nothing to do.")
            return
        sandbox.set_clock(_clock(end))
        days = (end - first).days
        kind = f"a catch-up of {days} days as one window" if days > 1 else "an ordinary day"
        self.screen.say(f"{first} to {end}: {kind} ...")
        self._evidence_daily(
            self.config, now=_clock(end).isoformat(), first_day=first.isoformat(),
            end_day=end.isoformat(),
        )  # fmt: skip

    def _real(self) -> None:
        self.screen.say("Real evidence, of this checkout itself: git history and a bandit scan ...")
        scans = ROOT / ".scans"
        scans.mkdir(exist_ok=True)
        report = scans / f"bandit-{datetime.now(UTC):%Y-%m-%d}.sarif"
        subprocess.run(
            [sys.executable, "-m", "bandit", "-q", "-r", str(ROOT / "plugins"), "-f", "sarif",
             "-o", str(report), "--exit-zero"],
            check=True, capture_output=True,
        )  # fmt: skip
        self._evidence_daily(ROOT / "muniment.yml")

    def _evidence_daily(
        self, config: Path, now: str | None = None, first_day: str | None = None,
        end_day: str | None = None,
    ) -> None:  # fmt: skip
        # every parameter is named: a test run keeps those of the one before
        conf = {"config": str(config), "now": now, "first_day": first_day, "end_day": end_day}
        with self.screen.quiet():
            run = self.dag.test(run_conf=conf)
        red = [item.task_id for item in run.get_task_instances() if item.state == "failed"]
        self.screen.say(f"  evidence_daily ended: {run.state}")
        if red:
            self.screen.say(f"  red: {', '.join(red)}; the ledger below says what is missing")

    def _cut(self) -> None:
        from muniment import packs
        from muniment.settings import load

        self.pack.unlink(missing_ok=True)
        built = packs.build_pack(
            load(self.config), FRAMEWORK, FIRST_DAY, END_DAY, self.pack, now=_clock(END_DAY)
        )
        self.screen.say(f"Audit pack cut from release {built.release_number}.")

    def _published_until(self) -> date | None:
        from muniment import releases
        from muniment.settings import load

        found = releases.listing(load(self.config))
        return date.fromisoformat(found[0].manifest["as_of"]) if found else None

    def _tell(self) -> None:
        from muniment import briefing
        from muniment.settings import load

        briefing.show(load(self.config), FIRST_DAY, END_DAY)
        print(f"Pack     {_near(self.pack)}   (unpack it and open pack/data/index.html)")
        print(f"Real     {_near(ROOT / '.muniment')}   (`.venv/bin/muniment ledger` reads it)")
        print("\nTry next:")
        config = _near(self.config)
        print(f"  .venv/bin/muniment results -c {config} --test CHG-02 --outcome EXCEPTION")
        print(f"  .venv/bin/muniment verify -c {config}")
        print(f"  .venv/bin/muniment pack verify {_near(self.pack)}")


def _airflow() -> Any:
    from airflow.utils.db import initdb

    initdb()
    sys.path[:0] = [str(ROOT / "dags"), str(ROOT / "plugins")]
    import evidence_daily

    return evidence_daily.DAG


def _clock(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


def _windows() -> list[tuple[date, date]]:
    """The catch-up as one window, then ordinary days, each as (first day, end day)."""
    end = FIRST_DAY + timedelta(days=CATCH_UP_DAYS)
    ordinary = [end + timedelta(days=n) for n in range(ORDINARY_DAYS)]
    return [(FIRST_DAY, end), *((day, day + timedelta(days=1)) for day in ordinary)]


def _near(path: Path) -> Path:
    """As a person here would type it."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="where it keeps files")
    demo = Demo(parser.parse_args().folder.resolve())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, demo.stop)
    demo.run()
