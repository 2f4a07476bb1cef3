"""entra_signins and entra_audit: one window whole, and what a read of late logs proves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from http_source import TOKEN, Answer, serving
from microsoft_host import TENANT, Microsoft
from muniment.collection import Collection
from muniment.errors import UsageError

SIGNINS, AUDITS = "/v1.0/auditLogs/signIns", "/v1.0/auditLogs/directoryAudits"
STREAM = {"entra_signins": "access_events.sign_in", "entra_audit": "access_events.elevation"}
TIME = {"entra_signins": "createdDateTime", "entra_audit": "activityDateTime"}
PATH = {"entra_signins": SIGNINS, "entra_audit": AUDITS}
SHAPE = {"entra_signins": "sign_ins", "entra_audit": "audits"}
LOGS = ("entra_signins", "entra_audit")
#: the morning after the window's only day, and the morning after that
YOUNG, SETTLED = "2026-01-06T02:00:00Z", "2026-01-07T02:00:00Z"


@pytest.fixture
def graph() -> Iterator[Microsoft]:
    with serving() as source:
        graph = Microsoft(source)
        source.reply = graph.reply
        yield graph


def events(kind: str, *times: str, **more: str) -> list[dict[str, Any]]:
    return [
        {"id": f"e{number}", TIME[kind]: time, **more} for number, time in enumerate(times, start=1)
    ]


def read(run: Collector, now: str = SETTLED) -> Collection:
    result = run.collect("2026-01-05", "2026-01-06", now)
    assert result.failure is None
    return result


def ids(run: Collector, result: Collection, kind: str) -> list[str]:
    return [item["id"] for page in run.kept(result, SHAPE[kind]) for item in page["value"]]


@pytest.mark.parametrize("kind", LOGS)
def test_every_page_of_the_window_to_its_last_tick(
    graph: Microsoft, tmp_path: Path, kind: str
) -> None:
    """Graph writes seven decimals and knows no `lt`: the last tick is in, the next one out."""
    graph.lists[PATH[kind]] = events(
        kind, "2026-01-06T00:00:00Z", "2026-01-05T23:59:59.9999999Z", "2026-01-05T12:00:00Z",
        "2026-01-05T00:00:00Z", "2026-01-04T23:59:59.9999999Z",
    )  # fmt: skip
    run = collector(tmp_path, graph.source, kind, {})
    result = read(run)
    assert ids(run, result, kind) == ["e2", "e3", "e4"]
    assert proofs(result, STREAM[kind]) == [("cursor_exhausted", "2026-01-05", "2026-01-06")]
    assert result.origin is not None
    assert result.origin.tenant == TENANT
    assert {asked.headers["Authorization"] for asked in graph.source.asked} == {f"Bearer {TOKEN}"}
    receipt = run.commit(result)
    stream = "sign_in" if kind == "entra_signins" else "audit"
    assert receipt.records[stream] == 3
    assert receipt.event_hours[stream] == {
        "2026-01-05T00": 1, "2026-01-05T12": 1, "2026-01-05T23": 1
    }  # fmt: skip
    assert receipt.quarantined == {}


@pytest.mark.parametrize("kind", LOGS)
def test_a_young_day_is_proven_by_the_second_read_that_agrees(
    graph: Microsoft, tmp_path: Path, kind: str
) -> None:
    run = collector(tmp_path, graph.source, kind, {})
    graph.lists[PATH[kind]] = events(kind, "2026-01-05T12:00:00Z")
    first = read(run, YOUNG)
    assert proofs(first, STREAM[kind]) == [("not_provable", "2026-01-05", "2026-01-06")]
    assert "24 h" in str(first.proofs[0].reason)
    run.commit(first)
    graph.lists[PATH[kind]] = events(kind, "2026-01-05T12:00:00Z", "2026-01-05T11:00:00Z")
    late = read(run, "2026-01-06T03:00:00Z")
    assert proofs(late, STREAM[kind])[0][0] == "not_provable"  # one was delivered in between
    run.commit(late)
    agreed = read(run, "2026-01-06T04:00:00Z")
    assert proofs(agreed, STREAM[kind])[0][0] == "cursor_exhausted"


@pytest.mark.parametrize(("kept", "basis"), [(30, "cursor_exhausted"), (7, "not_provable")])
def test_what_the_tenants_edition_no_longer_keeps_is_not_proven(
    graph: Microsoft, tmp_path: Path, kept: int, basis: str
) -> None:
    graph.lists[SIGNINS] = []
    run = collector(tmp_path, graph.source, "entra_signins", {"retention_days": kept})
    result = read(run, "2026-01-14T02:00:00Z")
    assert proofs(result, "access_events.sign_in") == [(basis, "2026-01-05", "2026-01-06")]


def test_beta_is_asked_for_each_type_of_sign_in(graph: Microsoft, tmp_path: Path) -> None:
    noon = "2026-01-05T12:00:00Z"
    graph.lists["/beta/auditLogs/signIns"] = [
        *events("entra_signins", noon, type="interactiveUser"),
        {"id": "s1", "createdDateTime": noon, "type": "servicePrincipal"},
        {"id": "n1", "createdDateTime": noon, "type": "nonInteractiveUser"},
    ]
    types = ["interactiveUser", "servicePrincipal"]
    run = collector(
        tmp_path, graph.source, "entra_signins", {"api": "beta", "event_types": types}
    )  # fmt: skip
    assert ids(run, read(run), "entra_signins") == ["e1", "s1"]


def test_v1_refuses_types_that_it_does_not_list(graph: Microsoft, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="need `api: beta`"):
        collector(tmp_path, graph.source, "entra_signins", {"event_types": ["servicePrincipal"]})


@pytest.mark.parametrize("kind", LOGS)
def test_a_tenant_without_licence_is_a_gap_that_says_so(
    graph: Microsoft, tmp_path: Path, kind: str
) -> None:
    words = "Neither tenant is B2C or tenant doesn't have premium license"
    code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
    graph.answers[PATH[kind]] = Answer({"error": {"code": code, "message": words}}, 403)
    result = collector(tmp_path, graph.source, kind, {}).collect(
        "2026-01-05", "2026-01-06", SETTLED
    )  # fmt: skip
    assert result.failure is not None
    assert "premium license" in result.failure.reason
    assert result.proofs == []


@pytest.mark.parametrize("kind", LOGS)
def test_an_answer_without_a_list_is_no_empty_page(
    graph: Microsoft, tmp_path: Path, kind: str
) -> None:
    graph.answers[PATH[kind]] = Answer({"@odata.context": "x"})
    result = collector(tmp_path, graph.source, kind, {}).collect(
        "2026-01-05", "2026-01-06", SETTLED
    )  # fmt: skip
    assert result.failure is not None
    assert "expected a list under `value`" in result.failure.reason


def test_who_answers_without_a_tenant_is_not_entra(graph: Microsoft, tmp_path: Path) -> None:
    graph.answers["/v1.0/organization"] = Answer({"value": []})
    result = collector(tmp_path, graph.source, "entra_audit", {}).collect(
        "2026-01-05", "2026-01-06", SETTLED
    )  # fmt: skip
    assert result.failure is not None
    assert "names no tenant" in result.failure.reason


def test_no_paging_token_reaches_the_receipt(graph: Microsoft, tmp_path: Path) -> None:
    graph.lists[SIGNINS] = events("entra_signins", *["2026-01-05T12:00:00Z"] * 3)
    result = read(collector(tmp_path, graph.source, "entra_signins", {}))
    tokens = [asked.parameters.get("$skiptoken") for asked in result.requests]
    assert tokens == [None, None, "(cursor)"]


def test_two_reads_in_a_row_do_not_agree_on_what_is_still_on_its_way(
    graph: Microsoft, tmp_path: Path
) -> None:
    graph.lists[SIGNINS] = []
    run = collector(tmp_path, graph.source, "entra_signins", {})
    said = []
    for minute in ("00:01", "00:02", "00:45", "01:30"):
        result = read(run, f"2026-01-06T{minute}:00Z")
        run.commit(result)
        said.append(proofs(result, STREAM["entra_signins"])[0][0])
    assert said == ["not_provable", "not_provable", "not_provable", "cursor_exhausted"]
