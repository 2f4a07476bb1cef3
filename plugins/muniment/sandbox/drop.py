"""The folder into which scanners and registers are dropped: exactly what exists by the clock."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from muniment.sandbox import bills, log_drop
from muniment.sandbox.azure_drop import AzureDrop
from muniment.sandbox.registers import register
from muniment.sandbox.reports import file_name, report
from muniment.sandbox.server_logs import ServerLogs
from muniment.sandbox.times import SCANS_START, days
from muniment.sandbox.world import World

REGISTERS = ("roster", "assets", "waivers", "controls")


class Drop:
    """`<home>/drop/`, kept in step with the simulated clock."""

    def __init__(self, world: World, home: Path) -> None:
        """`home` is created when something is written."""
        self.world, self.folder = world, home / "drop"
        self._written: set[Path] = set()
        self._whole: set[Path] = set()
        self._azure = AzureDrop(world, self.folder)
        self._logs = ServerLogs(world.seed, world.company, world.log_plan)

    def advance(self, now: datetime) -> None:
        """Writes what has come to exist and takes away what does not exist yet (clock set back)."""
        wanted: set[Path] = set()
        whole: set[Path] = set()
        for day in days(SCANS_START, now.date() + timedelta(days=1)):
            for run in self.world.scans.runs(day):
                if run.available_at <= now:
                    path = self.folder / file_name(run)
                    wanted.add(path)
                    if path not in self._written:
                        write(path, report(run), run.available_at)
        for name, make, moment, is_whole in bills.files(self.world, now):
            path = self.folder / name
            wanted.add(path)
            if not is_whole or path not in self._whole:
                write(path, make(), moment)
            if is_whole:
                whole.add(path)
        self._whole = whole
        wanted |= self._write_logs(now)
        for name in REGISTERS:
            path = self.folder / "registers" / name / f"{name}.csv"
            body = register(name, self.world.company, self.world.plan, now)
            write(path, body, now)
        self._remove_the_rest(wanted)
        self._written = wanted
        self._azure.advance(now)

    def _write_logs(self, now: datetime) -> set[Path]:
        """The servers' logs; those being written are written again each time."""
        wanted: set[Path] = set()
        for file in log_drop.files(self.world.log_plan, self._logs, now):
            path = self.folder / file.path
            wanted.add(path)
            if file.is_open or path not in self._written:
                write(path, log_drop.body(self._logs, file), file.modified_at)
        return wanted

    def _remove_the_rest(self, wanted: set[Path]) -> None:
        for category in ("trivy", "sarif", "dast", "cyclonedx", "spdx", *log_drop.FOLDERS):
            for path in (self.folder / category).rglob("*"):
                if path not in wanted and not path.is_dir():
                    path.unlink()
        for path in (self.folder / "osquery").glob("*"):
            if path not in wanted:
                path.unlink()


def write(path: Path, body: bytes, modified_at: datetime) -> None:
    """Writes one file whole or not at all; a file that is right already is left alone."""
    if path.is_file() and path.read_bytes() == body:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(body)
    os.utime(part, (modified_at.timestamp(), modified_at.timestamp()))
    part.replace(path)
