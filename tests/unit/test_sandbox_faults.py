"""Every fault of the simulated company, as a client on the other end of the line sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from muniment.sandbox.server import Sandbox, serve

CLOCK = datetime(2026, 1, 20, 2, tzinfo=UTC)
LOGS = "/api/v1/logs?since=2026-01-15T00:00:00Z&until=2026-01-17T00:00:00Z&limit=50"
PULLS = "/repos/harbourline/claims-api/pulls?state=all&per_page=5"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with serve(1, tmp_path_factory.mktemp("home"), clock=CLOCK) as company:
        yield company


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.clear_faults()


def ask(sandbox: Sandbox, vendor: str, path: str, **options: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {sandbox.token(vendor)}"}
    url = path if "://" in path else f"{sandbox.url}/{vendor}{path}"
    return requests.get(url, headers=headers, timeout=10, **options)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_an_error_status_in_each_vendors_own_words(sandbox: Sandbox, status: int) -> None:
    sandbox.fault("status", status=status, times=2)
    okta, github = ask(sandbox, "okta", LOGS), ask(sandbox, "github", PULLS)
    assert (okta.status_code, github.status_code) == (status, status)
    assert okta.json()["errorCode"].startswith("E00")
    assert github.json()["status"] == str(status)
    assert ask(sandbox, "okta", LOGS).status_code == 200


def test_too_many_requests_without_retry_after_shows_the_reset(sandbox: Sandbox) -> None:
    sandbox.fault("status", status=429, times=2, reset_s=7)
    okta, github = ask(sandbox, "okta", LOGS), ask(sandbox, "github", PULLS)
    assert "Retry-After" not in okta.headers and "Retry-After" not in github.headers
    assert okta.headers["X-Rate-Limit-Remaining"] == github.headers["X-RateLimit-Remaining"] == "0"
    reset = CLOCK.timestamp() + 7
    assert int(okta.headers["X-Rate-Limit-Reset"]) == reset
    assert int(github.headers["X-RateLimit-Reset"]) == reset
    assert okta.json()["errorCode"] == "E0000047"


def test_retry_after_in_seconds_or_as_a_date(sandbox: Sandbox) -> None:
    until = CLOCK + timedelta(seconds=30)
    sandbox.fault("status", status=429, retry_after=3, times=1)
    assert ask(sandbox, "okta", LOGS).headers["Retry-After"] == "3"
    sandbox.fault("status", status=429, retry_after=until, times=1)
    header = ask(sandbox, "github", PULLS).headers["Retry-After"]
    assert parsedate_to_datetime(header) == until


def test_githubs_secondary_limit_has_requests_left_and_no_retry_after(sandbox: Sandbox) -> None:
    sandbox.fault("secondary_limit", "^/github/", times=1)
    response = ask(sandbox, "github", PULLS)
    assert response.status_code == 403
    assert "secondary rate limit" in response.json()["message"]
    assert response.headers["X-RateLimit-Remaining"] == "4000"
    assert "Retry-After" not in response.headers


def test_a_connection_dropped_in_mid_body(sandbox: Sandbox) -> None:
    sandbox.fault("drop", "/logs", times=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ask(sandbox, "okta", LOGS)
    assert len(ask(sandbox, "okta", LOGS).json()) == 50


def test_an_html_page_with_status_200(sandbox: Sandbox) -> None:
    sandbox.fault("html", times=1)
    response = ask(sandbox, "github", PULLS)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.text.startswith("<!doctype html>")


def test_a_truncated_body_is_whole_as_http_and_cut_as_json(sandbox: Sandbox) -> None:
    whole = ask(sandbox, "okta", LOGS)
    sandbox.fault("truncated", times=1)
    cut = ask(sandbox, "okta", LOGS)
    assert int(cut.headers["Content-Length"]) == len(cut.content) < len(whole.content)
    assert whole.content.startswith(cut.content)
    with pytest.raises(json.JSONDecodeError):
        cut.json()


@pytest.mark.parametrize(("vendor", "path"), [("okta", LOGS), ("github", PULLS)])
def test_a_next_link_that_leads_to_its_own_page(sandbox: Sandbox, vendor: str, path: str) -> None:
    sandbox.fault("repeat_next")
    first = ask(sandbox, vendor, path)
    second = ask(sandbox, vendor, first.links["next"]["url"])
    assert second.json() == first.json()
    assert second.links["next"]["url"] == first.links["next"]["url"]


@pytest.mark.parametrize(("vendor", "path"), [("okta", LOGS), ("github", PULLS)])
def test_the_last_item_of_a_page_comes_again_on_the_next(
    sandbox: Sandbox, vendor: str, path: str
) -> None:
    clean = ask(sandbox, vendor, path)
    after = ask(sandbox, vendor, clean.links["next"]["url"]).json()
    sandbox.fault("duplicates")
    first = ask(sandbox, vendor, path)
    second = ask(sandbox, vendor, first.links["next"]["url"])
    assert first.json() == clean.json()
    assert second.json() == [clean.json()[-1], *after]


@pytest.mark.parametrize(("vendor", "path"), [("okta", LOGS), ("github", PULLS)])
def test_a_next_link_and_a_redirect_to_another_host(
    sandbox: Sandbox, vendor: str, path: str
) -> None:
    clean = ask(sandbox, vendor, path).links["next"]["url"]
    sandbox.fault("foreign_next", times=1, host="http://elsewhere.example:81")
    foreign = ask(sandbox, vendor, path).links["next"]["url"]
    assert foreign == clean.replace(sandbox.url, "http://elsewhere.example:81")
    sandbox.fault("redirect", times=1, host="http://elsewhere.example:81")
    moved = ask(sandbox, vendor, path, allow_redirects=False)
    assert moved.status_code == 302
    assert moved.headers["Location"].startswith(f"http://elsewhere.example:81/{vendor}/")


def test_an_event_that_arrives_a_day_late(sandbox: Sandbox) -> None:
    path = "/api/v1/logs?since=2026-01-19T00:00:00Z&limit=1000"
    before = [event["uuid"] for event in ask(sandbox, "okta", path).json()]
    sandbox.delay_event(before[10])
    polled = ask(sandbox, "okta", path)
    assert [event["uuid"] for event in polled.json()] == before[:10] + before[11:]
    sandbox.set_clock(CLOCK + timedelta(days=1))
    later = ask(sandbox, "okta", polled.links["next"]["url"])
    assert before[10] in [event["uuid"] for event in later.json()]
    sandbox.set_clock(CLOCK)


def test_a_slow_answer_comes_after_the_client_gave_up(sandbox: Sandbox) -> None:
    sandbox.fault("slow", times=1, seconds=1.0)
    headers = {"Authorization": f"Bearer {sandbox.token('okta')}"}
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{sandbox.url}/okta{LOGS}", headers=headers, timeout=0.2)


def test_faults_choose_their_requests(sandbox: Sandbox) -> None:
    """By pattern, after so many, so often, and until a simulated instant."""
    sandbox.fault("status", r"/pulls\?.*per_page=5", status=500, after=1, times=1)
    assert ask(sandbox, "okta", LOGS).status_code == 200
    assert [ask(sandbox, "github", PULLS).status_code for _ in range(3)] == [200, 500, 200]
    sandbox.fault("status", status=500, until=CLOCK + timedelta(hours=1))
    assert ask(sandbox, "github", PULLS).status_code == 500
    sandbox.set_clock(CLOCK + timedelta(hours=1))
    assert ask(sandbox, "github", PULLS).status_code == 200
    sandbox.set_clock(CLOCK)


def test_clock_and_faults_over_http(sandbox: Sandbox) -> None:
    admin = f"{sandbox.url}/_sandbox"
    moved = requests.put(f"{admin}/clock", json={"clock": "2026-01-21T02:00:00Z"}, timeout=10)
    assert moved.json()["clock"] == "2026-01-21T02:00:00+00:00"
    assert ask(sandbox, "okta", LOGS).headers["Date"] == "Wed, 21 Jan 2026 02:00:00 GMT"
    fault = {"kind": "status", "path": "/logs", "status": 503, "until": "2026-01-21T03:00:00Z"}
    assert requests.post(f"{admin}/faults", json=fault, timeout=10).status_code == 200
    assert ask(sandbox, "okta", LOGS).status_code == 503
    assert requests.delete(f"{admin}/faults", timeout=10).json() == []
    assert ask(sandbox, "okta", LOGS).status_code == 200
    assert requests.put(f"{admin}/clock", json={"clock": "soon"}, timeout=10).status_code == 400
    sandbox.set_clock(CLOCK)
