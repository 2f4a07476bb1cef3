"""The command about sources: which are configured, which could be, and whether they answer."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Annotated

import typer

from muniment.cli.options import Config, Format, Now, Output, opened
from muniment.cli.output import print_answer
from muniment.errors import EvidenceError, SourceError

_SHOWN = (
    "source_id", "kind", "answers", "seen", "said", "basis", "kept_days", "last_window",
)  # fmt: skip


def sources(
    config: Config = "muniment.yml",
    output: Output = Format.table,
    is_check: Annotated[
        bool, typer.Option("--check", help="Ask each source now; keep nothing of what it says.")
    ] = False,
    now: Now = None,
) -> int:
    """The configured sources, and the kinds that could be; or whether each of them answers."""
    if is_check:
        return _check(config, output, now)
    _list(config, output)
    return 0


def _list(config: str, output: Format) -> None:
    from muniment.queries import Answer
    from muniment.sources import discover

    settings = opened(config)
    rows = [
        {"source_id": s.id, "kind": s.kind,
         "from": f"retired since {s.retired.since}" if s.retired else s.connection or s.location,
         "is_required": s.required,
         "feeds": list(settings.connector(s).spec.ledger_streams(settings.options(s)))}
        for s in settings.sources
    ]  # fmt: skip
    used = {s.kind for s in settings.sources}
    for kind, connector in discover().items():
        if kind not in used:
            feeds = sorted({stream for found in connector.spec.feeds.values() for stream in found})
            rows.append(
                {"source_id": None, "kind": kind, "from": f"needs a {connector.spec.needs}",
                 "is_required": None, "feeds": feeds}
            )  # fmt: skip
    print_answer(Answer(("source_id", "kind", "from", "is_required", "feeds"), rows), output)


def _check(config: str, output: Format, now: str | None) -> int:
    """3 where a source does not answer, 1 where one withholds something, else 0."""
    from muniment import checking, pipeline
    from muniment.queries import Answer

    run = pipeline.start_run(config, now=now)
    opened(config)  # marks a simulated company
    found = list(checking.check(run.settings, run.clock, run.connections, run.role))
    if output is Format.table:
        rows = [
            {"source_id": item.source_id, "kind": item.kind,
             "answers": "yes" if item.is_reachable else "NO", "seen": item.seen,
             "said": item.words() or None, "basis": ", ".join(item.basis),
             "kept_days": item.retention_days, "last_window": item.last_window}
            for item in found
        ]  # fmt: skip
        print_answer(Answer(_SHOWN, rows), output)
    else:
        columns = tuple(field.name for field in fields(checking.Checked))
        print_answer(Answer(columns, [asdict(item) for item in found]), output)
    if not all(item.is_reachable for item in found):
        return SourceError.exit_code
    return EvidenceError.exit_code if any(item.refused for item in found) else 0


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command()(sources)
