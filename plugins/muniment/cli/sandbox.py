"""Commands for the simulated company: serve it, or write what was planted in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from muniment.errors import UsageError

sandbox = typer.Typer(help="A simulated company, to try everything on.", no_args_is_help=True)
Seed = Annotated[int, typer.Option(help="Which company.")]


@sandbox.command("serve")
def serve(
    seed: Seed = 1,
    home: Annotated[Path, typer.Option(help="Where its files are dropped.")] = Path("sandbox"),
    port: Annotated[int, typer.Option(help="0: any free port.")] = 0,
    clock: Annotated[
        str | None, typer.Option(help="The simulated instant, such as 2026-01-31T02:00:00Z.")
    ] = None,
) -> None:
    """Serve its Okta- and GitHub-shaped APIs on loopback and drop its files, until Ctrl-C."""
    from datetime import datetime

    from muniment.sandbox import server

    try:
        moment = datetime.fromisoformat(clock) if clock else None
    except ValueError as error:
        raise UsageError(f"--clock: found '{clock}', expected 2026-01-31T02:00:00Z.") from error
    server.run(seed=seed, home=home, port=port, clock=moment)


@sandbox.command("scenario")
def scenario(
    seed: Seed = 1,
    out: Annotated[Path | None, typer.Option(help="Write here instead of standard output.")] = None,
) -> None:
    """The ground truth: every deviation and gap that was planted."""
    from muniment.sandbox.scenario import scenario as ground_truth

    text = json.dumps(ground_truth(seed), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.add_typer(sandbox, name="sandbox")
