"""The command that begins: a first configuration, and templates of the registers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[Path, typer.Argument(help="Where to begin.")] = Path(),
    organisation: Annotated[str, typer.Option(help="The legal entity's name.")] = "My organisation",
    is_discovering: Annotated[
        bool,
        typer.Option(
            "--discover", help="Name the sources that the connections AIRFLOW_CONN_… can see."
        ),
    ] = False,
    connection: Annotated[
        list[str] | None, typer.Option(help="With --discover: only these connections.")
    ] = None,
) -> None:
    """Write a first muniment.yml and register templates; nothing that exists is overwritten."""
    from datetime import UTC, datetime

    from muniment import discovery, starter
    from muniment.connections import from_environment

    found = []
    if is_discovering:
        ids = connection or discovery.connection_ids()
        for item in discovery.look(ids, lambda: datetime.now(UTC), from_environment):
            found.append(item)
            print(item, file=sys.stderr)
    for line in starter.write(folder, organisation, found):
        print(line)


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command()(init)
