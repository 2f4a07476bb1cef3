"""The command line as a user calls it: in this process, or in one of its own that may be killed."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from muniment import cli


@dataclass(frozen=True)
class Done:
    """How one command ended. An unforeseen exception is not caught: it fails the test."""

    exit_code: int
    stdout: str
    stderr: str


def command(config: Path, *arguments: str) -> Done:
    """One command in this process, which spares every call the imports."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    argv = ["muniment", *arguments]
    with (
        patch.object(sys, "argv", argv),
        patch.dict(os.environ, {"MUNIMENT_CONFIG": str(config)}),
        redirect_stdout(out), redirect_stderr(err),
    ):  # fmt: skip
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())
