"""The ground truth against an auditor who reads the company's answers with rules of his own.

He finds every planted deviation of sixty days, and nothing else: nothing is wrong by accident.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import requests

from muniment.sandbox.scenario import scenario
from muniment.sandbox.server import Sandbox, serve

SEED = 3
FIRST, END = date(2026, 1, 1), date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
IN_SCOPE = (
    "claims-api", "member-portal", "provider-gateway", "benefits-batch", "platform-infra",
    "data-warehouse",
)  # fmt: skip
Json = dict[str, Any]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with serve(SEED, tmp_path_factory.mktemp("home"), clock=NOW) as running:
        yield running


@pytest.fixture(scope="module")
def truth() -> list[Json]:
    return [d for d in scenario(SEED)["deviations"] if d["certain_from"] < END.isoformat()]


class Auditor:
    """Reads everything page by page, over HTTP."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.session = sandbox, requests.Session()

    def pages(self, vendor: str, path: str) -> Iterator[Json]:
        scheme = "SSWS" if vendor == "okta" else "Bearer"
        headers = {"Authorization": f"{scheme} {self.sandbox.token(vendor)}"}
        url: str | None = f"{self.sandbox.url}/{vendor}{path}"
        while url:
            response = self.session.get(url, headers=headers, timeout=10)
            assert response.status_code == 200, response.text
            found = response.json()
            yield from found
            url = response.links.get("next", {}).get("url") if found else None

    def github(self, repository: str, path: str) -> list[Json]:
        mark = "&" if "?" in path else "?"
        path = f"/repos/harbourline/{repository}{path}{mark}per_page=100"
        return list(self.pages("github", path))

    def roster(self) -> list[dict[str, str]]:
        path = self.sandbox.home / "drop" / "registers" / "roster" / "roster.csv"
        return list(csv.DictReader(io.StringIO(path.read_text())))

    def people(self) -> dict[str, str]:
        """Login and e-mail -> person."""
        found = {}
        for row in self.roster():
            found[row["work_email"]] = row["person_id"]
            found |= {login: row["person_id"] for login in row["logins"].split(";")}
        return found


@pytest.fixture(scope="module")
def auditor(sandbox: Sandbox) -> Auditor:
    return Auditor(sandbox)


def planted(truth: list[Json], leg: str, *names: str) -> set[tuple[Any, ...]]:
    test_id, leg_id = leg.split(".")
    found = [d for d in truth if (d["test_id"], d["leg_id"]) == (test_id, leg_id)]
    assert found, f"nothing planted for {leg}: the test would prove nothing"
    return {tuple(d["attributes"][name] for name in names) for d in found}


def merged(auditor: Auditor, repository: str) -> list[Json]:
    pulls = auditor.github(repository, "/pulls?state=all")
    return [p for p in pulls if p["merged_at"] and FIRST.isoformat() <= p["merged_at"]]


def authors(auditor: Auditor, repository: str, pull: Json, people: dict[str, str]) -> set[str]:
    found = {people.get(f"github:{pull['user']['login']}", "")}
    for commit in auditor.github(repository, f"/pulls/{pull['number']}/commits"):
        if len(commit["parents"]) > 1:
            continue
        login = (commit["author"] or {}).get("login", "")
        email = commit["commit"]["author"]["email"]
        found.add(people.get(f"github:{login}") or people.get(email, ""))
        trailers = re.findall(r"Co-authored-by: .* <(.*)>", commit["commit"]["message"])
        found |= {people[email] for email in trailers}
    return found - {""}


def approvers(auditor: Auditor, repository: str, pull: Json, people: dict[str, str]) -> set[str]:
    wrote = authors(auditor, repository, pull, people)
    return {
        people[f"github:{review['user']['login']}"]
        for review in auditor.github(repository, f"/pulls/{pull['number']}/reviews")
        if review["state"] == "APPROVED"
        and review["commit_id"] == pull["head"]["sha"]
        and review["submitted_at"] <= pull["merged_at"]
    } - wrote


def test_every_unapproved_merge_is_planted(auditor: Auditor, truth: list[Json]) -> None:
    people = auditor.people()
    found = {
        (f"harbourline/{repository}", pull["number"])
        for repository in IN_SCOPE
        for pull in merged(auditor, repository)
        if not approvers(auditor, repository, pull, people)
    }
    assert found == planted(truth, "CHG-02.approved", "repository", "number")


