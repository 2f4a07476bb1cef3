"""Commands for audit packs: build one from a release, verify one without the home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from muniment.cli.options import (
    Config,
    EndDay,
    FirstDay,
    Format,
    Now,
    Output,
    ReleaseId,
    needed_day,
)
from muniment.cli.output import print_csv, print_json
from muniment.errors import EvidenceError

pack = typer.Typer(help="Audit packs: build and verify.", no_args_is_help=True)


@pack.command("build")
def build(
    framework: Annotated[str, typer.Option(help="soc2, gdpr, vendor-guardrails, …")],
    first: FirstDay = None,
    end: EndDay = None,
    out: Annotated[Path, typer.Option(help="The ZIP file to write.")] = Path("pack.zip"),
    config: Config = "muniment.yml",
    release: ReleaseId = None,
    now: Now = None,
) -> None:
    """Cut an audit pack from one release; what should be in and is not stops the build."""
    from muniment import packs, pipeline

    run = pipeline.start_run(config, now=now)
    built = packs.build_pack(
        run.settings, framework, needed_day(first, "--from"), needed_day(end, "--to"), out,
        now=run.now, release_id=release,
    )  # fmt: skip
    print(f"{built.path}: {built.files} files, from release {built.release_number}")


@pack.command("verify")
def verify(
    path: Annotated[Path, typer.Argument(help="A pack.")],
    key: Annotated[
        Path | None, typer.Option(help="The public key (PEM) received another way.")
    ] = None,
    output: Output = Format.table,
) -> int:
    """Check a pack's signature, manifest and files; needs nothing but the pack."""
    from muniment import pack_check

    report = pack_check.verify_pack(path, key)
    if output is Format.json:
        print_json(report.to_json())
    elif output is Format.csv:
        print_csv(("finding",), [{"finding": finding} for finding in report.findings])
    else:
        print(report.to_text())
    return EvidenceError.exit_code if report.findings else 0


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.add_typer(pack, name="pack")
