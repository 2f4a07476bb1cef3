"""The simulated vendors as their own documentation describes them: paging, limits, omissions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from muniment.sandbox.commits import Commit
from muniment.sandbox.server import Sandbox, serve

CLOCK = datetime(2026, 1, 20, 2, tzinfo=UTC)
REPOSITORY = "/repos/harbourline/claims-api"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with serve(1, tmp_path_factory.mktemp("home"), clock=CLOCK) as company:
        yield company


def ask(sandbox: Sandbox, vendor: str, path: str) -> requests.Response:
    headers = {"Authorization": f"SSWS {sandbox.token(vendor)}"}
    url = path if "://" in path else f"{sandbox.url}/{vendor}{path}"
    return requests.get(url, headers=headers, timeout=10)


def everything(sandbox: Sandbox, vendor: str, path: str) -> list[Any]:
    found: list[Any] = []
    url: str | None = path
    while url:
        response = ask(sandbox, vendor, url)
        found += response.json()
        url = response.links.get("next", {}).get("url") if response.json() else None
    return found


def test_a_wrong_token_is_refused(sandbox: Sandbox) -> None:
    for vendor, path in (("okta", "/api/v1/users"), ("github", "/orgs/harbourline")):
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            url = f"{sandbox.url}/{vendor}{path}"
            assert requests.get(url, headers=headers, timeout=10).status_code == 401


def test_the_tenants_name_themselves(sandbox: Sandbox) -> None:
    okta = ask(sandbox, "okta", "/.well-known/okta-organization").json()
    assert okta["_links"]["organization"]["href"] == "https://harbourline.okta.com"
    assert ask(sandbox, "github", "/orgs/harbourline").json()["login"] == "harbourline"


def test_every_answer_has_the_simulated_date_and_its_vendors_limits(sandbox: Sandbox) -> None:
    okta = ask(sandbox, "okta", "/api/v1/users").headers
    github = ask(sandbox, "github", "/rate_limit").headers
    assert okta["Date"] == github["Date"] == "Tue, 20 Jan 2026 02:00:00 GMT"
    for headers, family in ((okta, "X-Rate-Limit"), (github, "X-RateLimit")):
        assert 0 < int(headers[f"{family}-Remaining"]) < int(headers[f"{family}-Limit"])
        assert int(headers[f"{family}-Reset"]) > CLOCK.timestamp()
    assert "repo" in github["X-OAuth-Scopes"]


def test_okta_sends_one_link_header_a_relation_and_github_one_in_all(sandbox: Sandbox) -> None:
    def links(vendor: str, path: str) -> list[str]:
        return list(ask(sandbox, vendor, path).raw.headers.getlist("Link"))

    assert len(links("okta", "/api/v1/logs?since=2026-01-18T00:00:00Z")) == 2
    assert len(links("github", f"{REPOSITORY}/pulls?state=all&per_page=3")) == 1


def test_polling_ends_on_an_empty_page_that_still_has_a_next_link(sandbox: Sandbox) -> None:
    page = ask(sandbox, "okta", "/api/v1/logs?since=2026-01-19T20:00:00Z&limit=1000")
    assert page.json()
    empty = ask(sandbox, "okta", page.links["next"]["url"])
    assert empty.json() == []
    again = ask(sandbox, "okta", empty.links["next"]["url"])
    assert again.status_code == 200 and again.json() == []


def test_a_bounded_read_ends_without_next_link(sandbox: Sandbox) -> None:
    path = "/api/v1/logs?since=2026-01-14T00:00:00Z&until=2026-01-16T00:00:00Z&limit=90"
    events = everything(sandbox, "okta", path)
    assert len(events) > 200
    assert all("2026-01-14" <= e["published"] < "2026-01-16" for e in events)
    assert [e["published"] for e in events] == sorted(e["published"] for e in events)
    turned = everything(sandbox, "okta", f"{path}&sortOrder=DESCENDING")
    assert [e["uuid"] for e in turned] == [e["uuid"] for e in events][::-1]


def test_page_sizes_and_reach_are_the_documented_defaults(sandbox: Sandbox) -> None:
    assert len(ask(sandbox, "okta", "/api/v1/logs").json()) == 100
    oldest = ask(sandbox, "okta", "/api/v1/logs").json()[0]["published"]
    assert oldest.startswith("2026-01-1")  # seven days back, but for what was stored late
    since = "/api/v1/logs?since=2026-01-01T00:00:00Z"
    assert len(ask(sandbox, "okta", f"{since}&limit=5000").json()) == 1000
    assert len(ask(sandbox, "github", f"{REPOSITORY}/activity").json()) == 30
    sandbox.set_clock(CLOCK + timedelta(days=14))
    assert len(ask(sandbox, "github", f"{REPOSITORY}/activity?per_page=500").json()) == 100
    sandbox.set_clock(CLOCK)


def test_a_cursor_that_okta_does_not_know_is_refused(sandbox: Sandbox) -> None:
    response = ask(sandbox, "okta", "/api/v1/logs?after=nonsense")
    assert (response.status_code, response.json()["errorCode"]) == (400, "E0000031")


def test_polling_day_by_day_gives_every_event_once_and_bounded_reads_miss_the_late(
    tmp_path: Path,
) -> None:
    start, days = datetime(2026, 1, 6, tzinfo=UTC), 12
    polled: list[str] = []
    bounded: set[str] = set()
    with serve(5, tmp_path, clock=start) as sandbox:
        url = f"/api/v1/logs?since={start:%Y-%m-%dT%H:%M:%SZ}&limit=60"
        for day in range(1, days + 1):
            begin, end = start + timedelta(days=day - 1), start + timedelta(days=day)
            sandbox.set_clock(end + timedelta(hours=2))
            while True:
                page = ask(sandbox, "okta", url)
                url = page.links["next"]["url"]
                if not page.json():
                    break
                polled += [event["uuid"] for event in page.json()]
            window = f"since={begin:%Y-%m-%dT%H:%M:%SZ}&until={end:%Y-%m-%dT%H:%M:%SZ}&limit=1000"
            bounded |= {e["uuid"] for e in everything(sandbox, "okta", f"/api/v1/logs?{window}")}
        sandbox.set_clock(start + timedelta(days=days + 4))
        window = f"since={start:%Y-%m-%dT%H:%M:%SZ}&until={end:%Y-%m-%dT%H:%M:%SZ}&limit=1000"
        settled = {e["uuid"] for e in everything(sandbox, "okta", f"/api/v1/logs?{window}")}
    assert len(polled) == len(set(polled))
    assert bounded < settled, "no event was late"
    assert len(settled - bounded) < len(settled) / 50
    assert len(settled - set(polled)) <= 3  # late ones of the last day are still to come


def test_okta_leaves_deprovisioned_accounts_out_unless_asked(sandbox: Sandbox) -> None:
    plain = everything(sandbox, "okta", "/api/v1/users?limit=7")
    gone = everything(sandbox, "okta", '/api/v1/users?filter=status eq "DEPROVISIONED"')
    assert {user["status"] for user in plain} == {"ACTIVE"}
    assert {user["status"] for user in gone} == {"DEPROVISIONED"}
    assert len({user["id"] for user in plain}) == len(plain) > 40
    both = '/api/v1/users?search=status eq "ACTIVE" or status eq "DEPROVISIONED"'
    assert len(everything(sandbox, "okta", both)) == len(plain) + len(gone)
    assert ask(sandbox, "okta", '/api/v1/users?search=profile.x sw "a"').status_code == 400


def test_pages_of_a_repository_move_to_its_number(sandbox: Sandbox) -> None:
    first = ask(sandbox, "github", f"{REPOSITORY}/pulls?state=all&per_page=4")
    assert "/github/repositories/880000001/pulls?" in first.links["next"]["url"]
    last = ask(sandbox, "github", first.links["last"]["url"])
    assert "next" not in last.links and len(last.json()) <= 4
    pages = everything(sandbox, "github", f"{REPOSITORY}/pulls?state=all&per_page=4")
    numbers = [pull["number"] for pull in pages]
    assert numbers == list(range(len(numbers), 0, -1))


def test_lists_of_pull_requests_leave_out_who_merged(sandbox: Sandbox) -> None:
    listed = ask(sandbox, "github", f"{REPOSITORY}/pulls?state=closed").json()
    assert listed and all("merged_by" not in pull for pull in listed)
    alone = ask(sandbox, "github", f"{REPOSITORY}/pulls/{listed[0]['number']}").json()
    assert alone["merged_by"]["login"]
    updated = ask(sandbox, "github", f"{REPOSITORY}/pulls?state=all&sort=updated&direction=desc")
    times = [pull["updated_at"] for pull in updated.json()]
    assert times == sorted(times, reverse=True)


def test_the_activity_feed_pages_by_cursor(sandbox: Sandbox) -> None:
    path = f"{REPOSITORY}/activity?ref=refs/heads/main&per_page=3"
    newest = everything(sandbox, "github", path)
    oldest = everything(sandbox, "github", f"{path}&direction=asc")
    assert [u["id"] for u in newest] == [u["id"] for u in oldest][::-1]
    assert oldest[0]["activity_type"] == "branch_creation" and oldest[0]["before"] == "0" * 40
    assert all(a["after"] == b["before"] for a, b in pairwise(oldest))
    week = everything(sandbox, "github", f"{path}&time_period=week")
    assert 0 < len(week) < len(newest)
    bad = ask(sandbox, "github", f"{path}&after=nonsense")
    assert bad.status_code == 422


def test_commits_of_a_pull_request_end_at_250(sandbox: Sandbox) -> None:
    pull = sandbox.world.repositories["claims-api"].pulls[0]
    before = list(pull.commits)
    moment, last = before[-1]
    pull.commits += [
        (moment, Commit(f"{n:040x}", (last.sha,), last.author, last.committer, "More"))
        for n in range(300)
    ]
    try:
        path = f"{REPOSITORY}/pulls/1/commits?per_page=100"
        assert len(everything(sandbox, "github", path)) == 250
        assert ask(sandbox, "github", f"{REPOSITORY}/pulls/1").json()["commits"] > 300
    finally:
        pull.commits[:] = before


def test_a_dismissed_review_is_overwritten_and_its_dismissal_is_in_the_timeline(
    sandbox: Sandbox,
) -> None:
    seen = 0
    for name in ("provider-gateway", "benefits-batch", "platform-infra", "data-warehouse"):
        base = f"/repos/harbourline/{name}"
        for pull in everything(sandbox, "github", f"{base}/pulls?state=closed&per_page=100"):
            reviews = ask(sandbox, "github", f"{base}/pulls/{pull['number']}/reviews").json()
            dismissed = {r["id"] for r in reviews if r["state"] == "DISMISSED"}
            events = ask(sandbox, "github", f"{base}/issues/{pull['number']}/timeline").json()
            found = [e for e in events if e["event"] == "review_dismissed"]
            assert {e["dismissed_review"]["review_id"] for e in found} == dismissed
            assert all(e["dismissed_review"]["state"] == "approved" for e in found)
            seen += len(found)
    assert seen > 0


def test_commits_are_bounded_by_the_committers_date(sandbox: Sandbox) -> None:
    path = f"{REPOSITORY}/commits?sha=main&since=2026-01-12T00:00:00Z&until=2026-01-16T00:00:00Z"
    dates = [c["commit"]["committer"]["date"] for c in ask(sandbox, "github", path).json()]
    assert [date[:10] for date in dates] == [f"2026-01-{day}" for day in (15, 14, 13, 12)]
    tip = ask(sandbox, "github", f"{REPOSITORY}/branches/main").json()["commit"]["sha"]
    assert ask(sandbox, "github", f"{REPOSITORY}/commits").json()[0]["sha"] == tip
    assert ask(sandbox, "github", f"{REPOSITORY}/commits?sha=nowhere").status_code == 404


def test_what_a_forced_push_cut_off_is_still_found_by_its_revision(sandbox: Sandbox) -> None:
    base = "/repos/harbourline/benefits-batch"
    feed = everything(sandbox, "github", f"{base}/activity?ref=main&activity_type=force_push")
    assert feed
    for update in feed:
        cut_off = ask(sandbox, "github", f"{base}/commits?sha={update['before']}").json()
        assert cut_off[0]["sha"] == update["before"]
        now = {c["sha"] for c in everything(sandbox, "github", f"{base}/commits?per_page=100")}
        assert update["before"] not in now
        assert {commit["sha"] for commit in cut_off[1:]} <= now


def test_a_production_deployment_keeps_its_success_when_it_is_superseded(sandbox: Sandbox) -> None:
    path = f"{REPOSITORY}/deployments?environment=production&per_page=100"
    newest, *earlier = ask(sandbox, "github", path).json()

    def states(item: dict[str, Any]) -> list[str]:
        url = f"{REPOSITORY}/deployments/{item['id']}/statuses"
        return [status["state"] for status in ask(sandbox, "github", url).json()]

    assert states(newest) == ["success", "in_progress", "queued"]
    assert states(earlier[0]) == ["inactive", "success", "in_progress", "queued"]


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/repos/harbourline/nothing", f"{REPOSITORY}/pulls/99999",
     f"{REPOSITORY}/branches/other", f"{REPOSITORY}/deployments/1/statuses"],
)  # fmt: skip
def test_what_is_not_there_is_404(sandbox: Sandbox, path: str) -> None:
    response = ask(sandbox, "github", path)
    assert (response.status_code, response.json()["status"]) == (404, "404")
    assert ask(sandbox, "okta", "/api/v1/users/00unobody/factors").status_code == 404
