"""airflow_event_log: whole by Airflow's own total, at the edges of a day, and when it moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector
from conversations.airflow import Server, entry
from http_source import Answer, Asked, HttpSource, serving

STREAM = "access_events.resource_access"
NOW = "2026-01-07T02:00:00Z"


@pytest.fixture
def source() -> Iterator[HttpSource]:
    with serving() as server:
        yield server


def made(folder: Path, source: HttpSource, items: list[dict[str, Any]]) -> Collector:
    source.reply = Server(source, items).reply
    return collector(folder, source, "airflow_event_log", {"page_size": 2})


def test_a_day_is_read_from_its_first_to_its_last_microsecond(
    tmp_path: Path, source: HttpSource
) -> None:
    times = [
        "2026-01-04T23:59:59.999999Z", "2026-01-05T00:00:00.000000Z",
        "2026-01-05T23:59:59.999999Z", "2026-01-06T00:00:00.000000Z",
    ]  # fmt: skip
    run = made(tmp_path, source, [entry(n, when) for n, when in enumerate(times)])
    receipt = run.commit(run.collect("2026-01-05", "2026-01-06", NOW))
    assert receipt.records["event_log"] == 2
    assert [(p.basis, p.expected) for p in receipt.proofs if p.stream == STREAM] == [
        ("total_count", 2)
    ]


def test_a_day_without_entries_is_proven_empty(tmp_path: Path, source: HttpSource) -> None:
    run = made(tmp_path, source, [])
    receipt = run.commit(run.collect("2026-01-05", "2026-01-06", NOW))
    assert {proof.expected for proof in receipt.proofs} == {0}
    assert receipt.records.get("event_log", 0) == 0


def spoiled(change: Callable[[int, dict[str, Any]], dict[str, Any]]) -> Callable[..., Any]:
    def wrap(reply: Callable[[Asked], Answer]) -> Callable[[Asked], Answer]:
        pages = iter(range(1, 99))
        return lambda asked: Answer(change(next(pages), reply(asked).body))

    return wrap


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda page, body: {**body, "total_entries": 4 + page}, "the total changed from 5 to 6"),
        (lambda page, body: {"event_logs": []}, "found other JSON"),
        (lambda page, body: {**body, "total_entries": "5"}, "found other JSON"),
    ],
)
def test_what_cannot_be_whole_fails_in_words(
    tmp_path: Path, source: HttpSource, change: Any, said: str
) -> None:
    run = made(tmp_path, source, [entry(n) for n in range(5)])
    source.reply = spoiled(change)(source.reply)
    collection = run.collect("2026-01-05", "2026-01-06", NOW)
    assert collection.failure is not None
    assert said in collection.failure.reason


def test_fewer_entries_than_the_total_leave_that_day_alone_unproven(
    tmp_path: Path, source: HttpSource
) -> None:
    run = made(tmp_path, source, [entry(n) for n in range(5)])
    source.reply = spoiled(
        lambda page, body: {**body, "event_logs": body["event_logs"] if page < 3 else []}
    )(source.reply)
    receipt = run.commit(run.collect("2026-01-05", "2026-01-07", NOW))
    assert receipt.records["event_log"] == 4
    assert [(p.basis, p.first_day, p.reason) for p in receipt.proofs if p.stream == STREAM] == [
        ("not_provable", "2026-01-05", "Airflow counts 5 entries, 4 came."),
        ("total_count", "2026-01-06", "Airflow counts 0 entries, 0 came."),
    ]


def test_a_server_that_gives_smaller_pages_than_asked_is_read_whole(
    tmp_path: Path, source: HttpSource
) -> None:
    run = made(tmp_path, source, [entry(n) for n in range(5)])
    source.reply = spoiled(lambda page, body: {**body, "event_logs": body["event_logs"][:1]})(
        source.reply
    )
    receipt = run.commit(run.collect("2026-01-05", "2026-01-06", NOW))
    assert receipt.records["event_log"] == 5


def test_today_is_not_asked_for(tmp_path: Path, source: HttpSource) -> None:
    run = made(tmp_path, source, [entry(1)])
    collection = run.collect("2026-01-07", "2026-01-08", NOW)
    assert (collection.failure, collection.proofs, source.asked) == (None, [], [])
