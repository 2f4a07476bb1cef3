"""Runs the command line again and again, each time killed (SIGKILL) at another place.

    python killed_run.py PLACES ARGUMENTS...

PLACES: JSON list of [step, number]. An event is the entry of a step, the instant before and the
instant after every write of a home, and the start of every dbt node; the run dies at that step's
event of that number. Prints, as JSON, how each run ended (negative: killed by this signal) with
the events that it saw. Every run is a fork of one process that has imported everything and done
nothing, so that a death costs its own work alone.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from dbt.cli.main import dbtRunner  # noqa: F401  (imported here for all forks)
from dbt.task.base import BaseRunner

from muniment import cli, gx_runner, pipeline  # noqa: F401
from muniment.storage import Store

STEPS = ("recover", "plan", "collect", "index", "commit", "assess", "build", "publish")
WRITES = ("create", "replace", "put_file", "create_file", "delete")


class Deadly:
    """Counts the events of each step, and ends the process at one of them."""

    def __init__(self, step: str, number: int, told: Path) -> None:
        self.place = (step, number)
        self.told = told
        self.seen: Counter[str] = Counter()
        self.step = "start"

    def event(self) -> None:
        self.seen[self.step] += 1
        if (self.step, self.seen[self.step]) == self.place:
            self.tell()
            os.kill(os.getpid(), signal.SIGKILL)

    def tell(self) -> None:
        self.told.write_text(json.dumps(self.seen))

    def as_step(self, name: str, does: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            before, self.step = self.step, name
            self.event()
            try:
                return does(*arguments, **options)
            finally:
                self.step = before

        return wrapped

    def around(self, does: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            self.event()
            answer = does(*arguments, **options)
            self.event()
            return answer

        return wrapped


def run_until(step: str, number: int, told: Path) -> None:
    """In a fork: the command line, until it dies."""
    deadly = Deadly(step, number, told)
    for name in STEPS:
        setattr(pipeline, name, deadly.as_step(name, getattr(pipeline, name)))
    for name in WRITES:
        setattr(Store, name, deadly.around(getattr(Store, name)))
    BaseRunner.run_with_hooks = deadly.around(BaseRunner.run_with_hooks)  # type: ignore[method-assign]
    try:
        cli.main()
    finally:
        deadly.tell()


def _end_in_child(step: str, number: int, told: Path) -> NoReturn:
    code = 70
    try:
        run_until(step, number, told)
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 (a fork must not go on in its parent's code)
        traceback.print_exc()
    os._exit(code)


def main() -> None:
    places = json.loads(sys.argv.pop(1))
    ends = []
    for step, number in places:
        with tempfile.NamedTemporaryFile() as told:
            child = os.fork()
            if child == 0:
                _end_in_child(step, number, Path(told.name))
            _, status = os.waitpid(child, 0)
            ends.append([os.waitstatus_to_exitcode(status), json.loads(told.read() or b"{}")])
    print(json.dumps(ends))


if __name__ == "__main__":
    main()
