"""This machine's failures (disk full, memory, permission), told as such wherever they appear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from muniment.errors import MachineError

FAILURES = (
    duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException,
    duckdb.TransactionException,  # what is not written at the commit
    OSError,
)  # fmt: skip


@contextmanager
def failures_told(kept: str) -> Iterator[None]:
    """Raises MachineError for what the disk or the database could not do; `kept`: what stands."""
    try:
        yield
    except FAILURES as error:
        said = str(error).splitlines()[0]
        raise MachineError(
            f"This machine failed ({said}). {kept}; make room, or mend what is named, and run the "
            "same command again."
        ) from error
