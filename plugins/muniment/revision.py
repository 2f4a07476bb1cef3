"""Which code ran: the revision that receipts, releases and packs name."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from muniment import __version__


@cache
def code_revision() -> str:
    """`<version>+g<commit>`, `.dirty` where the checkout was changed; without git the version."""
    here = Path(__file__).resolve().parent
    try:
        commit = _git(here, "rev-parse", "--short=12", "HEAD")
        state = ".dirty" if _git(here, "status", "--porcelain", "--", str(here)) else ""
    except (OSError, subprocess.CalledProcessError):
        return __version__
    return f"{__version__}+g{commit}{state}"


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
