"""The command line `muniment`: every step and every question, with exact exit codes.

0 done; 1 the evidence falls short; 2 bad usage or configuration; 3 a source or the machine failed;
130 stopped by Ctrl-C, as shells number it.
"""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import typer

from muniment.errors import MachineError, MunimentError, UsageError

_STOPPED = 128 + signal.SIGINT
#: typer may bring a click of its own; its errors are those that its public names are made of
_WRONG_USAGE: type[Exception] = typer.BadParameter.__mro__[1]


def main() -> None:
    """Entry point: errors are for people, exit codes for scripts."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    _show_progress()
    sys.exit(_run())


@cache
def _command() -> Callable[..., Any]:
    """Every command under its one name; once a process, whatever calls `main` again."""
    from muniment.cli import pack, people, proof, reading, sandbox, setup, sources, steps

    app = typer.Typer(
        name="muniment",
        help="An evidence warehouse for compliance: complete, checkable, and never a conclusion.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for part in (setup, sources, steps, reading, people, proof, pack, sandbox):
        part.register(app)
    return typer.main.get_command(app)


def _run() -> int:
    """Runs the command; returns its exit code."""
    try:
        code = _command()(standalone_mode=False)
        sys.stdout.flush()
    except (typer.Abort, KeyboardInterrupt):
        print("Stopped. The next run goes on from here.", file=sys.stderr)
        return _STOPPED
    except _WRONG_USAGE as error:
        error.show()  # type: ignore[attr-defined]
        return UsageError.exit_code
    except MunimentError as error:
        print(f"muniment: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return _unheard()
    except SystemExit as error:
        # typer turns a broken pipe into an exit with code 1 of its own
        if isinstance(error.__context__, BrokenPipeError):
            return _unheard()
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"muniment: {where}{error.strerror or error}. Nothing was lost.", file=sys.stderr)
        return MachineError.exit_code
    return code if isinstance(code, int) else 0


def _unheard() -> int:
    """Whoever read us has seen enough: no error, and nothing more is written at exit either."""
    sys.stdout = sys.__stdout__
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


def _show_progress() -> None:
    """The pipeline's progress lines, on standard error: standard output holds answers alone."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("muniment.progress")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [handler]
