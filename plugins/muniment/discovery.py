"""What given connections can see: a first configuration for `muniment init --discover`.

Each connection is shown to each vendor's own question (`SourceSpec.seen`); what answers is checked
as `muniment sources --check` would. Nothing is kept of it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from muniment import checking
from muniment.collecting import Clock
from muniment.connections import Connection, ConnectionLookup
from muniment.errors import MunimentError
from muniment.settings import load
from muniment.sources import discover
from muniment.sources.spec import Seen, SourceSpec
from muniment.transport import Client

VARIABLE = "AIRFLOW_CONN_"


@dataclass(frozen=True)
class Found:
    """A source that a connection could feed.

    refused: why it would not be read in full, in the words of a run; None where it would.
    """

    connection_id: str
    kind: str
    options: dict[str, Any]
    refused: str | None

    def __str__(self) -> str:
        """One line for the person who waits."""
        said = "would be read in full" if self.refused is None else self.refused.splitlines()[0]
        return f"{self.connection_id}: {self.kind}: {said}"


@dataclass(frozen=True)
class Unknown:
    """A connection in which no kind recognised its system, and what was tried last."""

    connection_id: str
    reason: str

    def __str__(self) -> str:
        """One line for the person who waits."""
        return f"{self.connection_id}: not recognised: {self.reason}"


def connection_ids() -> list[str]:
    """Ids of the connections that the environment defines."""
    names = (name for name in sorted(os.environ) if name.startswith(VARIABLE))
    return [name.removeprefix(VARIABLE).lower() for name in names]


def look(
    ids: Iterable[str], clock: Clock, connections: ConnectionLookup
) -> Iterator[Found | Unknown]:
    """What each connection can see, in the order of the ids."""
    by_question: dict[Seen, list[SourceSpec]] = {}
    for connector in discover().values():
        if connector.spec.seen is not None:
            by_question.setdefault(connector.spec.seen, []).append(connector.spec)
    for connection_id in ids:
        try:
            connection = connections(connection_id)
        except MunimentError as error:
            yield Unknown(connection_id, str(error))
            continue
        is_known, reason = False, "no kind knows it"
        for seen, specs in by_question.items():
            try:
                answers = seen(_client(connection, specs))
            except MunimentError as error:
                reason = str(error)
                continue
            for options in answers:
                is_known = True
                for spec in specs:
                    yield _found(connection_id, spec.kind, options, clock, connections)
        if not is_known:
            yield Unknown(connection_id, reason)


def _client(connection: Connection, specs: list[SourceSpec]) -> Client:
    posts = {template for spec in specs for template in spec.read_only_posts}
    return Client(connection, None, lambda request: None, read_only_posts=posts)


def _found(
    connection_id: str, kind: str, options: dict[str, Any], clock: Clock,
    connections: ConnectionLookup,
) -> Found:  # fmt: skip
    known = discover()[kind].spec.options.model_fields
    fitting = {name: value for name, value in options.items() if name in known}
    source = {"id": kind, "kind": kind, "connection": connection_id, "options": fitting}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "muniment.yml"
        file.write_text(yaml.safe_dump({"organisation": "-", "sources": [source]}), "utf-8")
        try:
            (checked,) = checking.check(load(file), clock, connections, "discovery")
        except MunimentError as error:  # an option that nobody but the owner can know
            return Found(connection_id, kind, fitting, str(error).replace(f"{file}: ", ""))
    is_whole = checked.is_reachable and not checked.refused
    return Found(connection_id, kind, fitting, None if is_whole else checked.words())
