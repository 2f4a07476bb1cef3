"""A small real home on disk, written in the contract's form without the connectors or index."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from muniment import checkpoints, committing
from muniment.checkpoints import Checkpoint
from muniment.collection import Collection, Origin, Proof, StoredObject, canonical, instant
from muniment.locker import Locker
from muniment.receipts import Receipt
from muniment.settings import Settings, load
from muniment.storage import Store

START = datetime(2026, 1, 5, 2, tzinfo=UTC)
BRONZE_COLUMNS = (
    "bronze_version integer, source_id varchar, stream varchar, receipt_id varchar, "
    "object_sha256 varchar, record_no bigint, record_path varchar, record_key varchar, "
    "native_id varchar, event_time_raw varchar, event_time timestamp, received_at timestamp, "
    "record json"
)
QUARANTINE_COLUMNS = (
    "bronze_version integer, source_id varchar, receipt_id varchar, object_sha256 varchar, "
    "shape varchar, line bigint, byte_offset bigint, bytes blob, reason varchar, "
    "is_whole_object boolean"
)


@dataclass
class EvidenceHome:
    """One home under `root`, with days of collections of simulated Okta tenants."""

    root: Path
    settings: Settings
    days: int = 0

    @classmethod
    def make(cls, root: Path) -> EvidenceHome:
        root.mkdir(parents=True, exist_ok=True)
        config = root / "muniment.yml"
        config.write_text("organisation: Harbourline Health\nsandbox: true\n", encoding="utf-8")
        return cls(root, load(config))

    @property
    def store(self) -> Store:
        return self.settings.home

    @property
    def folder(self) -> Path:
        return self.root / ".muniment"

    def copy(self, root: Path) -> EvidenceHome:
        shutil.copytree(self.root, root)
        return EvidenceHome(root, load(root / "muniment.yml"), self.days)

    def collect(self, source_id: str, bodies: list[bytes], unreadable: int = 0) -> str:
        """Stores page bodies (JSON arrays of events) and the pending collection, then indexes."""
        receipt_id = self.wait(source_id, bodies, "okta_system_log", "events")
        self.index(committing.pending_collection(self.store, source_id, receipt_id), unreadable)
        return receipt_id

    def wait(self, source_id: str, bodies: list[bytes], kind: str, shape: str) -> str:
        """Stores bodies and the pending collection, which then waits for its index."""
        self.days += 1
        locker, receipt_id = Locker(self.store), uuid.uuid4().hex
        objects, asked = [], []
        for page, body in enumerate(bodies, 1):
            sha256, size = locker.put(body)
            objects.append(StoredObject(sha256, size, "application/json", shape, page))
            asked.append(
                {"object_sha256": sha256, "shape": shape, "page": page, "status": 200,
                 "server_date": None, "url": f"https://{source_id}.example/api/v1/logs?page={page}",
                 "context": {"account_id": "00u1"}}
            )  # fmt: skip
        if asked:
            sha256, size = locker.put(b"".join(canonical(line) + b"\n" for line in asked))
            objects.append(StoredObject(sha256, size, "application/x-ndjson", "requests", 1))
        began = START + timedelta(days=self.days)
        collection = Collection(
            receipt_id, source_id, kind, "Harbourline Health", "okta", 1, "0.1.0",
            "run-1", "muniment", "2026-01-05", "2026-01-06", instant(began), instant(began),
            is_sandbox=True, objects=objects,
            origin=Origin("http", "127.0.0.1", None, False, None, "c", ("okta.logs.read",), False),
            proofs=[Proof("access_events.sign_in", "cursor_exhausted", "2026-01-05", "2026-01-06")],
        )  # fmt: skip
        self.store.create(collection.path, canonical(collection.to_json()))
        return receipt_id

    def index(self, collection: Collection, unreadable: int = 0) -> None:
        rows = [row for item in collection.objects for row in self._rows(collection, item)]
        place = f"{collection.source_id}/{collection.receipt_id}"
        bronze = self.folder / f"bronze/{place}.parquet"
        write_parquet(bronze, BRONZE_COLUMNS, rows)
        if unreadable:
            bad = [
                (1, collection.source_id, collection.receipt_id, "0" * 64, "events", n, 0, b"x",
                 "not JSON", True)
                for n in range(unreadable)
            ]  # fmt: skip
            quarantine = self.folder / f"quarantine/{place}.parquet"
            write_parquet(quarantine, QUARANTINE_COLUMNS, bad)
        records: dict[str, int] = {}
        for row in rows:
            records[row[2]] = records.get(row[2], 0) + 1
        counts = {
            "receipt_id": collection.receipt_id, "bronze_version": 1, "records": records,
            "quarantined": {"event": unreadable} if unreadable else {}, "duplicates": {},
            "event_hours": {}, "bronze_sha256": hashlib.sha256(bronze.read_bytes()).hexdigest(),
            "quarantine_sha256":
                hashlib.sha256(quarantine.read_bytes()).hexdigest() if unreadable else None,
        }  # fmt: skip
        self.store.replace(f"index/{place}.json", canonical(counts))

    def _rows(self, collection: Collection, item: StoredObject) -> list[tuple[Any, ...]]:
        text = (self.folder / f"locker/objects/{item.sha256[:2]}/{item.sha256}").read_bytes()
        if item.shape == "requests":
            cut = [
                ("request", n, "", json.loads(line)) for n, line in enumerate(text.splitlines(), 1)
            ]
        else:
            cut = [("event", n, f"/{n - 1}", value) for n, value in enumerate(json.loads(text), 1)]
        return [
            (1, collection.source_id, stream, collection.receipt_id, item.sha256, number, path,
             f"{item.sha256}:{number}" + (f"#{path}" if path else ""), value.get("uuid"), None,
             None, START.replace(tzinfo=None), json.dumps(value, separators=(",", ":")))
            for stream, number, path, value in cut
        ]  # fmt: skip

    def commit(self, source_id: str, receipt_id: str) -> Receipt:
        return committing.commit(self.settings, source_id, receipt_id)

    def receive(self, source_id: str, bodies: list[bytes]) -> Receipt:
        return self.commit(source_id, self.collect(source_id, bodies))

    def sign(self) -> Checkpoint:
        return checkpoints.sign(self.settings, START + timedelta(days=self.days))


def events(prefix: str, count: int) -> bytes:
    """A page as a source writes it: with blanks, and numbers that a parser would rewrite."""
    items = [f'{{ "uuid": "{prefix}-{n}", "risk": 1.50e1, "name": "Zoë" }}' for n in range(count)]
    return ("[" + ",\n ".join(items) + "]").encode()


def write_parquet(path: Path, columns: str, rows: list[tuple[Any, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"create table t ({columns})")
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"insert into t values ({marks})", rows)
        connection.execute(f"copy t to '{path}' (format parquet)")


def edit_parquet(path: Path, statement: str) -> None:
    """Rewrites a Parquet file after one SQL statement over table `t`, notes in the file kept."""
    with duckdb.connect() as connection:
        connection.execute(f"create table t as select * from '{path}'")
        connection.execute(statement)
        notes = connection.execute(
            f"select decode(key), decode(value) from parquet_kv_metadata('{path}') "
            "where decode(key) = 'bronze_sha256'"
        ).fetchall()
        noted = ", ".join(f"{key}: '{value}'" for key, value in notes)
        options = f", kv_metadata {{{noted}}}" if notes else ""
        connection.execute(f"copy t to '{path}' (format parquet{options})")
