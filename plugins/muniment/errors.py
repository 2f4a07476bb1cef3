"""What goes wrong, said for people: each class carries the exit code of the command line.

A message says what happened, where (source, window, file, record), what was kept and what to do.
"""

from __future__ import annotations


class MunimentError(Exception):
    """Anything that Muniment reports without a stack trace."""

    exit_code = 3


class EvidenceError(MunimentError):
    """The evidence falls short: a gap, or a proof that does not fit."""

    exit_code = 1


class UsageError(MunimentError):
    """A command or the configuration is wrong; nothing was done."""

    exit_code = 2


class SourceError(MunimentError):
    """A source failed in a way that trying again will not mend (permission, format, refusal)."""


class TransientSourceError(SourceError):
    """A source failed in a way that a later run may mend (limit reached, server error, network)."""


class MachineError(MunimentError):
    """This machine failed: disk full, no permission, lock held by another run."""
