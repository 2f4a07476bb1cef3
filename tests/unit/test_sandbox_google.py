"""The simulated Google as its own documentation describes it: tokens, pages, refusals, deletion."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from muniment import tokens
from muniment.connections import parse
from muniment.errors import SourceError
from muniment.sandbox.google_workspace import quota_days
from muniment.sandbox.server import Sandbox, serve
from muniment.transport import Client
from muniment.vendors import google

CLOCK = datetime(2026, 3, 20, 2, tzinfo=UTC)
LOGIN = "/admin/reports/v1/activity/users/all/applications/login"
USERS = "/admin/directory/v1/users?customer=my_customer"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with serve(1, tmp_path_factory.mktemp("home"), clock=CLOCK) as company:
        yield company


@pytest.fixture(autouse=True)
def _on_time(sandbox: Sandbox) -> None:
    sandbox.set_clock(CLOCK)


def ask(sandbox: Sandbox, path: str, header: str = "Authorization") -> requests.Response:
    scheme = "Bearer " if header == "Authorization" else ""
    headers = {header: scheme + sandbox.token("google")}
    return requests.get(f"{sandbox.url}/google{path}", headers=headers, timeout=10)


def test_the_day_holds_every_page_once_newest_first(sandbox: Sandbox) -> None:
    window = "startTime=2026-03-18T00:00:00.000Z&endTime=2026-03-19T00:00:00.000Z"
    whole = ask(sandbox, f"{LOGIN}?{window}").json()["items"]
    found: list[Any] = []
    token = ""
    while True:
        page = ask(sandbox, f"{LOGIN}?{window}&maxResults=5{token}").json()
        found += page["items"]
        if "nextPageToken" not in page:
            break
        token = f"&pageToken={page['nextPageToken']}"
    assert found == whole
    times = [item["id"]["time"] for item in whole]
    assert times == sorted(times, reverse=True)
    happened = sandbox.world.google.happened_on(CLOCK.date() - timedelta(days=2))
    assert len(whole) == sum(item.application == "login" for item in happened) > 10


def test_what_google_refuses_it_refuses_in_its_own_form(sandbox: Sandbox) -> None:
    for path, status, reason in (
        (f"{LOGIN}?startTime=2025-01-01T00:00:00.000Z", 400, "invalid"),
        (f"{LOGIN}?startTime=2026-03-18T00:00:00", 400, "invalid"),
        (f"{LOGIN}?pageToken=nonsense", 400, "invalid"),
        ("/admin/directory/v1/users", 400, "badRequest"),
        ("/admin/reports/v1/activity/users/all/applications/nonsense", 404, "notFound"),
    ):
        answer = ask(sandbox, path)
        assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (
            status, reason
        ), path  # fmt: skip
    wrong = requests.get(f"{sandbox.url}/google{USERS}", timeout=10)
    assert (wrong.status_code, wrong.json()["error"]["errors"][0]["reason"]) == (401, "authError")


def test_on_a_day_without_quota_nothing_is_answered(sandbox: Sandbox) -> None:
    day = quota_days(1)[0]
    sandbox.set_clock(datetime(day.year, day.month, day.day, 2, tzinfo=UTC))
    answer = ask(sandbox, USERS)
    assert answer.status_code == 403
    assert answer.json()["error"]["errors"][0]["reason"] == "quotaExceeded"


def test_a_leaver_is_suspended_then_deleted_and_then_gone(sandbox: Sandbox) -> None:
    leaver = sandbox.world.google.leavers[0]
    revoked_at = leaver.spells[0].revoked_at
    assert revoked_at is not None
    seen = []
    for days in (-1, 1, 15, 40):
        sandbox.set_clock(revoked_at + timedelta(days=days))
        living = {u["primaryEmail"]: u for u in ask(sandbox, USERS).json()["users"]}
        deleted = ask(sandbox, f"{USERS}&showDeleted=true").json().get("users", [])
        user = living.get(leaver.email)
        seen.append(
            (user and user["suspended"], leaver.email in {u["primaryEmail"] for u in deleted})
        )
    assert seen == [(False, False), (True, False), (None, True), (None, False)]


def test_a_token_is_given_for_the_service_account_s_own_signature_alone(sandbox: Sandbox) -> None:
    text = sandbox.connections()["AIRFLOW_CONN_GOOGLE"]
    connection = parse("google", text)
    assert connection.base_url == f"{sandbox.url}/google"
    client = Client(connection, None, lambda request: None)
    assert tokens.access_token(client, google.USERS.scope) == (sandbox.token("google"), 3600)
    with serve(1, sandbox.home / "other", clock=CLOCK) as other:
        stranger = parse("google", other.connections()["AIRFLOW_CONN_GOOGLE"])
        extra = {**stranger.extra, "token_url": connection.extra["token_url"]}
        forged = type(connection)("google", connection.base_url, "", "", extra)
        with pytest.raises(SourceError, match=r"HTTP 401 \(The client is not known"):
            tokens.access_token(Client(forged, None, lambda request: None), google.USERS.scope)


def test_the_token_may_come_in_a_header_of_its_own(sandbox: Sandbox) -> None:
    assert ask(sandbox, USERS, "PRIVATE-TOKEN").status_code == 200


def test_a_client_s_secret_is_exchanged_too(sandbox: Sandbox) -> None:
    connection = parse("entra", sandbox.connections()["AIRFLOW_CONN_ENTRA"])
    client = Client(connection, None, lambda request: None)
    assert tokens.access_token(client, "x/.default")[0] == sandbox.token("entra")
    url = connection.extra["token_url"]
    wrong = requests.post(url, data={"client_id": "x", "client_secret": "wrong"}, timeout=10)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert requests.get(url, timeout=10).status_code == 404


def test_discovery_knows_google_by_its_pages(sandbox: Sandbox) -> None:
    found = sandbox.connections()
    client = Client(parse("g", found["AIRFLOW_CONN_GOOGLE"]), None, lambda request: None)
    assert google.seen(client) == [{}]
    okta = Client(parse("o", found["AIRFLOW_CONN_OKTA"]), None, lambda request: None)
    with pytest.raises(SourceError):
        google.seen(okta)
