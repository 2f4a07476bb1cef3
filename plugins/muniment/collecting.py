"""Collect: ask one source for one window and keep every answer; judge nothing.

`collect` gives a connector an `Ask`: what is wanted, and the ways to keep bytes and to state what
they prove. Whatever the source does wrong ends in the collection as a failure, so that its days
are a GAP with a reason and the other sources go on. The collection is written last.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from muniment import objectstores
from muniment.collection import (
    Collection,
    Failure,
    Origin,
    Proof,
    Request,
    StoredObject,
    canonical,
    instant,
)
from muniment.connections import AMAZON, Connection, ConnectionLookup
from muniment.errors import EvidenceError, SourceError, TransientSourceError, UsageError
from muniment.locker import Locker
from muniment.receipts import Receipt, last_cursor, newest_first, newest_sound
from muniment.revision import code_revision
from muniment.settings import Settings, SourceConfig
from muniment.sources.spec import REQUESTS, Basis, Grade, Options, SourceSpec
from muniment.storage import Store
from muniment.transport import Client, Response

Clock = Callable[[], datetime]
Mode = Literal["poll", "window", "snapshot"]
#: files that lie where this machine is let in without a connection
_AMBIENT = Connection("the machine's own", AMAZON, "")
_FOLDER = Origin("file", "", None, False, None, None, (), False)


@dataclass(frozen=True)
class Window:
    """UTC days [first_day, end_day) that a source is asked for, and in which way.

    poll: on from the last cursor, no upper bound; window: bounded, the cursor stays;
    snapshot: what is now (state kinds and registers).
    """

    first_day: date
    end_day: date
    mode: Mode


class Enough(Exception):
    """The source has given as many answers as were wanted of it (`Ask.most_requests`)."""


@dataclass
class Ask:
    """One question to one source; what a connector's `collect` receives."""

    source: SourceConfig
    spec: SourceSpec
    options: Options
    window: Window
    clock: Clock
    locker: Locker
    collection: Collection
    previous: Receipt | None
    folder: Store | None = None
    connection: Connection | None = None
    opened_with: dict[str, Any] = field(default_factory=dict, repr=False)
    home: Store | None = None
    #: a check is ended after so many answers
    most_requests: int | None = None
    _client: Client | None = None
    _lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def client(self) -> Client:
        """The HTTP client, at the connection's address."""
        assert self._client is not None  # made before the connector is called
        return self._client

    @property
    def started_at(self) -> datetime:
        """When this collection began, on the collector's clock (UTC)."""
        return datetime.fromisoformat(self.collection.started_at)

    @property
    def last_ended_day(self) -> date:
        """The last day that had ended when the collection began."""
        return self.started_at.date() - timedelta(days=1)

    def keep_response(
        self,
        response: Response,
        shape: str,
        *,
        page: int = 1,
        context: dict[str, str] | None = None,
    ) -> str:
        """Stores one HTTP answer's body; returns its SHA-256."""
        return self.keep(
            response.body, shape, page=page, context=context, media_type=response.media_type,
            url=response.url, status=response.status, server_date=response.server_date,
        )  # fmt: skip

    def keep(
        self, body: bytes | Path, shape: str, *, page: int = 1,
        context: dict[str, str] | None = None, media_type: str = "application/octet-stream",
        url: str = "", status: int | None = None, server_date: str | None = None,
    ) -> str:  # fmt: skip
        """Stores one body as it came and notes what it was asked for; returns its SHA-256.

        `context` (repository, number, account, asset, …) may hold personal data: it goes into the
        `requests` object, never into the receipt. A local file given as Path is used up.
        """
        self.spec.shape(shape)  # an unknown shape is a bug of the kind: fail before storing
        sha256, size = self.locker.put(body)
        self.collection.objects.append(StoredObject(sha256, size, media_type, shape, page))
        self._lines.append(
            {"object_sha256": sha256, "shape": shape, "page": page, "status": status,
             "server_date": server_date, "url": url, "context": context or {}}
        )  # fmt: skip
        return sha256

    def prove(
        self, stream: str, basis: Basis, first_day: date, end_day: date, *,
        expected: int | None = None, grade: Grade | None = None, reason: str | None = None,
        is_final: bool = False,
    ) -> None:  # fmt: skip
        """States what is proven of one ledger stream, for days [first_day, end_day).

        `is_final`: what is not provable now never will be, so that nobody asks for it again.
        """
        self.collection.proofs.append(
            Proof(
                stream, basis, first_day.isoformat(), end_day.isoformat(), expected, grade, reason,
                is_final,
            )
        )  # fmt: skip

    def prove_all(
        self, basis: Basis, first_day: date, end_day: date, *, reason: str | None = None
    ) -> None:
        """The same proof for every ledger stream that this source feeds."""
        for stream in self.spec.ledger_streams(self.options):
            self.prove(stream, basis, first_day, end_day, reason=reason)

    def warn(self, text: str) -> None:
        """Notes something worth a look in the receipt; it changes no verdict."""
        self.collection.warnings.append(text)

    def declare_reduction(self, rule: str, version: int, paths: list[str], count: int) -> None:
        """Notes what was reduced before the locker, and how often."""
        self.collection.reductions.append(
            {"rule": rule, "version": version, "paths": paths, "count": count}
        )

    def set_cursor(self, cursor: str | None) -> None:
        """Where the next poll goes on."""
        self.collection.cursor_out = cursor

    def set_tenant(self, tenant: str | None, scopes: tuple[str, ...] = ()) -> None:
        """The tenant as the source itself names it, and the scopes that it says we hold."""
        is_remote = self.spec.needs == "connection"
        origin = self.client.origin() if is_remote else self.collection.origin
        assert origin is not None  # stated before the connector is called
        self.collection.origin = replace(origin, tenant=tenant, granted_scopes=scopes)

    def move_to(self, client: Client) -> Client:
        """Asks this client from now on: of a service whose address is not the connection's."""
        self._client = client
        return client

    def earlier(self) -> Iterator[Receipt]:
        """The source's receipts so far, newest first."""
        return newest_first(self.home, self.source.id) if self.home else iter(())

    def note_request(self, request: Request) -> None:
        """Notes one request in the receipt (the client calls this). Raises Enough."""
        self.collection.requests.append(request)
        if self.most_requests is not None and len(self.collection.requests) >= self.most_requests:
            raise Enough

    def finish(self) -> None:
        """Stores what every object was asked for and stamps the end."""
        if self._lines:
            body = b"".join(canonical(line) + b"\n" for line in self._lines)
            sha256, size = self.locker.put(body)
            self.collection.objects.append(
                StoredObject(sha256, size, "application/x-ndjson", REQUESTS.name, 1)
            )
        self.collection.finished_at = instant(self.clock())


