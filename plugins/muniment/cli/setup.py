"""The command that begins: a first configuration, and templates of the registers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[Path, typer.Argument(help="Where to begin.")] = Path(),
    organisation: Annotated[str, typer.Option(help="The legal entity's name.")] = "My organisation",
) -> None:
    """Write a first muniment.yml and register templates; nothing that exists is overwritten."""
    from muniment import starter

    for line in starter.write(folder, organisation):
        print(line)


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command()(init)
