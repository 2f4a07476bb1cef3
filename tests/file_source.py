"""One configured file kind with a folder and a home of its own, run through the real steps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from muniment import bronze, committing
from muniment.collecting import Mode, Window, collect
from muniment.collection import Collection, StoredObject, canonical
from muniment.locker import Locker
from muniment.receipts import Receipt
from muniment.settings import Settings, load

SOURCE_ID = "the_source"
NOW = "2026-01-06T02:00:00Z"


@dataclass
class FileSource:
    """`drop` is the folder that the source reads."""

    settings: Settings
    drop: Path

    @classmethod
    def make(cls, root: Path, kind: str, **options: Any) -> FileSource:
        drop = root / "drop"
        drop.mkdir(parents=True)
        config = {
            "organisation": "Test Organisation",
            "sources": [{"id": SOURCE_ID, "kind": kind, "location": "drop", "options": options}],
        }
        (root / "muniment.yml").write_text(yaml.safe_dump(config))
        return cls(load(root / "muniment.yml"), drop)

    def put(self, path: str, body: bytes | dict[str, Any] | list[Any]) -> Path:
        file = self.drop / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
        return file

    def collect(
        self, now: str = NOW, first: str = "2026-01-05", mode: Mode = "window"
    ) -> Collection:
        moment = datetime.fromisoformat(now).astimezone(UTC)
        return collect(
            self.settings, self.settings.source(SOURCE_ID),
            Window(date.fromisoformat(first), moment.date(), mode),
            clock=lambda: moment, run_id="a run", role="tests", connections=lambda name: None,
        )  # fmt: skip

    def run(self, now: str = NOW, first: str = "2026-01-05", mode: Mode = "window") -> Receipt:
        """Collect, index and commit."""
        return self.commit(self.collect(now, first, mode))

    def commit(self, collection: Collection) -> Receipt:
        bronze.index(self.settings, SOURCE_ID, collection.receipt_id)
        return committing.commit(self.settings, SOURCE_ID, collection.receipt_id)

    def keep(self, *bodies: tuple[str, bytes]) -> Collection:
        """A pending collection of these (shape, body) objects, without a connector."""
        moment = "2026-01-06T02:00:00.000000Z"
        kind = self.settings.source(SOURCE_ID).kind
        number = len(self.settings.home.list(f"locker/collections/{SOURCE_ID}"))
        collection = Collection(
            f"{number:032x}", SOURCE_ID, kind, "Test Organisation", None, 1, "", "", "",
            "2026-01-05", "2026-01-06", moment, moment,
        )  # fmt: skip
        for shape, body in bodies:
            sha256, size = Locker(self.settings.home).put(body)
            collection.objects.append(StoredObject(sha256, size, "", shape, 1))
        self.settings.home.create(collection.path, canonical(collection.to_json()))
        return collection

    def index(self, *bodies: tuple[str, bytes]) -> Collection:
        """`keep`, indexed."""
        collection = self.keep(*bodies)
        bronze.index(self.settings, SOURCE_ID, collection.receipt_id)
        return collection

    def counts(self, collection: Collection) -> dict[str, Any]:
        """What index counted, as the ledger reads it."""
        path = bronze.index_path(SOURCE_ID, collection.receipt_id)
        return dict(json.loads(self.settings.home.read(path)))

    def bronze(self, collection: Collection, columns: str = "record") -> list[tuple[Any, ...]]:
        """Bronze rows in the file's order."""
        return self._rows("bronze", collection, columns)

    def quarantine(self, collection: Collection, columns: str = "reason") -> list[tuple[Any, ...]]:
        """Quarantine rows; [] where nothing was unreadable."""
        path = f"quarantine/{SOURCE_ID}/{collection.receipt_id}.parquet"
        exists = self.settings.home.exists(path)
        return self._rows("quarantine", collection, columns) if exists else []

    def _rows(self, folder: str, collection: Collection, columns: str) -> list[tuple[Any, ...]]:
        path = self.settings.home.local_path(
            f"{folder}/{SOURCE_ID}/{collection.receipt_id}.parquet"
        )
        with duckdb.connect() as connection:
            return connection.execute(f"select {columns} from read_parquet('{path}')").fetchall()

    def requests(self, collection: Collection) -> list[dict[str, Any]]:
        """The request lines of a collection."""
        locker = Locker(self.settings.home)
        bodies = [locker.read(o.sha256) for o in collection.objects if o.shape == "requests"]
        return [json.loads(line) for body in bodies for line in body.splitlines()]

    def stored(self, collection: Collection, shape: str) -> list[bytes]:
        """Stored bodies of one shape."""
        locker = Locker(self.settings.home)
        return [locker.read(o.sha256) for o in collection.objects if o.shape == shape]