def collect(
    settings: Settings, source: SourceConfig, window: Window, *, clock: Clock,
    connections: ConnectionLookup, run_id: str, role: str,
) -> Collection:  # fmt: skip
    """Runs one collection and writes it to the locker, where index and commit pick it up.

    Raises MachineError when this machine fails (disk full); a failing source is stated in the
    collection's `failure` instead.
    """
    ask = new_ask(settings, source, window, clock, run_id, role)
    try:
        connect(ask, settings, connections)
        settings.connector(source).collect(ask)
    except (SourceError, UsageError, EvidenceError) as error:  # or the locker holds other bytes
        ask.collection.failure = Failure(str(error), isinstance(error, TransientSourceError))
        ask.collection.proofs.clear()
    ask.finish()
    settings.home.create(ask.collection.path, canonical(ask.collection.to_json()))
    return ask.collection


def new_ask(
    settings: Settings, source: SourceConfig, window: Window, clock: Clock, run_id: str, role: str
) -> Ask:
    """A question that nobody has put yet; `connect` opens its source."""
    spec = settings.connector(source).spec
    previous = newest_sound(settings.home, source.id)
    collection = Collection(
        receipt_id=uuid.uuid4().hex,
        source_id=source.id,
        kind=source.kind,
        entity=settings.entity(source),
        system=source.system,
        connector_version=spec.version,
        code_revision=code_revision(),
        run_id=run_id,
        role=role,
        window_start=window.first_day.isoformat(),
        window_end=window.end_day.isoformat(),
        started_at=instant(clock()),
        is_sandbox=settings.is_sandbox,
        configured_as={
            "required": source.required,
            "options": settings.options(source).model_dump(mode="json", by_alias=True),
        },
        cursor_in=last_cursor(settings.home, source.id) if window.mode == "poll" else None,
    )
    return Ask(
        source, spec, settings.options(source), window, clock, Locker(settings.home), collection,
        previous, home=settings.home,
    )  # fmt: skip


def connect(ask: Ask, settings: Settings, connections: ConnectionLookup) -> None:
    """Opens the folder or the HTTP session that `ask` reads. Raises UsageError or SourceError."""
    name = ask.source.connection
    ask.connection = connection = connections(name) if name is not None else None
    ask._client = Client(
        connection or _AMBIENT, settings.trusted_private_ca, ask.note_request,
        read_only_posts=ask.spec.read_only_posts,
    )  # fmt: skip
    if ask.spec.needs == "location":
        ask.opened_with = objectstores.options(connection) if connection else {}
        ask.folder = settings.folder(ask.source, ask.opened_with)
        ask.collection.origin = objectstores.origin(connection) if connection else _FOLDER
    else:
        ask.collection.origin = ask._client.origin()