def test_every_commit_past_review_is_planted(auditor: Auditor, truth: list[Json]) -> None:
    commits, rewrites = set(), set()
    for repository in IN_SCOPE:
        name = f"harbourline/{repository}"
        updates = auditor.github(repository, "/activity?ref=refs/heads/main&direction=asc")
        assert all(a["after"] == b["before"] for a, b in pairwise(updates))
        merges = {pull["merge_commit_sha"] for pull in merged(auditor, repository)}
        known = {c["sha"]: c for c in auditor.github(repository, "/commits?sha=main")}
        for update in updates:
            if update["timestamp"] < FIRST.isoformat():
                continue
            is_merge = update["activity_type"] in ("pr_merge", "merge_queue_merge")
            assert (
                is_merge == (update["after"] in merges) or update["activity_type"] == "force_push"
            )
            is_new = known.get(update["after"], {}).get("commit", {}).get("committer", {})
            if not is_merge and is_new.get("date") == update["timestamp"]:
                commits.add((name, update["after"]))
            if update["activity_type"] == "force_push":
                rewrites.add((name, update["timestamp"][:10]))
    assert commits == planted(truth, "CHG-05.commits", "repository", "commit")
    assert rewrites == planted(truth, "CHG-05.rewrite", "repository", "date")


def test_every_release_by_the_wrong_person_is_planted(auditor: Auditor, truth: list[Json]) -> None:
    people = auditor.people()
    found: dict[str, set[tuple[Any, ...]]] = {"author": set(), "approver": set()}
    for repository in ("claims-api", "member-portal"):
        pulls = {pull["merged_at"]: pull for pull in merged(auditor, repository)}
        deployed = [
            item
            for item in auditor.github(repository, "/deployments?environment=production")[::-1]
            if any(
                status["state"] == "success"
                for status in auditor.github(repository, f"/deployments/{item['id']}/statuses")
            )
        ]
        for before, item in pairwise(deployed):
            releaser = people.get(f"github:{item['creator']['login']}")
            for merged_at, pull in pulls.items():
                if not before["created_at"] < merged_at <= item["created_at"]:
                    continue
                unit = (item["id"], f"harbourline/{repository}", pull["number"])
                wrote = authors(auditor, repository, pull, people)
                approved = approvers(auditor, repository, pull, people)
                if repository == "member-portal" and releaser in wrote:
                    found["author"].add(unit)
                if repository == "claims-api" and approved == {releaser}:
                    found["approver"].add(unit)
    for leg, units in found.items():
        assert units == planted(truth, f"CHG-01.{leg}", "deployment_id", "repository", "number")


@pytest.fixture(scope="module")
def events(auditor: Auditor) -> list[Json]:
    path = "/api/v1/logs?since=2026-01-01T00:00:00Z&limit=1000"
    found = [e for e in auditor.pages("okta", path) if e["published"] >= FIRST.isoformat()]
    assert len({event["uuid"] for event in found}) == len(found)
    return found


def sign_ins(events: list[Json]) -> list[Json]:
    return [
        event
        for event in events
        if event["eventType"] == "user.session.start" and event["outcome"]["result"] == "SUCCESS"
    ]


def test_every_single_factor_session_is_planted(events: list[Json], truth: list[Json]) -> None:
    def session(event: Json) -> str:
        return str(event["authenticationContext"]["externalSessionId"])

    steps = [e for e in events if e["eventType"] == "user.authentication.auth_via_mfa"]
    factors = {(session(e), e["debugContext"]["debugData"]["factor"]) for e in steps}
    told = {name for name, factor in factors if factor == "PASSWORD_AS_FACTOR"}
    second = {name for name, factor in factors if factor != "PASSWORD_AS_FACTOR"}
    alone = [event for event in sign_ins(events) if session(event) not in second]
    assert {(e["uuid"],) for e in alone} == planted(truth, "IAM-01.used", "event_id")
    assert told - second == {session(e) for e in alone} & told != set()
    assert told & second, "a password told as a factor beside a second one"


