"""azure_activity: every subscription's window whole, and what a read of a late log proves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from http_source import Answer, serving
from microsoft_host import TENANT, Microsoft
from muniment.errors import UsageError

ONE, TWO = "11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555"
CONFIG, INFRA = "change_events.config_change", "change_events.infra_change"
WINDOW = ("2026-01-05", "2026-01-06", "2026-01-07T02:00:00Z")


def log(subscription: str) -> str:
    return (
        f"/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
    )


def entry(number: str, time: str) -> dict[str, Any]:
    return {"eventDataId": number, "eventTimestamp": time, "operationName": {"value": "x/write"}}


@pytest.fixture
def azure() -> Iterator[Microsoft]:
    with serving() as source:
        azure = Microsoft(source, next_name="nextLink")
        source.reply = azure.reply
        for name in (ONE, TWO):
            azure.answers[f"/subscriptions/{name}"] = Answer({"tenantId": TENANT})
        azure.lists = {
            log(ONE): [
                entry("e5", "2026-01-06T00:00:00Z"),
                entry("e4", "2026-01-05T23:59:59.9999999Z"),
                entry("e3", "2026-01-05T10:00:01.1234567Z"),
                entry("e2", "2026-01-05T10:00:00Z"),
                entry("e1", "2026-01-04T10:00:00Z"),
            ],
            log(TWO): [entry("f1", "2026-01-05T08:00:00Z")],
        }
        yield azure


def connector(azure: Microsoft, folder: Path, *subscriptions: str) -> Collector:
    return collector(
        folder, azure.source, "azure_activity", {"subscriptions": list(subscriptions)}
    )  # fmt: skip


def test_every_page_of_every_subscription(azure: Microsoft, tmp_path: Path) -> None:
    run = connector(azure, tmp_path, ONE, TWO)
    result = run.collect(*WINDOW)
    assert result.failure is None
    kept = [
        item["eventDataId"] for page in run.kept(result, "activities") for item in page["value"]
    ]
    assert kept == ["e4", "e3", "e2", "f1"]
    for stream in (CONFIG, INFRA):
        assert proofs(result, stream) == [("cursor_exhausted", "2026-01-05", "2026-01-06")]
    assert result.origin is not None
    assert result.origin.tenant == TENANT
    asked = [item.query for item in azure.source.asked if item.path == log(ONE)]
    assert {query["api-version"] for query in asked} == {"2015-04-01"}
    assert "'2026-01-05T00:00:00Z'" in asked[0]["$filter"]  # Azure's filters quote their times
    receipt = run.commit(result)
    assert receipt.records["activity"] == 4
    assert receipt.event_hours["activity"] == {
        "2026-01-05T08": 1, "2026-01-05T10": 2, "2026-01-05T23": 1
    }  # fmt: skip


def test_a_late_entry_of_any_subscription_leaves_a_young_day_open(
    azure: Microsoft, tmp_path: Path
) -> None:
    run = connector(azure, tmp_path, ONE, TWO)
    for hour, basis in (("02", "not_provable"), ("03", "cursor_exhausted")):
        result = run.collect("2026-01-05", "2026-01-06", f"2026-01-06T{hour}:00:00Z")
        assert proofs(result, CONFIG)[0][0] == basis
        run.commit(result)
    azure.lists[log(TWO)].append(entry("f0", "2026-01-05T07:00:00Z"))
    late = run.collect("2026-01-05", "2026-01-06", "2026-01-06T04:00:00Z")
    assert proofs(late, INFRA)[0][0] == "not_provable"


def test_days_that_azure_no_longer_keeps_are_not_proven(azure: Microsoft, tmp_path: Path) -> None:
    result = connector(azure, tmp_path, ONE).collect(
        "2026-01-05", "2026-01-06", "2026-04-10T02:00:00Z"
    )  # fmt: skip
    assert proofs(result, INFRA) == [("not_provable", "2026-01-05", "2026-01-06")]
    assert "90 days" in str(result.proofs[0].reason)


def test_one_subscription_that_may_not_be_read_makes_the_window_a_gap(
    azure: Microsoft, tmp_path: Path
) -> None:
    words = "does not have authorization to perform action"
    azure.answers[log(TWO)] = Answer(
        {"error": {"code": "AuthorizationFailed", "message": words}}, 403
    )  # fmt: skip
    result = connector(azure, tmp_path, ONE, TWO).collect(*WINDOW)
    assert result.failure is not None
    assert words in result.failure.reason
    assert TWO not in result.failure.reason
    assert result.proofs == []


@pytest.mark.parametrize("name", ["production", "../tenants", ""])
def test_a_subscription_is_named_by_its_id(azure: Microsoft, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="named by its id"):
        connector(azure, tmp_path, name)
