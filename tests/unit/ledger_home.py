"""Homes on disk for the ledger's tests: receipts and Bronze written in the binding form, by hand.

Nothing of the collectors, of index or of commit is used, so that the counts are the tests' own.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from muniment import ledger
from muniment.collection import Collection, Failure, Origin, Proof, StoredObject, canonical, instant
from muniment.database import connect
from muniment.settings import Settings, load
from muniment.verdicts import Verdict

DAY = timedelta(days=1)
VERIFIED = Origin("https", "api.example.com", "00" * 32, True, "tenant", None, (), True)
PLAIN_HTTP = Origin("http", "127.0.0.1", None, False, "tenant", None, (), False)
LOCAL_FILE = Origin("file", "", None, False, None, None, (), False)
BRONZE = (
    "bronze_version integer, source_id varchar, stream varchar, receipt_id varchar, "
    "object_sha256 varchar, record_no bigint, record_path varchar, record_key varchar, "
    "native_id varchar, event_time_raw varchar, event_time timestamp, received_at timestamp, "
    "record json"
)


def at(day: date, hour: int = 2) -> datetime:
    """An instant of one UTC day."""
    return datetime.combine(day, time(hour), UTC)


@dataclass
class Record:
    """One Bronze row."""

    stream: str
    native_id: str | None
    record: dict[str, Any]
    event_time: datetime | None = None


def event(name: str, moment: datetime, **more: Any) -> Record:
    """One Okta event."""
    record = {"uuid": name, "published": instant(moment), "eventType": "user.session.start"}
    return Record("event", name, {**record, **more}, moment)


def events(day: date, count: int, prefix: str = "e") -> list[Record]:
    """Events of one day, one an hour."""
    return [event(f"{prefix}-{day}-{n}", at(day, n % 24)) for n in range(count)]


def account(name: str) -> Record:
    """One Okta user."""
    record = {"id": name, "status": "ACTIVE", "profile": {"login": f"{name}@example.com"}}
    return Record("account", name, record)


@dataclass
class Home:
    """A configuration, a home, and the receipts that a test puts there."""

    folder: Path
    sources: list[dict[str, Any]]
    is_sandbox: bool = False
    _sequences: Counter[str] = field(default_factory=Counter)
    _hashes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings: Settings = self.configure(self.sources)

    def configure(self, sources: list[dict[str, Any]]) -> Settings:
        """Writes muniment.yml."""
        file = self.folder / "muniment.yml"
        keys = {"organisation": "Example", "sandbox": self.is_sandbox, "sources": sources}
        file.write_text(yaml.safe_dump(keys), "utf-8")
        self.settings = load(file)
        return self.settings

    def collect(
        self,
        source_id: str,
        first: date,
        end: date,
        records: Sequence[Record] = (),
        *,
        started: datetime | None = None,
        basis: str = "cursor_exhausted",
        expected: int | None = None,
        reason: str | None = None,
        proofs: list[Proof] | None = None,
        failure: str | None = None,
        quarantined: dict[str, int] | None = None,
        duplicates: dict[str, int] | None = None,
        cursor: tuple[str | None, str | None] = (None, None),
        origin: Origin | None = VERIFIED,
        files: Sequence[str] = (),
        warnings: Sequence[str] = (),
        is_bronze_kept: bool = True,
    ) -> str:
        """Writes one receipt with its Bronze; returns the receipt's id."""
        source = self.settings.source(source_id)
        self._sequences[source_id] += 1
        sequence = self._sequences[source_id]
        receipt_id = hashlib.md5(f"{source_id}/{sequence}".encode()).hexdigest()
        begun = started or at(end)
        if proofs is None:
            spec = self.settings.connector(source).spec
            streams = spec.ledger_streams(self.settings.options(source))
            days = (first.isoformat(), end.isoformat())
            proofs = [Proof(name, basis, *days, expected, None, reason) for name in streams]
        collection = Collection(
            receipt_id, source_id, source.kind, "Example", None, 1, "test", "run", "tester",
            first.isoformat(), end.isoformat(), instant(begun),
            instant(begun + timedelta(minutes=5)),
            self.is_sandbox, cursor[0], cursor[1], origin, proofs=[] if failure else proofs,
            objects=[StoredObject(name, 1, "application/json", "report", 1) for name in files],
            failure=Failure(failure, False) if failure else None, warnings=list(warnings),
            configured_as={"required": source.required, "options": source.options},
        )  # fmt: skip
        facts = {
            "records": dict(Counter(r.stream for r in records)),
            "quarantined": quarantined or {},
            "duplicates": duplicates or {},
            "event_hours": _hours(records),
            "leaf_count": len(records),
            "records_root": "0" * 64,
            "bronze_sha256": "0" * 64,
            "sequence": sequence,
            "previous_hash": self._hashes.get(source_id, "0" * 64),
            "format_version": 1,
        }
        data = {**collection.to_json(), **facts}
        data["hash"] = hashlib.sha256(canonical(data)).hexdigest()
        self._hashes[source_id] = data["hash"]
        self.settings.home.create(
            f"locker/receipts/{source_id}/{sequence:08d}.json", canonical(data)
        )
        if is_bronze_kept:
            self._write_bronze(source_id, receipt_id, records)
        return receipt_id

    def _write_bronze(self, source_id: str, receipt_id: str, records: Sequence[Record]) -> None:
        path = self.settings.home.local_path(f"bronze/{source_id}/{receipt_id}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        with connect() as connection:
            connection.execute(f"create table bronze ({BRONZE})")
            rows = [
                (1, source_id, r.stream, receipt_id, "ab" * 32, n, "", f"{'ab' * 32}:{n}",
                 r.native_id, None, r.event_time, None, json.dumps(r.record))
                for n, r in enumerate(records, 1)
            ]  # fmt: skip
            if rows:
                connection.executemany(f"insert into bronze values ({', '.join('?' * 13)})", rows)
            connection.execute(f"copy bronze to '{path}' (format parquet)")

    def assess(self, as_of: date, now: datetime | None = None) -> dict[tuple[str, date], Verdict]:
        """Assesses, and reads the ledger back from its file, by stream and day."""
        written = ledger.assess(self.settings, as_of, now or at(as_of + DAY, 3))
        found = ledger.read(self.settings.home)
        assert found == written, "the file holds what assess returns"
        return {(v.stream, v.day): v for v in found}


def _hours(records: Sequence[Record]) -> dict[str, dict[str, int]]:
    hours: dict[str, Counter[str]] = {}
    for record in records:
        if record.event_time is not None:
            counts = hours.setdefault(record.stream, Counter())
            counts[f"{record.event_time:%Y-%m-%dT%H}"] += 1
    return {stream: dict(counts) for stream, counts in hours.items()}
