"""Commands that lead back to the bytes and check that they are unaltered: trace, prove, verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from muniment.cli.options import Config, Format, Output, opened
from muniment.cli.output import print_csv, print_json, print_table
from muniment.errors import EvidenceError

TRACE_COLUMNS = (
    "record_key", "original", "object_sha256", "object_bytes", "source_id", "kind", "receipt",
    "receipt_id", "received_at", "shape", "stream", "url", "status", "page", "context",
)  # fmt: skip
ReadBy = Annotated[
    int | None, typer.Option("--release", help="Only by receipts that this release has read.")
]
RecordKey = Annotated[str, typer.Argument(help="A record key, as every result row names them.")]


def trace(
    record_key: RecordKey,
    config: Config = "muniment.yml",
    output: Output = Format.table,
    release: ReadBy = None,
) -> None:
    """The original record, its object's hash, and every receipt and request that brought it."""
    from muniment import tracing

    found = tracing.trace(opened(config), record_key, release)
    if output is Format.json:
        print_json(found.to_json())
    elif output is Format.csv:
        print_csv(TRACE_COLUMNS, _ways(found.to_json()))
    else:
        print(found.to_text())


def _ways(found: dict[str, Any]) -> list[dict[str, Any]]:
    """One row a receipt and request that brought the record."""
    return [
        {**found, **way, **(request or dict.fromkeys(("url", "status", "page", "context")))}
        for way in found["brought_by"]
        for request in way["requests"] or [None]
    ]


def prove(
    record_key: RecordKey,
    config: Config = "muniment.yml",
    out: Annotated[
        Path | None, typer.Option(help="Write the JSON here, and nothing on standard output.")
    ] = None,
    output: Output = Format.json,
    release: ReadBy = None,
) -> None:
    """One record with the proof that it belongs to its collection; can be checked by hand."""
    import json

    from muniment import tracing
    from muniment.queries import Answer

    proof = tracing.prove(opened(config), record_key, release)
    if out is not None:
        out.write_text(json.dumps(proof, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    elif output is Format.json:
        print_json(proof)
    elif output is Format.csv:
        print_csv(tuple(proof), [proof])
    else:
        rows = [{"part": name, "value": value} for name, value in proof.items()]
        print_table(Answer(("part", "value"), rows))


def verify(
    config: Config = "muniment.yml",
    against: Annotated[
        Path | None, typer.Option(help="A checkpoint kept elsewhere, to find a history cut short.")
    ] = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help="Also make the newest release again from nothing: a full refresh long."
        ),
    ] = False,
    output: Output = Format.table,
) -> int:
    """Recompute every hash, chain, proof and signature; name what does not fit."""
    from muniment import verification

    report = verification.verify(opened(config), against, is_deep=deep)
    if output is Format.json:
        print_json(report.to_json())
    elif output is Format.csv:
        columns = ("subject", "name", "message")
        print_csv(columns, [vars(finding) for finding in report.findings])
    else:
        print(report.to_text())
    return EvidenceError.exit_code if report.findings else 0


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    for command in (trace, prove, verify):
        app.command()(command)
