"""Checking a configuration live: does each source answer, and in full, before the first run.

The connector itself is asked for one day, in a home that is thrown away, and stopped after some
answers: what it would fail at, or warn of, in a run shows here in the same words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from muniment import ledger
from muniment.collecting import Ask, Clock, Enough, Window, connect, new_ask
from muniment.collection import Request
from muniment.connections import ConnectionLookup
from muniment.droplisting import Drop
from muniment.errors import MunimentError
from muniment.receipts import Receipt
from muniment.settings import Settings, SourceConfig
from muniment.storage import Store

#: answers after which a source has shown enough (project default)
MOST_REQUESTS = 25
#: nobody waits for a limit to reset in a check
_MAX_WAIT_S = 5
_REFUSED = (401, 403, 404)
_DAY = timedelta(days=1)
_EVERY_NAME = ("",)


@dataclass(frozen=True)
class Checked:
    """What one source showed.

    is_reachable: nothing ended the reading. seen: what it rests on. failure: the connector's words.
    refused: what the source would not show (`403 GET /orgs/{org}/…`), so that rows would be
    missing. warnings: the connector's own. too_much: scopes granted beyond those that the kind
    needs; None where the source does not tell them or the kind names none. last_window: of the
    newest receipt, days [first, end).
    """

    source_id: str
    kind: str
    is_reachable: bool
    seen: str
    failure: str | None
    refused: tuple[str, ...]
    warnings: tuple[str, ...]
    too_much: tuple[str, ...] | None
    basis: tuple[str, ...]
    retention_days: int | None
    last_window: str | None

    def words(self) -> str:
        """What there is to say of it, for a person."""
        told = [self.failure] if self.failure else [f"refused: {what}" for what in self.refused]
        told += self.warnings
        if self.too_much:
            told.append(f"may do more than it needs: {', '.join(self.too_much)}")
        return "\n".join(told)


def check(
    settings: Settings, clock: Clock, connections: ConnectionLookup, role: str
) -> Iterator[Checked]:
    """One answer a configured source that can still be asked, in the configuration's order."""
    chains = ledger.read_chains(settings)
    for source in settings.sources:
        if not source.is_former:
            with settings.home.scratch() as folder:
                nowhere = replace(settings, home=Store(folder))
                ask = _ask(nowhere, source, clock, role)
                yield _checked(ask, nowhere, connections, chains[source.id])


def _ask(settings: Settings, source: SourceConfig, clock: Clock, role: str) -> Ask:
    today = clock().date()
    window = Window(today, today + _DAY, "snapshot")
    if settings.connector(source).spec.mode == "event":
        window = Window(today - _DAY, today, "window")
    ask = new_ask(settings, source, window, clock, "check", role)
    ask.most_requests = MOST_REQUESTS
    if "max_wait_s" in type(ask.options).model_fields:
        ask.options = ask.options.model_copy(update={"max_wait_s": _MAX_WAIT_S})
    return ask


def _checked(
    ask: Ask, settings: Settings, connections: ConnectionLookup, chain: list[Receipt]
) -> Checked:
    failure, seen = None, ""
    try:
        connect(ask, settings, connections)
        if ask.spec.needs == "location":
            seen = ask.spec.look(ask) if ask.spec.look else _listed(ask)
        else:
            settings.connector(ask.source).collect(ask)
    except Enough:
        pass
    except MunimentError as error:
        failure = str(error)
    requests = ask.collection.requests
    return Checked(
        ask.source.id, ask.source.kind, failure is None,
        seen or f"requests answered: {len(requests)}",
        failure, _refused(requests), tuple(ask.collection.warnings), _too_much(ask),
        ask.spec.basis, ask.spec.retention_days, _last_window(chain),
    )  # fmt: skip


def _listed(ask: Ask) -> str:
    """The folder's files: counted, none of them read."""
    listed, problems = Drop(ask).listing(_EVERY_NAME)
    for problem in problems:
        ask.warn(str(problem))
    newest = max((file.modified_at for file in listed), default=None)
    return f"{len(listed)} files, the newest of {newest[:10]}" if newest else "no files"


def _refused(requests: list[Request]) -> tuple[str, ...]:
    found = [f"{r.status} {r.method} {r.template}" for r in requests if r.status in _REFUSED]
    return tuple(dict.fromkeys(found))


def _too_much(ask: Ask) -> tuple[str, ...] | None:
    origin = ask.collection.origin
    if origin is None or not origin.granted_scopes or not ask.spec.scopes:
        return None
    return tuple(scope for scope in origin.granted_scopes if scope not in ask.spec.scopes)


def _last_window(chain: list[Receipt]) -> str | None:
    if not chain:
        return None
    newest = max(chain, key=lambda receipt: receipt.sequence)
    return f"{newest.window_start[:10]} to {newest.window_end[:10]}"
