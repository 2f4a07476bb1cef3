"""Runs one connector against a real HTTP server and hands back what it stated and kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from http_source import HttpSource
from muniment import bronze, committing, receipts
from muniment.collecting import Mode, Window, collect
from muniment.collection import Collection
from muniment.locker import Locker
from muniment.settings import Settings, load

SOURCE_ID = "the_source"


@dataclass
class Collector:
    """One configured source in a home of its own."""

    settings: Settings
    source: HttpSource
    login: str = ""
    base_path: str = ""

    def collect(
        self, first: str, end: str, now: str | datetime, mode: Mode = "window", finished: str = ""
    ) -> Collection:
        """`now`: when it starts; `finished`: what the clock says from its second look on."""
        looks = iter([_utc(now)])
        later = _utc(finished or now)
        return collect(
            self.settings, self.settings.source(SOURCE_ID),
            Window(date.fromisoformat(first), date.fromisoformat(end), mode),
            clock=lambda: next(looks, later), run_id="a run", role="tests",
            connections=lambda name: self.source.connection(self.base_path, self.login),
        )  # fmt: skip

    def commit(self, collection: Collection) -> receipts.Receipt:
        bronze.index(self.settings, SOURCE_ID, collection.receipt_id)
        return committing.commit(self.settings, SOURCE_ID, collection.receipt_id)

    def kept(self, collection: Collection, shape: str) -> list[Any]:
        """The parsed bodies of one shape, in the order in which they were kept."""
        locker = Locker(self.settings.home)
        bodies = [locker.read(item.sha256) for item in collection.objects if item.shape == shape]
        if shape == "requests":
            return [json.loads(line) for body in bodies for line in body.splitlines()]
        return [json.loads(body) for body in bodies]

    def everything(self) -> bytes:
        """All bytes of the home, and the names of its files."""
        files = [path for path in Path(self.settings.home.url).rglob("*") if path.is_file()]
        return b"".join(str(path).encode() + path.read_bytes() for path in files)


def collector(
    folder: Path, source: HttpSource, kind: str, options: dict[str, Any], **more: str
) -> Collector:
    config = {
        "organisation": "Test Organisation",
        "sandbox": True,
        "sources": [
            {"id": SOURCE_ID, "kind": kind, "connection": "the_connection", "options": options}
        ],
    }
    file = folder / "muniment.yml"
    file.write_text(yaml.safe_dump(config))
    return Collector(load(file), source, **more)


def proofs(collection: Collection, stream: str) -> list[tuple[str, str, str]]:
    """(basis, first day, end day) of one ledger stream, in order."""
    return [(p.basis, p.first_day, p.end_day) for p in collection.proofs if p.stream == stream]


def _utc(moment: str | datetime) -> datetime:
    if isinstance(moment, datetime):
        return moment
    return datetime.fromisoformat(moment).astimezone(UTC)
