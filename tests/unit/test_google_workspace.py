"""google_workspace_activity and google_workspace_users: what is asked, kept, proven and said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from conversations.google import LOGIN, USERS, Workspace, sign_in, user
from http_source import TOKEN, Answer, HttpSource, serving

SIGN_IN, GRANT = "access_events.sign_in", "access_events.grant"
DRIVE = "access_events.resource_access"
REPORTS = "/admin/reports/v1/activity/users/all/applications/"


@pytest.fixture
def source() -> Iterator[HttpSource]:
    with serving() as server:
        yield server


def reports(source: HttpSource, folder: Path, items: list[Any], **options: Any) -> Collector:
    source.reply = Workspace(source, items).reply
    return collector(folder, source, "google_workspace_activity", options)


def test_every_application_is_asked_for_its_window_and_some_days_before(
    source: HttpSource, tmp_path: Path
) -> None:
    run = reports(source, tmp_path, [sign_in(9), sign_in(8), sign_in(7)])
    result = run.collect("2026-01-05", "2026-01-06", "2026-01-16T02:00:00Z")
    assert result.failure is None
    firsts = [asked for asked in source.asked if "pageToken" not in asked.query]
    assert [asked.path.removeprefix(REPORTS) for asked in firsts] == [
        "login", "admin", "drive", "token", "saml"
    ]  # fmt: skip
    assert all(
        asked.query == {
            "startTime": "2026-01-03T00:00:00.000Z", "endTime": "2026-01-06T00:00:00.000Z",
            "maxResults": "1000",
        }
        for asked in firsts
    )  # fmt: skip
    assert {asked.headers["Authorization"] for asked in source.asked} == {f"Bearer {TOKEN}"}
    assert result.origin is not None
    assert result.origin.tenant == "C03az79cb"
    lines = run.kept(result, "requests")
    assert [line["context"]["application"] for line in lines].count("login") == 2
    receipt = run.commit(result)
    assert receipt.records["activity"] == 3
    hours = receipt.event_hours["activity"]
    assert hours == {"2026-01-05T07": 1, "2026-01-05T08": 1, "2026-01-05T09": 1}


def test_only_the_chosen_applications_are_asked_and_prove_only_their_streams(
    source: HttpSource, tmp_path: Path
) -> None:
    run = reports(source, tmp_path, [], applications=["admin", "drive"])
    result = run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z")
    assert [path.removeprefix(REPORTS) for path in source.paths()] == ["admin", "drive"]
    streams = {proof.stream for proof in result.proofs}
    assert streams == {GRANT, "access_events.revoke", "access_events.disable", DRIVE}
    assert proofs(result, GRANT) == [("cursor_exhausted", "2026-01-05", "2026-01-06")]


def test_each_stream_settles_by_the_lag_of_what_feeds_it(
    source: HttpSource, tmp_path: Path
) -> None:
    run = reports(source, tmp_path, [sign_in(9)])
    result = run.collect("2026-01-04", "2026-01-06", "2026-01-06T02:00:00Z")
    assert proofs(result, DRIVE) == [("cursor_exhausted", "2026-01-04", "2026-01-06")]
    for stream in (SIGN_IN, GRANT):  # token feeds grants too, and comes hours late
        assert proofs(result, stream) == [
            ("cursor_exhausted", "2026-01-04", "2026-01-05"),
            ("not_provable", "2026-01-05", "2026-01-06"),
        ]


def test_a_read_with_other_applications_agrees_with_nothing(
    source: HttpSource, tmp_path: Path
) -> None:
    """Nothing was found both times, but the first read never asked for sign-ins."""
    run = reports(source, tmp_path, [], applications=["saml"])
    run.commit(run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z"))
    both = reports(source, tmp_path, [], applications=["saml", "login"])
    second = both.collect("2026-01-05", "2026-01-06", "2026-01-06T08:00:00Z")
    assert proofs(second, SIGN_IN) == [("not_provable", "2026-01-05", "2026-01-06")]
    both.commit(second)
    third = both.collect("2026-01-05", "2026-01-06", "2026-01-06T12:00:00Z")
    assert proofs(third, SIGN_IN) == [("cursor_exhausted", "2026-01-05", "2026-01-06")]


def test_days_that_google_does_not_keep_are_neither_asked_nor_proven(
    source: HttpSource, tmp_path: Path
) -> None:
    run = reports(source, tmp_path, [])
    result = run.collect("2025-07-01", "2026-01-06", "2026-01-16T02:00:00Z")
    assert source.asked[0].query["startTime"] == "2025-07-21T00:00:00.000Z"
    assert proofs(result, SIGN_IN) == [
        ("not_provable", "2025-07-01", "2025-07-21"),
        ("cursor_exhausted", "2025-07-21", "2026-01-06"),
    ]
    asked = len(source.asked)
    gone = run.collect("2025-01-01", "2025-01-02", "2026-01-16T02:00:00Z")
    assert len(source.asked) == asked
    assert proofs(gone, SIGN_IN) == [("not_provable", "2025-01-01", "2025-01-02")]
    assert "180 days" in (gone.proofs[0].reason or "")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "found the keys none"),
        ({"kind": "admin#directory#users", "users": []}, "found the keys kind, users"),
        ({"kind": "admin#reports#activities", "items": {"id": 1}}, "with objects in 'items'"),
    ],
)
def test_another_answer_is_no_empty_report(
    source: HttpSource, tmp_path: Path, body: Any, said: str
) -> None:
    run = reports(source, tmp_path, [])
    source.reply = lambda asked: Answer(body)
    result = run.collect("2026-01-05", "2026-01-06", "2026-01-16T02:00:00Z")
    assert result.failure is not None
    assert said in result.failure.reason


def test_a_used_up_quota_is_waited_for(
    source: HttpSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("muniment.retries.time.sleep", waits.append)
    run = reports(source, tmp_path, [sign_in(9)])
    sound, refusals = source.reply, [1, 1]
    body = {"error": {"code": 403, "message": "Quota exceeded",
                      "errors": [{"reason": "userRateLimitExceeded"}]}}  # fmt: skip
    source.reply = lambda asked: Answer(body, 403) if refusals and refusals.pop() else sound(asked)
    result = run.collect("2026-01-05", "2026-01-06", "2026-01-16T02:00:00Z")
    assert result.failure is None
    assert waits == [60.0, 120.0]


def test_users_are_listed_and_the_deleted_ones_beside_them(
    source: HttpSource, tmp_path: Path
) -> None:
    gone = user(9, deletionTime="2026-01-04T10:00:00.000Z")
    workspace = Workspace(source, [user(number) for number in range(5)], [gone])
    source.reply = workspace.reply
    run = collector(tmp_path, source, "google_workspace_users", {})
    result = run.collect("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z", "snapshot")
    assert result.failure is None
    assert {asked.path for asked in source.asked} == {USERS}
    assert source.asked[0].query == {
        "customer": "my_customer", "maxResults": "500", "projection": "full", "orderBy": "email",
        "showDeleted": "false",
    }  # fmt: skip
    assert {proof.stream: proof.expected for proof in result.proofs} == {
        "identities.account": 6, "identities.factor": 6, "identities.role": 6
    }  # fmt: skip
    assert all("5 users listed, 1 deleted" in (proof.reason or "") for proof in result.proofs)
    assert run.commit(result).records["account"] == 6
    assert all(
        request.parameters.get("pageToken", "(cursor)") == "(cursor)" for request in result.requests
    )


def test_a_directory_without_users_proves_nothing(source: HttpSource, tmp_path: Path) -> None:
    source.reply = Workspace(source, []).reply
    run = collector(tmp_path, source, "google_workspace_users", {})
    result = run.collect("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z", "snapshot")
    assert {proof.basis for proof in result.proofs} == {"not_provable"}


def test_no_personal_data_reaches_the_receipt(source: HttpSource, tmp_path: Path) -> None:
    run = reports(source, tmp_path, [sign_in(9), sign_in(8), sign_in(7)])
    receipt = run.commit(run.collect("2026-01-05", "2026-01-06", "2026-01-16T02:00:00Z"))
    assert "bo@acme" not in str(receipt.to_json())
    assert {request.template for request in receipt.requests} == {
        REPORTS + name for name in ("login", "admin", "drive", "token", "saml")
    }
    assert LOGIN == REPORTS + "login"
