"""okta_system_log against a tenant that keeps to Okta's documented polling and bounded queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from collector import Collector, collector, proofs
from http_source import TOKEN, Answer, Asked, HttpSource, serving
from muniment.settings import load

GRANT = "access_events.grant"
STREAMS = {"sign_in", "grant", "revoke", "disable"}


@dataclass
class Tenant:
    """Events in order of persistence: (uuid, published, persisted)."""

    source: HttpSource
    events: list[tuple[str, str, str]] = field(default_factory=list)
    forgets_cursors: bool = False
    faults: dict[int, Answer] = field(default_factory=dict)
    pages: int = 0

    def reply(self, asked: Asked) -> Answer:
        if asked.path == "/.well-known/okta-organization":
            links = {"organization": {"href": "https://acme.okta.com"}}
            return Answer({"id": "00o1", "pipeline": "idx", "_links": links})
        assert asked.path == "/api/v1/logs"
        self.pages += 1
        if self.pages in self.faults:
            return self.faults[self.pages]
        if "until" in asked.query:
            return self._bounded(asked.query)
        return self._polled(asked.query)

    def _polled(self, query: dict[str, str]) -> Answer:
        assert query["sortOrder"] == "ASCENDING"
        if "after" in query:
            if self.forgets_cursors:
                return Answer({"errorCode": "E0000031", "errorSummary": "Invalid cursor"}, 400)
            start = int(query["after"])
        else:
            start = sum(persisted < query["since"] for _, _, persisted in self.events)
        found = self.events[start : start + int(query["limit"])]
        following = {**query, "after": str(start + len(found))}
        return self._answer(found, following)

    def _bounded(self, query: dict[str, str]) -> Answer:
        since, until = query["since"], query["until"]
        inside = sorted((e for e in self.events if since <= e[1] < until), key=lambda e: e[1])
        start = int(query.get("after", 0))
        found = inside[start : start + int(query["limit"])]
        more = start + len(found) < len(inside)
        return self._answer(found, {**query, "after": str(start + len(found))} if more else None)

    def _answer(self, found: list[Any], following: dict[str, str] | None) -> Answer:
        links = [("Link", f'<{self.source.url}/api/v1/logs>; rel="self"')]
        if following:
            url = f"{self.source.url}/api/v1/logs?{urlencode(following)}"
            links.append(("Link", f'<{url}>; rel="next"'))
        body = [{"uuid": uuid, "published": published} for uuid, published, _ in found]
        return Answer(body, headers=links)


def at(day: int, hour: int = 12) -> str:
    return f"2026-01-{day:02}T{hour:02}:00:00.000Z"


def event(name: str, day: int, persisted: str | None = None) -> tuple[str, str, str]:
    return name, at(day), persisted or at(day)


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with serving() as source:
        tenant = Tenant(source)
        source.reply = tenant.reply
        yield tenant


def connector(tenant: Tenant, folder: Path, **options: Any) -> Collector:
    return collector(folder, tenant.source, "okta_system_log", {"page_size": 2, **options})


def ids(run: Collector, collection: Any) -> list[str]:
    return [item["uuid"] for page in run.kept(collection, "events") for item in page]


def test_first_poll_reads_to_the_empty_page_and_proves_the_ended_days(
    tenant: Tenant, tmp_path: Path
) -> None:
    tenant.events = [event(f"e{n}", 3 + n // 2) for n in range(5)]
    run = connector(tenant, tmp_path)
    result = run.collect("2026-01-03", "2026-01-06", "2026-01-06T02:00:00Z", "poll")
    assert result.failure is None
    assert ids(run, result) == ["e0", "e1", "e2", "e3", "e4"]
    pages = run.kept(result, "events")
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    asked = [item.query for item in tenant.source.asked if item.path == "/api/v1/logs"]
    assert asked[0] == {
        "since": "2026-01-03T00:00:00.000Z", "sortOrder": "ASCENDING", "limit": "2"
    }  # fmt: skip
    assert {proof.stream.partition(".")[2] for proof in result.proofs} == STREAMS
    assert proofs(result, GRANT) == [("cursor_exhausted", "2026-01-03", "2026-01-06")]
    assert result.cursor_out is not None
    assert "after=5" in result.cursor_out
    assert result.origin is not None
    assert result.origin.tenant == "acme.okta.com"
    assert tenant.source.asked[0].headers["Authorization"] == f"SSWS {TOKEN}"


def test_the_next_poll_goes_on_from_the_cursor_and_sees_late_events(
    tenant: Tenant, tmp_path: Path
) -> None:
    tenant.events = [event("e1", 4)]
    run = connector(tenant, tmp_path)
    first = run.collect("2026-01-04", "2026-01-05", "2026-01-05T02:00:00Z", "poll")
    run.commit(first)
    tenant.events += [event("late", 4, at(5, 9)), event("e2", 5)]
    second = run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z", "poll")
    assert second.cursor_in == first.cursor_out
    assert ids(run, second) == ["late", "e2"]
    assert proofs(second, GRANT) == [("cursor_exhausted", "2026-01-05", "2026-01-06")]


def test_a_window_read_between_two_polls_leaves_the_cursor_alone(
    tenant: Tenant, tmp_path: Path
) -> None:
    tenant.events = [event("e1", 4)]
    run = connector(tenant, tmp_path)
    first = run.collect("2026-01-04", "2026-01-05", "2026-01-05T02:00:00Z", "poll")
    run.commit(first)
    window = run.collect("2026-01-01", "2026-01-02", "2026-01-06T01:00:00Z")
    assert (window.cursor_in, window.cursor_out) == (None, None)
    run.commit(window)
    # the planner says from when on; a wrong start must not stretch what the cursor proves
    second = run.collect("2026-01-01", "2026-01-06", "2026-01-06T02:00:00Z", "poll")
    assert second.cursor_in == first.cursor_out
    assert proofs(second, GRANT) == [("cursor_exhausted", "2026-01-05", "2026-01-06")]


def test_the_cursor_survives_a_server_that_moves(tenant: Tenant, tmp_path: Path) -> None:
    tenant.events = [event("e1", 4)]
    run = connector(tenant, tmp_path)
    run.commit(run.collect("2026-01-04", "2026-01-05", "2026-01-05T02:00:00Z", "poll"))
    with serving() as moved:
        tenant.source = run.source = moved
        moved.reply = tenant.reply
        tenant.events.append(event("e2", 5))
        result = run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z", "poll")
        assert result.failure is None
        assert ids(run, result) == ["e2"]


def test_a_refused_cursor_restarts_with_overlap_and_proves_nothing(
    tenant: Tenant, tmp_path: Path
) -> None:
    tenant.events = [event("e1", 4)]
    run = connector(tenant, tmp_path)
    run.commit(run.collect("2026-01-04", "2026-01-05", "2026-01-05T02:00:00Z", "poll"))
    tenant.events += [event("e2", 5)]
    tenant.forgets_cursors = True
    cut = len(tenant.source.asked)

    def reply(asked: Asked) -> Answer:
        answer = tenant.reply(asked)
        tenant.forgets_cursors = tenant.forgets_cursors and answer.status == 200
        return answer

    tenant.source.reply = reply
    result = run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z", "poll")
    assert result.failure is None
    assert ids(run, result) == ["e1", "e2"]
    since = [item.query["since"] for item in tenant.source.asked[cut:] if "since" in item.query]
    assert since[0] == "2026-01-05T00:00:00.000Z".replace("05T", "04T")
    assert proofs(result, GRANT) == [("not_provable", "2026-01-05", "2026-01-06")]
    assert (result.proofs[0].reason or "").startswith("cursor refused (HTTP 400)")
    assert result.warnings
    run.commit(result)
    later = run.collect("2026-01-06", "2026-01-07", "2026-01-07T02:00:00Z", "poll")
    assert later.cursor_in == result.cursor_out
    assert proofs(later, GRANT) == [("cursor_exhausted", "2026-01-06", "2026-01-07")]


def test_a_second_poll_on_the_same_day_states_no_day(tenant: Tenant, tmp_path: Path) -> None:
    run = connector(tenant, tmp_path)
    run.commit(run.collect("2026-01-04", "2026-01-05", "2026-01-05T02:00:00Z", "poll"))
    again = run.collect("2026-01-05", "2026-01-06", "2026-01-05T09:00:00Z", "poll")
    assert (again.failure, again.proofs) == (None, [])


def test_a_busy_tenant_does_not_hold_the_poll_for_ever(tenant: Tenant, tmp_path: Path) -> None:
    def reply(asked: Asked) -> Answer:  # one new event before every request
        tenant.events.append((f"e{len(tenant.events)}", at(6, 3), at(6, 3)))
        return tenant.reply(asked)

    tenant.source.reply = reply
    run = connector(tenant, tmp_path)
    result = run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z", "poll")
    assert result.failure is None
    assert proofs(result, GRANT) == [("cursor_exhausted", "2026-01-05", "2026-01-06")]


def test_days_older_than_okta_keeps_are_not_proven(tenant: Tenant, tmp_path: Path) -> None:
    result = connector(tenant, tmp_path).collect(
        "2025-10-01", "2026-01-06", "2026-01-06T02:00:00Z", "poll"
    )
    assert proofs(result, GRANT) == [
        ("not_provable", "2025-10-01", "2025-10-09"),
        ("cursor_exhausted", "2025-10-09", "2026-01-06"),
    ]
    assert "90 days" in (result.proofs[0].reason or "")


def test_a_window_is_bounded_and_argues_for_settled_days_alone(
    tenant: Tenant, tmp_path: Path
) -> None:
    tenant.events = [event(f"e{n}", n) for n in range(1, 8)]
    run = connector(tenant, tmp_path)
    result = run.collect("2026-01-01", "2026-01-06", "2026-01-06T02:00:00Z")
    assert ids(run, result) == ["e1", "e2", "e3", "e4", "e5"]
    logs = [item.query for item in tenant.source.asked if item.path == "/api/v1/logs"]
    assert (logs[0]["since"], logs[0]["until"]) == (at(1, 0), at(6, 0))
    assert proofs(result, GRANT) == [
        ("cursor_exhausted", "2026-01-01", "2026-01-03"),  # 72 h before is 3 January, 02:00
        ("not_provable", "2026-01-03", "2026-01-04"),
        ("not_provable", "2026-01-04", "2026-01-05"),
        ("not_provable", "2026-01-05", "2026-01-06"),
    ]
    assert result.cursor_out is None


def test_young_days_are_argued_once_two_reads_agree(tenant: Tenant, tmp_path: Path) -> None:
    tenant.events = [event("e4", 4), event("e5", 5)]
    run = connector(tenant, tmp_path)
    run.commit(run.collect("2026-01-04", "2026-01-06", "2026-01-06T02:00:00Z"))
    tenant.events.append(event("late", 5, at(6, 8)))
    second = run.collect("2026-01-04", "2026-01-06", "2026-01-06T12:00:00Z")
    assert proofs(second, GRANT) == [
        ("cursor_exhausted", "2026-01-04", "2026-01-05"),
        ("not_provable", "2026-01-05", "2026-01-06"),
    ]
    run.commit(second)
    third = run.collect("2026-01-05", "2026-01-06", "2026-01-06T13:00:00Z")
    assert proofs(third, GRANT) == [("cursor_exhausted", "2026-01-05", "2026-01-06")]


def test_a_read_before_the_day_had_ended_agrees_with_nothing(
    tenant: Tenant, tmp_path: Path
) -> None:
    tenant.events = [event("e5", 5)]
    run = connector(tenant, tmp_path)
    run.commit(run.collect("2026-01-05", "2026-01-06", "2026-01-05T20:00:00Z"))
    second = run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z")
    assert proofs(second, GRANT) == [("not_provable", "2026-01-05", "2026-01-06")]


def test_a_window_never_proves_a_day_that_has_not_ended(tenant: Tenant, tmp_path: Path) -> None:
    run = connector(tenant, tmp_path, settling_h=0)
    result = run.collect("2026-01-05", "2026-01-08", "2026-01-06T02:00:00Z")
    assert proofs(result, GRANT) == [("cursor_exhausted", "2026-01-05", "2026-01-06")]


PAGE = [{"uuid": "x", "published": at(5)}]


@pytest.mark.parametrize("mode", ["poll", "window"])
@pytest.mark.parametrize(
    ("fault", "said", "is_transient"),
    [
        (Answer({"errorSummary": "Invalid token provided"}, 401), "Invalid token", False),
        (Answer({"errorSummary": "You do not have permission"}, 403), "permission", False),
        (Answer(b"", 404), "HTTP 404", False),
        (Answer(b"<html>maintenance</html>", media_type="text/html"), "<html>maintenance", False),
        (Answer(b'[{"uuid": "x", "publis'), "cut short", False),
        (Answer({"events": []}), "array of objects", False),
        (Answer(PAGE, headers=[("Link", '<http://evil.example/x>; rel="next"')]), "evil", False),
        (Answer(PAGE, 302, [("Location", "http://evil.example/x")]), "evil.example", False),
        (Answer(PAGE, 429, [("Retry-After", "5000")]), "5000 s", True),
    ],
    ids=["401", "403", "404", "html", "truncated", "object", "next", "redirect", "429"],
)
def test_a_fault_ends_in_a_failure_that_keeps_what_came(
    tenant: Tenant, tmp_path: Path, fault: Answer, said: str, is_transient: bool, mode: Any
) -> None:
    tenant.events = [event(f"e{n}", 5) for n in range(5)]
    tenant.faults = {2: fault}
    run = connector(tenant, tmp_path)
    result = run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z", mode)
    assert result.failure is not None
    assert said in result.failure.reason
    assert result.failure.is_transient is is_transient
    assert (result.proofs, result.cursor_out) == ([], None)
    kept = [item for item in result.objects if item.shape == "events"]
    assert len(kept) == (2 if fault.status == 200 else 1)  # the odd answer is evidence too
    lines = run.kept(result, "requests")
    assert {line["object_sha256"] for line in lines} == {
        item.sha256 for item in result.objects if item.shape != "requests"
    }


def test_a_repeated_next_link_fails_the_poll(tenant: Tenant, tmp_path: Path) -> None:
    link = f'<{tenant.source.url}/api/v1/logs?after=1&limit=2&sortOrder=ASCENDING>; rel="next"'
    tenant.faults = {n: Answer(PAGE * 2, headers=[("Link", link)]) for n in range(1, 9)}
    result = connector(tenant, tmp_path).collect(
        "2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z", "poll"
    )
    assert result.failure is not None
    assert "repeats" in result.failure.reason


def test_a_poll_page_without_next_link_fails(tenant: Tenant, tmp_path: Path) -> None:
    tenant.faults = {1: Answer(PAGE)}
    result = connector(tenant, tmp_path).collect(
        "2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z", "poll"
    )
    assert result.failure is not None
    assert "without a next link" in result.failure.reason


def test_an_access_token_is_sent_as_bearer(tenant: Tenant, tmp_path: Path) -> None:
    run = collector(tmp_path, tenant.source, "okta_system_log", {}, login="oauth")
    run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z", "poll")
    assert {item.headers["Authorization"] for item in tenant.source.asked} == {f"Bearer {TOKEN}"}


def test_the_token_reaches_no_file_of_the_home(
    tenant: Tenant, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    tenant.events = [event("e1", 5)]
    echo = Answer({"errorSummary": f"SSWS {TOKEN} expired"}, 401, [("X-Echo", TOKEN)])
    tenant.faults = {2: echo}
    run = connector(tenant, tmp_path)
    result = run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z", "poll")
    assert result.failure is not None
    assert TOKEN.encode() not in run.everything()
    assert b"e1" in run.everything()  # the search itself finds what is there
    assert TOKEN not in caplog.text


def test_options_are_checked_at_the_door(tenant: Tenant, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="page_size"):
        connector(tenant, tmp_path, page_size=5000)
    assert load(connector(tenant, tmp_path).settings.file).sources[0].options["page_size"] == 2