def test_every_late_revocation_and_use_is_planted(
    auditor: Auditor, events: list[Json], truth: list[Json]
) -> None:
    taken, signed_in = defaultdict(list), defaultdict(list)
    for event in events:
        if event["eventType"] == "user.lifecycle.deactivate":
            taken[event["target"][0]["alternateId"]].append(event["published"])
    for event in sign_ins(events):
        signed_in[event["actor"]["alternateId"]].append(event["published"])
    late, used = set(), set()
    spells = defaultdict(list)
    for row in auditor.roster():
        spells[row["person_id"]].append(row["start_at"])
    for row in auditor.roster():
        if "T" not in row["end_at"]:
            continue  # no end, or a bare date, which is no exception under every reading
        end = datetime.fromisoformat(row["end_at"])
        if not FIRST <= end.date() < END:
            continue
        unit = (row["person_id"], row["start_at"])
        limit = end + timedelta(hours=24)
        revoked = [datetime.fromisoformat(t) for t in taken[row["work_email"]]]
        if limit < NOW and not any(moment <= limit for moment in revoked):
            late.add(unit)
        again = min([s for s in spells[row["person_id"]] if s > row["start_at"]], default="9")
        uses = signed_in[row["work_email"]]
        if any(datetime.fromisoformat(t) > end and t < again for t in uses):
            used.add(unit)
    assert late == planted(truth, "IAM-04.revoked", "person_id", "spell_start")
    assert used == planted(truth, "IAM-04.used", "person_id", "spell_start")


def test_what_hangs_on_the_zone_of_a_bare_end_is_planted(
    auditor: Auditor, events: list[Json]
) -> None:
    """A local day begins at UTC+14 and ends at UTC-12, wherever it is."""
    undecided = [d for d in scenario(SEED)["undecided"] if d["effective_on"] < END.isoformat()]
    late, used = set(), set()
    for row in auditor.roster():
        if len(row["end_at"]) != len("2026-01-05") or row["end_at"] >= END.isoformat():
            continue
        day = datetime.fromisoformat(row["end_at"]).replace(tzinfo=UTC)
        first, last = day - timedelta(hours=14), day + timedelta(hours=36)
        limit = timedelta(hours=24)
        unit = (row["person_id"], row["start_at"])
        for event in events:
            moment = datetime.fromisoformat(event["published"])
            if event["eventType"] == "user.lifecycle.deactivate":
                is_taken = event["target"][0]["alternateId"] == row["work_email"]
                late |= {unit} if is_taken and first + limit < moment < last + limit else set()
            elif event in sign_ins([event]) and first < moment < last:
                used |= {unit} if event["actor"]["alternateId"] == row["work_email"] else set()
    assert late == planted(undecided, "IAM-04.revoked", "person_id", "spell_start")
    assert used == planted(undecided, "IAM-04.used", "person_id", "spell_start")


def test_hours_far_below_their_usual_volume_are_planted(
    events: list[Json], truth: list[Json]
) -> None:
    counts: dict[tuple[date, int], int] = defaultdict(int)
    for event in events:
        moment = datetime.fromisoformat(event["published"])
        counts[moment.date(), moment.hour] += 1
    found = set()
    for offset in range(21, (END - FIRST).days):
        day = FIRST + timedelta(days=offset)
        for hour in range(24):
            earlier = [counts[day - timedelta(days=7 * n), hour] for n in range(1, offset // 7 + 1)]
            if counts[day, hour] < 0.2 * median(earlier):
                found.add(("okta", f"{day}T{hour:02d}"))
    leads = planted(truth, "LOG-01.volume", "source_id", "hour")
    assert found == {lead for lead in leads if lead[0] == "okta"}


def test_every_account_without_factor_is_planted(tmp_path: Path, truth: list[Json]) -> None:
    found = set()
    clock = datetime(2026, 1, 2, 2, tzinfo=UTC)
    with serve(SEED, tmp_path, clock=clock) as sandbox:
        auditor = Auditor(sandbox)
        for _ in range(30):
            for user in auditor.pages("okta", "/api/v1/users"):
                if not list(auditor.pages("okta", f"/api/v1/users/{user['id']}/factors")):
                    found.add((user["id"], clock.date().isoformat()))
            if clock.date() not in sandbox.world.plan.hidden["github_members"]:
                for user in auditor.pages(
                    "github", "/orgs/harbourline/members?filter=2fa_disabled"
                ):
                    found.add((str(user["id"]), clock.date().isoformat()))
            clock += timedelta(days=1)
            sandbox.set_clock(clock)
    expected = planted(truth, "IAM-01.enrolled", "account_id", "date")
    assert found == {unit for unit in expected if unit[1] < clock.date().isoformat()}
