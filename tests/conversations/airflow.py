"""Airflow: its event log, by offset and with a total."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from http_kinds import DAY, HttpKind, Items
from http_source import Answer, Asked, HttpSource

PATH = "/api/v2/eventLogs"


@dataclass
class ByOffset:
    """`offset` counts entries; a server that repeats itself gives the first page again."""

    has_address: bool = False
    first: list[Items] = field(default_factory=list)

    def page(self, source: HttpSource, asked: Asked, items: Items, size: int = 2) -> Answer:
        start = int(asked.query["offset"])
        found = items[start : start + int(asked.query["limit"])]
        if start == 0:
            self.first[:] = [found]
        return Answer({"event_logs": found, "total_entries": len(items)})

    def items(self, answer: Answer) -> Items:
        return list(answer.body["event_logs"])

    def with_items(self, answer: Answer, items: Items) -> Answer:
        return replace(answer, body={**answer.body, "event_logs": items})

    def leading_to(self, answer: Answer, url: str) -> Answer:
        return self.with_items(answer, self.first[0])


PAGING = ByOffset()


@dataclass
class Server:
    source: HttpSource
    items: Items

    def reply(self, asked: Asked) -> Answer:
        assert asked.path == PATH
        after, before = asked.query["after"], asked.query["before"]
        found = [item for item in self.items if after < item["when"] < before]
        return PAGING.page(self.source, asked, found)


def entry(number: int, when: str = "") -> dict[str, Any]:
    return {
        "event_log_id": number, "when": when or f"{DAY}T0{number}:00:00.000000Z",
        "event": "trigger_dag_run", "owner": "bo@x.example", "dag_id": "evidence_daily",
        "task_id": None, "run_id": None, "map_index": None, "try_number": None,
        "logical_date": None, "extra": None,
    }  # fmt: skip


KINDS = [
    HttpKind(
        kind="airflow_event_log",
        options={"page_size": 2},
        start=lambda source: Server(source, [entry(number) for number in range(5)]),
        path=PATH,
        paging=PAGING,
        stream="access_events.resource_access",
        basis="total_count",
    ),
]
