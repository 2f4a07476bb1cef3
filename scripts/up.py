"""`make up`: Airflow with its UI and scheduler, and the sandbox company, on loopback.

The company's clock is this machine's. Ctrl-C stops everything; the next `make up` goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import airflow_home

USER = "admin"
#: the log servers of scheduler and triggerer would listen on every address; the UI reads the files
COMPONENTS = (
    ("scheduler", "--skip-serve-logs"),
    ("dag-processor",),
    ("triggerer", "--skip-serve-logs"),
)
START_LIMIT_S = 120
STOP_LIMIT_S = 20


class Clock:
    """The company's clock, moved with this machine's."""

    def __init__(self, sandbox: Any) -> None:
        """`sandbox` is the company's server."""
        self._sandbox = sandbox
        self._note: str | None = None

    def set(self, now: datetime) -> None:
        """Moves it; says once that the simulated year is over, or has not begun."""
        from muniment.sandbox.times import beside_the_year

        self._sandbox.set_clock(now)
        if self._note is None:
            self._note = beside_the_year(now)
            if self._note is not None:
                print(self._note, flush=True)


class Up:
    """One Airflow with its sandbox company, in a folder of its own."""

    def __init__(self, folder: Path, sources: str) -> None:
        """`folder` keeps Airflow's database, logs and password, and the company's home.

        sources: which of the company's are asked (`--sources`).
        """
        self.folder, self.sources = folder, sources
        folder.mkdir(parents=True, exist_ok=True)
        airflow_home.configure(folder / "airflow")
        self.port = _free_port()
        self.password = self._login()
        self.processes: list[subprocess.Popen[bytes]] = []

    def run(self) -> int:
        """Starts, prints where to look, and waits for Ctrl-C."""
        from muniment.sandbox import configuration, server

        chosen = {"all": None, "shown": configuration.SHOWN, "first": configuration.SPINE}
        only = chosen[self.sources]
        company = self.folder / "company"
        with server.serve(seed=1, home=company, clock=datetime.now(UTC)) as sandbox:
            config = company / "muniment.yml"
            os.environ.update(
                sandbox.write_config(config, only=only),
                MUNIMENT_CONFIG=str(config),
                MUNIMENT_ROLE="airflow",
            )
            try:
                self._start()
                print(
                    f"\nAirflow   http://127.0.0.1:{self.port}   "
                    f"login {USER}, password {self.password}\n"
                    f"Sandbox   {sandbox.url}\n"
                    f"Config    {config}\n"
                    "evidence_daily is on its schedule; trigger it in the UI to see it at once.\n"
                    "Ctrl-C stops everything.",
                    flush=True,
                )
                self._watch(Clock(sandbox))
            except KeyboardInterrupt:
                print("\nStopping ...", flush=True)
            finally:
                self._stop()
        return 0

    def _login(self) -> str:
        """A password of its own for this folder, kept in a file that only the user reads."""
        file = self.folder / "airflow" / "passwords.json"
        os.environ.update(
            AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=f"{USER}:admin",
            AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=str(file),
            AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"http://127.0.0.1:{self.port}/execution/",
            AIRFLOW__API__BASE_URL=f"http://127.0.0.1:{self.port}",
            AIRFLOW__API_AUTH__JWT_SECRET=secrets.token_urlsafe(32),
        )
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(json.dumps({USER: secrets.token_urlsafe(12)}), encoding="utf-8")
        return str(json.loads(file.read_text(encoding="utf-8"))[USER])

    def _start(self) -> None:
        print("Preparing Airflow's database ...", flush=True)
        self._airflow("db", "migrate")
        self._airflow("pools", "set", "muniment_warehouse", "1", "the warehouse's one writer")
        self._spawn("api-server", "--host", "127.0.0.1", "--port", str(self.port))
        for component in COMPONENTS:
            self._spawn(*component)
        self._wait()
        self._airflow("dags", "unpause", "evidence_daily", "--yes")

    def _airflow(self, *arguments: str) -> None:
        with (self.folder / "airflow.log").open("ab") as log:
            command = [sys.executable, "-m", "airflow", *arguments]
            subprocess.run(command, check=True, stdout=log, stderr=log)

    def _spawn(self, *arguments: str) -> None:
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "airflow", *arguments],
                    stdout=log, stderr=log, start_new_session=True,
                )
            )  # fmt: skip

    def _wait(self) -> None:
        print("Starting Airflow (about half a minute) ...", flush=True)
        until = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until:
            self._check()
            if _is_healthy(self.port):
                return
            time.sleep(1)
        raise SystemExit(f"Airflow did not start in {START_LIMIT_S} s; see {self.folder}/*.log")

    def _check(self) -> None:
        for process in self.processes:
            if process.poll() is not None:
                raise SystemExit(f"A part of Airflow ended; see {self.folder}/*.log")

    def _watch(self, clock: Clock) -> None:
        """Moves the company's clock until a signal ends it."""
        for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background jobs ignore the first
            signal.signal(number, signal.default_int_handler)
        while True:
            self._check()
            clock.set(datetime.now(UTC))
            time.sleep(2)

    def _stop(self) -> None:
        for process in self.processes:
            _signal_group(process, signal.SIGTERM)
        until = time.monotonic() + STOP_LIMIT_S
        for process in self.processes:
            try:
                process.wait(timeout=max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()
            _signal_group(process, signal.SIGKILL)  # workers that outlived their parent


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # the whole group has ended
        os.killpg(process.pid, number)


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health") as answer:
            return bool(json.load(answer)["scheduler"]["status"] == "healthy")
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", 8080))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=airflow_home.ROOT / ".up", help="where it keeps its files"
    )
    parser.add_argument(
        "--sources", choices=("all", "shown", "first"), default="shown",
        help="Which of the company's: every one, some of each group, or those of the first stage.",
    )  # fmt: skip
    given = parser.parse_args()
    sys.exit(Up(given.folder.resolve(), given.sources).run())
