"""The simulated Entra tenant and Azure subscription: tokens, pages, filters and discovery."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from muniment import discovery
from muniment.connections import parse
from muniment.sandbox.azure import SUBSCRIPTION
from muniment.sandbox.server import Sandbox, serve

CLOCK = datetime(2026, 2, 6, 2, tzinfo=UTC)
SIGNINS = "/entra/v1.0/auditLogs/signIns"
ACTIVITIES = (
    f"/azure/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"
)
DAY = "createdDateTime ge 2026-02-05T00:00:00Z and createdDateTime"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with serve(3, tmp_path_factory.mktemp("home"), clock=CLOCK) as running:
        yield running


def get(sandbox: Sandbox, path: str, query: dict[str, str], **headers: str) -> requests.Response:
    vendor = path.split("/")[1]
    bearer = {"Authorization": f"Bearer {sandbox.token(vendor)}"}
    url = path if path.startswith("http") else f"{sandbox.url}{path}"
    return requests.get(url, params=query, headers=bearer | headers, timeout=10)


def every_page(sandbox: Sandbox, path: str, query: dict[str, str], name: str) -> list[list[Any]]:
    pages, answer = [], get(sandbox, path, query)
    while True:
        assert answer.status_code == 200, answer.text
        body = answer.json()
        pages.append(body["value"])
        if name not in body:
            return pages
        token = {"Authorization": f"Bearer {sandbox.token(path.split('/')[1])}"}
        answer = requests.get(body[name], headers=token, timeout=10)


def test_a_day_of_sign_ins_comes_newest_first_and_in_pages(sandbox: Sandbox) -> None:
    query = {"$filter": f"{DAY} le 2026-02-05T23:59:59.9999999Z", "$top": "1000"}
    pages = every_page(sandbox, SIGNINS, query, "@odata.nextLink")
    times = [item["createdDateTime"] for page in pages for item in page]
    assert len(pages) > 1
    assert times == sorted(times, reverse=True)
    assert {time[:10] for time in times} == {"2026-02-05"}
    ids = [item["id"] for page in pages for item in page]
    assert len(set(ids)) == len(ids)


def test_lt_leaves_its_instant_out_and_le_does_not(sandbox: Sandbox) -> None:
    query = {"$filter": f"{DAY} le 2026-02-05T23:59:59.9999999Z"}
    newest = get(sandbox, SIGNINS, query).json()["value"][0]["createdDateTime"]
    found = {
        word: get(sandbox, SIGNINS, {"$filter": f"{DAY} {word} {newest}"}).json()["value"][0]
        for word in ("le", "lt")
    }
    assert found["le"]["createdDateTime"] == newest
    assert found["lt"]["createdDateTime"] < newest


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        (SIGNINS, {}, 400, "BadRequest"),
        (SIGNINS, {"$filter": "userId eq '1'"}, 400, "BadRequest"),
        (SIGNINS, {"$filter": f"{DAY} le 2026-02-05T23:00:00Z", "$skiptoken": "x"}, 400,
         "BadRequest"),
        ("/entra/v1.0/me", {}, 404, "ResourceNotFound"),
        (ACTIVITIES, {"api-version": "2015-04-01"}, 400, "BadRequest"),
        (f"/azure/subscriptions/{SUBSCRIPTION}", {}, 400, "BadRequest"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_as_microsoft_does(
    sandbox: Sandbox, path: str, query: dict[str, str], status: int, code: str
) -> None:
    answer = get(sandbox, path, query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_wrong_token_and_faults_speak_microsofts_words(sandbox: Sandbox) -> None:
    answer = get(sandbox, "/entra/v1.0/users", {}, Authorization="Bearer wrong")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    sandbox.fault("status", "^/azure", status=429, retry_after=7, times=1)
    answer = get(sandbox, "/azure/subscriptions", {"api-version": "2022-12-01"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["error"]["code"] == "TooManyRequests"


def test_users_are_counted_and_only_what_is_selected_is_shown(sandbox: Sandbox) -> None:
    query = {"$select": "id,accountEnabled", "$count": "true"}
    first = get(sandbox, "/entra/v1.0/users", query).json()
    listed = every_page(sandbox, "/entra/v1.0/users", query, "@odata.nextLink")
    assert first["@odata.count"] == sum(map(len, listed))
    assert {frozenset(user) for page in listed for user in page} == {
        frozenset({"id", "accountEnabled"})
    }


def test_discovery_finds_tenant_and_subscription_by_the_connections_secret(
    sandbox: Sandbox,
) -> None:
    uris = sandbox.connections()

    def connection(name: str) -> Any:
        return parse(name, uris[f"AIRFLOW_CONN_{name.upper()}"])

    found = list(discovery.look(["entra", "azure"], lambda: CLOCK, connection))
    told = {item.kind: item for item in found if isinstance(item, discovery.Found)}
    assert set(told) == {"entra_signins", "entra_audit", "entra_users", "azure_activity"}
    assert {item.refused for item in told.values()} == {None}
    assert told["azure_activity"].options == {"subscriptions": [SUBSCRIPTION]}
