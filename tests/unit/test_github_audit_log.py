"""github_audit_log: whole windows with an overlap, epoch milliseconds, and what GitHub forgets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from http_source import TOKEN, Answer, Asked, HttpSource, serving

STREAMS = (
    "access_events.grant", "access_events.revoke", "access_events.disable",
    "change_events.config_change",
)  # fmt: skip
WINDOW = ("2026-01-05", "2026-01-07", "2026-01-07T02:00:00Z")
WHOLE = [("cursor_exhausted", "2026-01-05", "2026-01-07")]


class Log:
    """The endpoint as GitHub documents it: cursors in the Link header, at most three a page."""

    def __init__(self, source: HttpSource) -> None:
        self.source = source
        self.events: list[dict[str, Any]] = []
        self.refusal: Answer | None = None

    def reply(self, asked: Asked) -> Answer:
        if asked.path == "/orgs/acme":
            return Answer({"login": "acme", "id": 1})
        if self.refusal is not None:
            return self.refusal
        if asked.path == "/orgs/acme/audit-log":
            assert asked.query["include"] == "all"
            assert asked.query["order"] == "asc"
        start = int(asked.query.get("after", 0))
        headers = []
        if start + 3 < len(self.events):
            url = f"{self.source.url}/organizations/1/audit-log?after={start + 3}&before="
            headers.append(("Link", f'<{url}>; rel="next"'))
        return Answer(self.events[start : start + 3], headers=headers)


@pytest.fixture
def log() -> Iterator[Log]:
    with serving() as source:
        log = Log(source)
        source.reply = log.reply
        yield log


def event(name: str, moment: str, action: str = "team.add_member") -> dict[str, Any]:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return {"_document_id": name, "@timestamp": int(at.timestamp() * 1000) + 7, "action": action}


def connector(log: Log, folder: Path, **options: Any) -> Collector:
    return collector(folder, log.source, "github_audit_log", {"organisation": "acme", **options})


def test_a_window_is_read_to_the_last_page_and_proven(log: Log, tmp_path: Path) -> None:
    log.events = [event(f"e{n}", f"2026-01-0{5 + n % 2} 09:00") for n in range(7)]
    run = connector(log, tmp_path)
    result = run.collect(*WINDOW)
    assert result.failure is None
    phrase = next(a.query["phrase"] for a in log.source.asked if "phrase" in a.query)
    assert phrase == "created:2026-01-03T00:00:00Z..2026-01-07T00:00:00Z"
    assert [len(page) for page in run.kept(result, "audit_events")] == [3, 3, 1]
    for stream in STREAMS:
        assert proofs(result, stream) == WHOLE
    receipt = run.commit(result)
    assert receipt.records["audit_event"] == 7
    hours = receipt.event_hours["audit_event"]
    assert hours == {"2026-01-05T09": 4, "2026-01-06T09": 3}  # from milliseconds since 1970
    cursors = {r.parameters.get("after") for r in result.requests}
    assert cursors == {None, "(cursor)"}
    assert TOKEN.encode() not in run.everything()


def test_a_day_without_any_event_is_proven_by_the_exhausted_list(log: Log, tmp_path: Path) -> None:
    result = connector(log, tmp_path).collect(*WINDOW)
    assert [proofs(result, stream) for stream in STREAMS] == [WHOLE] * 4


def test_a_young_day_waits_for_a_second_read_that_agrees(log: Log, tmp_path: Path) -> None:
    log.events = [event("e1", "2026-01-06 09:00")]
    run = connector(log, tmp_path, settling_h=48)
    first = run.collect("2026-01-06", "2026-01-07", "2026-01-07T02:00:00Z")
    assert proofs(first, STREAMS[0]) == [("not_provable", "2026-01-06", "2026-01-07")]
    run.commit(first)
    again = run.collect("2026-01-06", "2026-01-07", "2026-01-07T08:00:00Z")
    assert proofs(again, STREAMS[0]) == [("cursor_exhausted", "2026-01-06", "2026-01-07")]


def test_an_event_that_came_late_keeps_a_young_day_open(log: Log, tmp_path: Path) -> None:
    run = connector(log, tmp_path, settling_h=48)
    run.commit(run.collect("2026-01-06", "2026-01-07", "2026-01-07T02:00:00Z"))
    log.events = [event("late", "2026-01-06 23:00")]
    again = run.collect("2026-01-06", "2026-01-07", "2026-01-07T08:00:00Z")
    assert proofs(again, STREAMS[0]) == [("not_provable", "2026-01-06", "2026-01-07")]


def test_what_github_has_forgotten_is_not_provable(log: Log, tmp_path: Path) -> None:
    result = connector(log, tmp_path).collect("2025-07-01", "2026-01-07", "2026-01-07T02:00:00Z")
    assert [basis for basis, *_ in proofs(result, STREAMS[0])] == [
        "not_provable",
        "cursor_exhausted",
    ]
    assert proofs(result, STREAMS[0])[0][2] == "2025-07-12"  # 180 days before the reading
    assert any("Git events" in text and "2026-01-01" in text for text in result.warnings)


def test_within_a_week_nothing_is_said_of_git_events(log: Log, tmp_path: Path) -> None:
    assert connector(log, tmp_path).collect(*WINDOW).warnings == []


def test_a_token_that_is_no_owners_leaves_the_days_a_gap(log: Log, tmp_path: Path) -> None:
    log.refusal = Answer({"message": "Must have admin rights to Organization."}, 403)
    result = connector(log, tmp_path).collect(*WINDOW)
    assert result.failure is not None
    assert "Must have admin rights" in result.failure.reason
    assert result.proofs == []


def test_a_day_that_failed_is_proven_by_the_next_reading(log: Log, tmp_path: Path) -> None:
    run = connector(log, tmp_path)
    log.refusal = Answer({"message": "no"}, 403)
    run.commit(run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z"))
    log.refusal = None
    result = run.collect("2026-01-06", "2026-01-07", "2026-01-07T02:00:00Z")
    assert proofs(result, STREAMS[0]) == [
        ("cursor_exhausted", "2026-01-05", "2026-01-06"),
        ("cursor_exhausted", "2026-01-06", "2026-01-07"),
    ]


def test_an_event_without_time_counts_and_is_told(log: Log, tmp_path: Path) -> None:
    undated = {"_document_id": "e", "@timestamp": 10**18, "action": "hook.create"}
    log.events = [undated, {"action": "hook.create", "@timestamp": "soon"}]
    run = connector(log, tmp_path)
    result = run.collect(*WINDOW)
    assert result.failure is None
    receipt = run.commit(result)
    assert receipt.records["audit_event"] == 2
    assert receipt.quarantined == {}
