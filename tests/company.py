"""A simulated company under test: the sandbox over real HTTP, and the pipeline run on its clock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Container
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from muniment import pipeline, releases
from muniment.collecting import Window
from muniment.collection import Collection
from muniment.sandbox import server
from muniment.sandbox.configuration import SPINE
from muniment.settings import Settings, load

FIRST_DAY = date(2026, 1, 1)
DAY = timedelta(days=1)


def clock_of(end_day: date) -> datetime:
    """The instant at which a run collects everything before `end_day`."""
    return datetime(end_day.year, end_day.month, end_day.day, 2, tzinfo=UTC)


class Company:
    """One sandbox company with a home of its own; use as a context manager."""

    def __init__(
        self, folder: Path, seed: int = 1, first_day: date = FIRST_DAY,
        only: Container[str] | None = SPINE,
    ) -> None:  # fmt: skip
        """`only`: the sources that it is asked about, None for all that it has."""
        self.only = only
        self.folder = folder
        self.seed = seed
        self.first_day = first_day
        self.config = folder / "muniment.yml"

    def __enter__(self) -> Company:
        self._context = server.serve(
            seed=self.seed, home=self.folder, clock=clock_of(self.first_day)
        )
        self.sandbox = self._context.__enter__()
        self.environment = self.sandbox.write_config(self.config, only=self.only)
        os.environ.update(self.environment)
        return self

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)

    @property
    def settings(self) -> Settings:
        return load(self.config)

    def run(self, end_day: date) -> pipeline.Run:
        """A run on the company's clock at 02:00 of `end_day`; the sandbox is set to it."""
        moment = clock_of(end_day)
        self.sandbox.set_clock(moment)
        return pipeline.start_run(str(self.config), now=moment.isoformat())

    def look(self, day: date) -> None:
        """Reads what only stands as it is: a snapshot shows its own day and no other."""
        run = self.run(day)
        for source in run.settings.sources:
            if run.settings.connector(source).spec.mode == "state":
                self._read(run, source.id, Window(day, day + DAY, "snapshot"))

    def collect(self, first: date, end: date, *, assess: bool = True) -> list[Collection]:
        """Collects, indexes, commits and, unless told not to, assesses; builds nothing."""
        run = self.run(end)
        pipeline.recover(run)
        collections = [
            self._read(run, planned.source_id, planned.window)
            for planned in pipeline.plan(run, first, end)
        ]
        if assess:
            pipeline.assess(run)
        return collections

    @staticmethod
    def _read(run: pipeline.Run, source_id: str, window: Window) -> Collection:
        collection = pipeline.collect(run, source_id, window)
        pipeline.index(run, source_id, collection.receipt_id)
        pipeline.commit(run, source_id, collection.receipt_id)
        return collection

    def collect_daily(self, first: date, end: date) -> None:
        """Looks every day at 02:00, as a schedule does, the first of these days included.

        The ledger is made of all receipts, so one assessment at the end judges every day.
        """
        self.look(first)
        day = first
        while day < end:
            day += DAY
            self.collect(day - DAY, day, assess=day == end)

    def build(self, end: date, *, full_refresh: bool = False) -> None:
        """Builds and publishes what has been collected."""
        run = self.run(end)
        pipeline.build(run, full_refresh=full_refresh)
        pipeline.publish(run)

    def query(self, sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows of the current release."""
        connection: duckdb.DuckDBPyConnection = releases.connect(self.settings)
        try:
            return connection.execute(sql, values or []).fetchall()
        finally:
            connection.close()

    def cli(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """The command line as a user calls it, in a process of its own."""
        command = [sys.executable, "-m", "muniment", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder, timeout=300,
            env={**os.environ, **self.environment, "MUNIMENT_CONFIG": str(self.config),
                 **environment},
        )  # fmt: skip

    def json(self, *arguments: str) -> Any:
        """Parsed standard output of a reading command."""
        done = self.cli(*arguments, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
