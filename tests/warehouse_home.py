"""Homes for the warehouse's tests: receipts, Bronze and ledger written by hand in binding form.

Nothing of collectors, index, commit or assess is used, so that what a build finds is the test's
own. A day is collected at 02:00 of the day after it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from muniment import verdicts, warehouse
from muniment.collection import Collection, Origin, canonical, instant
from muniment.database import connect
from muniment.receipts import Receipt, own_hash, receipt_path
from muniment.settings import Settings, load
from muniment.verdicts import Verdict
from muniment.warehouse import WAREHOUSE_PATH, BuildReport

DAY = timedelta(days=1)
START = date(2026, 1, 1)
OKTA = {"id": "okta", "kind": "okta_system_log", "connection": "okta", "required": True}
REGISTERS = {
    "roster": ("roster", "roster"),
    "assets": ("asset", "assets.asset"),
    "waivers": ("waiver", "waivers"),
    "controls": ("control", "controls"),
}


def at(day: date, hour: int = 2) -> datetime:
    """An instant of one UTC day."""
    return datetime.combine(day, time(hour), UTC)


def register_source(schema: str) -> dict[str, Any]:
    """A configured register, which bears its schema's name."""
    return {
        "id": schema,
        "kind": "register",
        "location": "drop",
        "options": {"schema": schema},
    }


@dataclass
class WarehouseHome:
    """One home, its ledger, and the receipts that a test puts there."""

    folder: Path
    sources: list[dict[str, Any]] = field(
        default_factory=lambda: [OKTA, *(register_source(schema) for schema in REGISTERS)]
    )
    ledger: dict[tuple[str, str, date], Verdict] = field(default_factory=dict)
    sequences: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.configure()

    def configure(self) -> None:
        """Writes muniment.yml."""
        file = self.folder / "muniment.yml"
        keys = {"organisation": "Example", "sandbox": True, "sources": self.sources}
        file.write_text(yaml.safe_dump(keys), "utf-8")

    @property
    def settings(self) -> Settings:
        return load(self.folder / "muniment.yml")

    @property
    def path(self) -> Path:
        return self.settings.home.local_path(WAREHOUSE_PATH)

    def receive(
        self, source_id: str, stream: str, records: list[dict[str, Any]], received: datetime,
        first: date | None = None, end: date | None = None, file: str | None = None,
    ) -> str:  # fmt: skip
        """Writes one receipt with its Bronze; returns the receipt's id. `file`: its drop path."""
        self.sequences[source_id] += 1
        sequence = self.sequences[source_id]
        receipt_id = hashlib.sha256(f"{source_id}/{sequence}".encode()).hexdigest()[:32]
        sha256 = hashlib.sha256(json.dumps(records).encode()).hexdigest()
        request = {
            "object_sha256": sha256, "shape": stream, "page": 1, "status": None,
            "url": file or "/api", "context": {},
        }  # fmt: skip
        rows = [(stream, sha256, n, f"{sha256}:{n}", r) for n, r in enumerate(records, 1)]
        rows.append(("request", f"{sha256[::-1]}", 1, f"{sha256[::-1]}:1", request))
        bronze_sha256 = self._write_bronze(source_id, receipt_id, received, rows)
        day = received.date()
        collection = Collection(
            receipt_id, source_id, self.settings.source(source_id).kind, "Example", None, 1,
            "test", "run", "tester", (first or day).isoformat(), (end or day + DAY).isoformat(),
            instant(received), instant(received), True,
            origin=Origin("file", "", None, False, None, None, (), False),
            configured_as={
                "required": self.settings.source(source_id).required,
                "options": self.settings.source(source_id).options,
            },
        )  # fmt: skip
        facts = {
            "sequence": sequence, "records": {stream: len(records), "request": 1},
            "quarantined": {}, "duplicates": {}, "event_hours": {}, "leaf_count": len(rows),
            "records_root": "0" * 64, "bronze_sha256": bronze_sha256, "previous_hash": "0" * 64,
            "format_version": 1, "hash": "",
        }  # fmt: skip
        receipt = Receipt(**vars(collection), **facts)
        data = {**receipt.to_json(), "hash": own_hash(receipt.to_json())}
        self.settings.home.create(receipt_path(source_id, sequence), canonical(data))
        return receipt_id

    def register(self, schema: str, rows: list[dict[str, str]], received: datetime) -> str:
        """One register, received whole in one file."""
        return self.receive(
            schema, REGISTERS[schema][0], list(rows), received, file=f"{schema}.csv"
        )

    def judge(
        self, source_id: str, stream: str, day: date, verdict: str = "COMPLETE", *,
        basis: str = "cursor_exhausted", hours: dict[str, int] | None = None,
        opened: datetime | None = None, reason: str = "",
    ) -> None:  # fmt: skip
        """Puts one verdict into the ledger, over an earlier one of the same day."""
        source = self.settings.source(source_id)
        is_open = verdict in verdicts.OPEN
        self.ledger[source_id, stream, day] = Verdict(
            source_id, source.kind, "Example", stream, day, verdict,  # type: ignore[arg-type]
            "argued" if is_open else None, basis, None, 1, 0, reason, (),  # type: ignore[arg-type]
            (opened or at(day + DAY)) if is_open else None, False, True, source.required,
            hours or {}, True,
        )  # fmt: skip

    def judge_registers(self, day: date) -> None:
        """Every configured register speaks for the day."""
        for schema, (_, stream) in REGISTERS.items():
            if any(source["id"] == schema for source in self.sources):
                self.judge(schema, stream, day, basis="file_manifest")

    def judge_okta(self, day: date, verdict: str = "COMPLETE", **more: Any) -> None:
        """One verdict for each stream that the system log feeds."""
        for name in ("sign_in", "grant", "revoke", "disable"):
            self.judge("okta", f"access_events.{name}", day, verdict, **more)

    def build(self, as_of: date, *, full_refresh: bool = False) -> BuildReport:
        """Writes the ledger, and builds at 02:00 of the day after `as_of`."""
        verdicts.write(self.settings.home, [v for v in self.ledger.values() if v.day <= as_of])
        return warehouse.build(
            self.settings, as_of, at(as_of + DAY), "run", full_refresh=full_refresh
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the built warehouse."""
        with connect(self.path, is_read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every table but those that say how a build came about, rows in a stable order."""
        names = self.query(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where schema_name not in ('ops', 'bronze') order by all"
        )
        return {name: self.query(f"select * from {name} order by all") for (name,) in names}

    def _write_bronze(
        self, source_id: str, receipt_id: str, received: datetime, rows: list[tuple[Any, ...]]
    ) -> str:
        path = self.settings.home.local_path(f"bronze/{source_id}/{receipt_id}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        moment = received.replace(tzinfo=None)
        values = [
            (1, source_id, stream, receipt_id, sha256, number, "", key, None, None, None, moment,
             json.dumps(record))
            for stream, sha256, number, key, record in rows
        ]  # fmt: skip
        with connect() as connection:
            connection.execute(f"create table bronze ({_bronze_columns()})")
            connection.executemany(f"insert into bronze values ({', '.join('?' * 13)})", values)
            connection.execute(f"copy bronze to '{path}' (format parquet)")
        return hashlib.sha256(path.read_bytes()).hexdigest()


def _bronze_columns() -> str:
    return (
        "bronze_version integer, source_id varchar, stream varchar, receipt_id varchar, "
        "object_sha256 varchar, record_no bigint, record_path varchar, record_key varchar, "
        "native_id varchar, event_time_raw varchar, event_time timestamp, "
        "received_at timestamp, record json"
    )
