"""Options that several commands share, so that they read and behave the same everywhere."""

from __future__ import annotations

import sys
from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from muniment.errors import UsageError
from muniment.settings import Settings, load


class Format(StrEnum):
    """How a reading command prints."""

    table = "table"
    json = "json"
    csv = "csv"


Config = Annotated[
    str, typer.Option("--config", "-c", envvar="MUNIMENT_CONFIG", help="The configuration file.")
]
Output = Annotated[Format, typer.Option("--format", help="How to print.")]
ReleaseId = Annotated[
    int | None, typer.Option("--release", help="A release's number; default: the current one.")
]
FirstDay = Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD.")]
EndDay = Annotated[str | None, typer.Option("--to", help="End day, YYYY-MM-DD, exclusive.")]
Now = Annotated[
    str | None, typer.Option("--now", help="The clock of a simulated company; sandbox only.")
]


def opened(config: str) -> Settings:
    """The configuration of a reading command; a simulated company is marked on standard error."""
    settings = load(config)
    if settings.is_sandbox:
        print("SIMULATED COMPANY: nothing here is real evidence.", file=sys.stderr)
    return settings


def day(text: str | None, option: str) -> date | None:
    """A day from an option's text. Raises UsageError."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option}: found '{text}', expected a day such as 2026-01-31.") from error


def needed_day(text: str | None, option: str) -> date:
    """Like `day`, for an option that must be there."""
    found = day(text, option)
    if found is None:
        raise UsageError(f"{option} is missing; expected a day such as 2026-01-31.")
    return found
