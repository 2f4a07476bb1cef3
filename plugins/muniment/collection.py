"""One run of one source for one window or cursor step: what was asked, what came, what it proves.

A collection is written to the locker last, once every object is there; index and commit turn it
into a receipt. It holds no personal data: receipts outlive purges.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec

from muniment.sources.spec import Basis, Grade

FORMAT_VERSION = 1


def canonical(data: object) -> bytes:
    """The one byte form that is hashed and signed: sorted keys, no blanks, UTF-8."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def instant(moment: datetime) -> str:
    """UTC, ISO 8601 with microseconds and `Z`: one form everywhere."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True)
class Origin:
    """Who answered. `is_verified` is false for plain HTTP, loopback and unknown private CAs."""

    scheme: str
    host: str
    tls_key_sha256: str | None
    is_ca_verified: bool
    tenant: str | None
    credential_id: str | None
    granted_scopes: tuple[str, ...]
    is_verified: bool


@dataclass(frozen=True)
class Request:
    """One request: URL template without secrets or personal data, and what was answered."""

    method: str
    template: str
    parameters: dict[str, str]
    status: int
    server_date: str | None
    bytes: int


@dataclass(frozen=True)
class StoredObject:
    """One stored response body or file. Bytes are named by their SHA-256."""

    sha256: str
    size: int
    media_type: str
    shape: str
    page: int


@dataclass(frozen=True)
class Proof:
    """What this collection proves of one ledger stream: days [first_day, end_day), ISO dates.

    expected: the source's own figure, where it gives one. grade None: the basis's own.
    is_final: asking again cannot mend what is not provable here (a cap of the source).
    """

    stream: str
    basis: Basis
    first_day: str
    end_day: str
    expected: int | None = None
    grade: Grade | None = None
    reason: str | None = None
    is_final: bool = False


@dataclass(frozen=True)
class Failure:
    """Why a collection ended early; its window's days are GAP."""

    reason: str
    is_transient: bool


@dataclass
class Collection:
    """See the module. Times are `instant` texts; window days are ISO dates, end exclusive.

    configured_as: whether the source was required, and its options, when it was asked.
    """

    receipt_id: str
    source_id: str
    kind: str
    entity: str
    system: str | None
    connector_version: int
    code_revision: str
    run_id: str
    role: str
    window_start: str
    window_end: str
    started_at: str
    finished_at: str = ""
    is_sandbox: bool = False
    cursor_in: str | None = None
    cursor_out: str | None = None
    origin: Origin | None = None
    requests: list[Request] = field(default_factory=list)
    objects: list[StoredObject] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    reductions: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    failure: Failure | None = None
    configured_as: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where it waits in the locker until its receipt is written."""
        return f"locker/collections/{self.source_id}/{self.receipt_id}.json"

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for `canonical`."""
        return asdict(self)


def collection_from_json(data: object) -> Collection:
    """The inverse of `Collection.to_json`; keys that only a receipt has are left aside.

    Raises ValueError for another shape.
    """
    return msgspec.convert(data, Collection)


def day_of(text: str) -> date:
    """The UTC day of an `instant` or ISO date text."""
    return date.fromisoformat(text[:10])


def midnight(day: date) -> datetime:
    """The instant at which a UTC day begins."""
    return datetime.combine(day, time(), UTC)
