"""Recorded exchanges of real tenants, replayed over HTTP; every record of them accounted for.

Expected counts come from the recordings by plain `json`, and the number of recordings from
`PROVENANCE.csv`; never from the code under test.
"""

from __future__ import annotations

import csv
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

from collector import collector, proofs
from http_source import Answer, Asked, HttpSource, serving
from muniment import bronze, committing
from muniment.collection import Collection, StoredObject, canonical
from muniment.database import connect
from muniment.errors import SourceError
from muniment.locker import Locker
from muniment.receipts import Receipt
from muniment.retries import Patience
from muniment.settings import Settings, load
from muniment.transport import Client
from muniment.warehouse import WAREHOUSE_PATH
from staged import staged

GITHUB, OKTA, LOG = "github_rest_http", "okta_rest_http", "okta_system_log"
#: the recordings' own address; links are led to the replaying server instead
ADDRESSES = re.compile(r"https://(api\.github\.com(:443)?|(test|dev-\d+)\.okta\.com)")
#: of the recording, not of the replay's connection
_OF_THE_WIRE = {
    "content-length", "content-encoding", "content-type", "transfer-encoding", "connection", "date"
}  # fmt: skip
_TEMPLATE = re.compile(r"\{\{(?:now|testStartDate)[^}]*?offset='(\d+) seconds'[^}]*\}\}")


@dataclass(frozen=True)
class Exchange:
    """One recorded request with its answer."""

    method: str
    path: str
    query: dict[str, str]
    status: int
    headers: list[tuple[str, str]]
    body: Any

    def answer(self, server: HttpSource) -> Answer:
        reset = str(int((datetime.now(UTC) + timedelta(seconds=3)).timestamp()))
        headers = [
            (name, ADDRESSES.sub(server.url, _TEMPLATE.sub(reset, value)))
            for name, value in self.headers
            if name.lower() not in _OF_THE_WIRE
        ]
        headers.append(("Date", format_datetime(datetime.now(UTC), usegmt=True)))
        body = self.body.encode() if isinstance(self.body, str) else self.body
        types = [value for name, value in self.headers if name.lower() == "content-type"]
        return Answer(body, self.status, headers, (types or ["application/json"])[0])


def read(file: Path) -> list[Exchange]:
    if file.suffix == ".ndjson":
        return [_wiremock(json.loads(line)) for line in file.read_text().splitlines()]
    return [_nock(item) for item in json.loads(file.read_text())]


def _wiremock(item: dict[str, Any]) -> Exchange:
    response = item["response"]
    headers = [
        (name, one)
        for name, value in (response.get("headers") or {}).items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return _exchange(item["request"], item["request"]["url"], response, headers)


def _nock(item: dict[str, Any]) -> Exchange:
    raw = item.get("rawHeaders") or item["headers"]
    pairs = (
        list(raw.items()) if isinstance(raw, dict) else list(zip(raw[::2], raw[1::2], strict=True))
    )
    response = {"status": item["status"], "body": item["response"]}
    return _exchange(item, item["path"], response, pairs)


def _exchange(
    request: dict[str, Any], url: str, response: dict[str, Any], headers: list[tuple[str, str]]
) -> Exchange:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    body = response.get("body")
    body = b"" if body in (None, "") and response["status"] in (204, 302) else body
    return Exchange(
        request["method"].upper(), parts.path, query, response["status"], headers, body
    )  # fmt: skip


def files(shared: Path, kind: str) -> list[Path]:
    return sorted(path for path in (shared / "samples" / kind).iterdir() if path.is_file())


def promised(shared: Path, kind: str) -> dict[str, int]:
    with (shared / "samples" / "PROVENANCE.csv").open(newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["kind"] == kind]
    return {row["file"].rpartition("/")[2]: int(row["records"]) for row in rows}


@pytest.mark.parametrize("kind", [GITHUB, OKTA])
def test_every_recorded_get_passes_through_the_transport(shared: Path, kind: str) -> None:
    """Answers come through whole; refusals say what the vendor said; nothing is followed away."""
    read_counts = {file.name: len(read(file)) for file in files(shared, kind)}
    assert read_counts == promised(shared, kind)
    tally: Counter[str] = Counter()
    for file in files(shared, kind):
        for exchange in read(file):
            if exchange.method == "GET":
                tally[_passes(exchange)] += 1
            else:
                tally["not a GET"] += 1
    assert sum(tally.values()) == sum(read_counts.values())
    expected = {
        # two secondary limits and a used-up one; two 404; four downloads on another host
        GITHUB: {"limited": 3, "refused": 2, "led away": 4},
        OKTA: {"refused": 1},
    }[kind]
    assert {name: tally[name] for name in expected} == expected
    assert set(tally) <= {"whole", "not a GET", *expected}


def _passes(exchange: Exchange) -> str:
    waits: list[float] = []
    with serving() as server:
        after = Answer([], 200)
        given: list[Answer] = [exchange.answer(server)]
        server.reply = lambda asked: given.pop() if given else after
        client = Client(
            server.connection(), None, lambda request: None, Patience(900, waits.append)
        )
        try:
            response = client.get(exchange.path, exchange.path, exchange.query)
        except SourceError as error:
            assert f"HTTP {exchange.status}" in str(error) or exchange.status == 302
            return "led away" if exchange.status == 302 else "refused"
        if waits:
            assert exchange.status == 403
            return "limited"
        wanted = exchange.body
        assert (
            response.json() if not isinstance(wanted, str) else response.body.decode()
        ) == wanted
        return "whole"


@pytest.mark.parametrize(
    ("name", "kind", "first", "pages", "items"),
    [
        ("octokit_paginate-issues.json", GITHUB, "/repos/octokit", 5, 13),
        ("TestUsersResource.test_user_pagination.exchanges.ndjson", OKTA, "/api/v1/users", 2, 2),
    ],
)
def test_recorded_next_links_are_followed_to_the_end(
    shared: Path, name: str, kind: str, first: str, pages: int, items: int
) -> None:
    recorded = [item for item in read(shared / "samples" / kind / name) if item.method == "GET"]
    recorded = [item for item in recorded if isinstance(item.body, list)]
    with serving() as server:
        replay = Replay(server, recorded)
        server.reply = replay.reply
        client = Client(server.connection(), None, lambda request: None)
        start = recorded[0]
        assert start.path.startswith(first)
        got = list(client.pages(start.path, start.path, start.query))
    bodies = [page.array() for page in got if page.array()]
    assert len(bodies) == pages
    assert sum(map(len, bodies)) == items == sum(len(item.body) for item in recorded)


@dataclass
class Replay:
    """Answers as recorded; a list that nobody recorded is empty, a branch is not there."""

    server: HttpSource
    recorded: list[Exchange]
    bodies: dict[str, Any] = field(default_factory=dict)

    def reply(self, asked: Asked) -> Answer:
        if asked.path in self.bodies:
            return Answer(self.bodies[asked.path])
        gets = [item for item in self.recorded if item.method == "GET" and item.status == 200]
        same = [item for item in gets if item.path == asked.path]
        for key in ("after", "page"):
            same = [item for item in same if item.query.get(key) == asked.query.get(key)]
        if not same and "/branches/" in asked.path:
            return Answer({"message": "Branch not found"}, 404)
        return same[-1].answer(self.server) if same else Answer([])


@pytest.fixture
def server() -> Iterator[HttpSource]:
    with serving() as source:
        yield source


def _github(shared: Path) -> list[Exchange]:
    found = [item for file in files(shared, GITHUB) for item in read(file)]
    return [item for item in found if item.status in (200, 201)]


ORGANISATION, REPOSITORY = "hub4j-test-org", "/repos/hub4j-test-org/github-api"


def test_recorded_pull_requests_pass_through_the_connector(
    shared: Path, server: HttpSource, tmp_path: Path
) -> None:
    """All pull requests that were recorded of one repository, as one window over nine years.

    Some were only recorded when they were created: that answer has the same form as the detail.
    """
    recorded = _github(shared)
    one = re.compile(REPOSITORY + r"/pulls(/\d+)?")
    details = {
        f"{REPOSITORY}/pulls/{item.body['number']}": item.body
        for item in recorded
        if one.fullmatch(item.path) and isinstance(item.body, dict)
    }
    newest = sorted(details.values(), key=lambda body: str(body["updated_at"]), reverse=True)
    bodies = {**details, f"{REPOSITORY}/pulls": newest}
    server.reply = Replay(server, recorded, bodies).reply
    run = collector(
        tmp_path, server, "github_pulls",
        {"organisation": ORGANISATION, "repositories": ["github-api"]},
    )  # fmt: skip
    result = run.collect("2018-01-01", "2027-01-01", "2027-01-02T00:00:00Z")
    assert result.failure is None
    receipt = run.commit(result)
    below = {
        item.path: item.body
        for item in recorded
        if item.method == "GET" and item.path.rpartition("/")[0] in details
    }
    reviews = [len(body) for path, body in below.items() if path.endswith("/reviews")]
    assert sum(reviews) == 1  # the commits that were recorded belong to a pull request that was not
    assert receipt.records["pull_request"] == len(details) == 9
    assert receipt.records["pull_request_listed"] == len(details)
    assert receipt.records["review"] == sum(reviews)
    assert sum(receipt.quarantined.values()) == 0
    assert proofs(result, "change_events.pull_request") == [
        ("cursor_exhausted", "2018-01-01", "2027-01-01")
    ]
    known = staged(run.settings, "2026-12-31")
    assert known["pull_request"] == (len(details), len(details), 0)
    assert known["review"] == (sum(reviews), sum(reviews), 0)


def test_a_recorded_deployment_passes_through_the_connector(
    shared: Path, server: HttpSource, tmp_path: Path
) -> None:
    recorded = read(
        shared / "samples" / GITHUB / "AppTest.testGetDeploymentStatuses.exchanges.ndjson"
    )
    created = [item.body for item in recorded if item.path.endswith("/deployments")]
    path = f"/repos/{ORGANISATION}/github-api-test/deployments"
    organisation = Exchange("GET", f"/orgs/{ORGANISATION}", {}, 200, [], {"login": ORGANISATION})
    replay = Replay(server, [*recorded, organisation], {path: created})
    server.reply = replay.reply
    run = collector(
        tmp_path, server, "github_deployments",
        {"organisation": ORGANISATION, "repositories": ["github-api-test"]},
    )  # fmt: skip
    day = created[0]["created_at"][:10]
    end = (datetime.fromisoformat(day) + timedelta(days=1)).date().isoformat()
    result = run.collect(day, end, "2026-01-02T00:00:00Z")
    assert result.failure is None
    receipt = run.commit(result)
    assert (receipt.records["deployment"], receipt.records["deployment_status"]) == (1, 1)
    assert receipt.event_hours["deployment"] == {created[0]["created_at"][:13]: 1}
    known = staged(run.settings, day)
    assert known["deployment"] == known["deployment_status"] == (1, 1, 0)


def test_recorded_users_pass_through_the_connector(
    shared: Path, server: HttpSource, tmp_path: Path
) -> None:
    file = (
        shared
        / "samples"
        / OKTA
        / "TestUsersResource.test_comprehensive_user_lifecycle.exchanges.ndjson"
    )
    recorded = [item for item in read(file) if item.method == "GET"]
    everybody = next(item.body for item in recorded if item.path == "/api/v1/users")
    replay = Replay(server, [item for item in recorded if item.path == "/api/v1/users"])

    def reply(asked: Asked) -> Answer:
        if asked.path == "/.well-known/okta-organization":
            return Answer({"id": "00oTest", "pipeline": "v1"})
        return Answer([]) if "filter" in asked.query else replay.reply(asked)

    server.reply = reply
    run = collector(tmp_path, server, "okta_users", {})
    result = run.collect("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z", "snapshot")
    assert result.failure is None
    receipt = run.commit(result)
    assert receipt.records["account"] == len(everybody) == 8
    asked = [path for path in server.paths() if path.endswith("/factors")]
    assert len(asked) == len([user for user in everybody if user["status"] != "DEPROVISIONED"])
    assert staged(run.settings, "2026-01-06")["account"] == (len(everybody), len(everybody), 0)


def test_every_recorded_system_log_event_reaches_bronze(
    shared: Path, server: HttpSource, tmp_path: Path
) -> None:
    file = files(shared, LOG)[0]
    events = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
    assert len(events) == promised(shared, LOG)[file.name]

    def reply(asked: Asked) -> Answer:
        if asked.path == "/.well-known/okta-organization":
            return Answer({"id": "00oTest"})
        start = int(asked.query.get("after", 0))
        link = f'<{server.url}/api/v1/logs?after={min(start + 10, len(events))}>; rel="next"'
        return Answer(events[start : start + 10], headers=[("Link", link)])

    server.reply = reply
    run = collector(tmp_path, server, "okta_system_log", {})
    result = run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z", "poll")
    assert result.failure is None
    receipt = run.commit(result)
    same = len(events) - len({canonical(event) for event in events})
    assert receipt.records["event"] == len(events)
    assert receipt.quarantined == {}
    assert receipt.duplicates.get("event", 0) == same
    assert staged(run.settings, "2026-01-05")["event"] == (len(events), len(events), 0)


@dataclass(frozen=True)
class Recorded:
    """Which recorded bodies are of a shape that a kind declares; groups of `path`: its context."""

    kind: str
    shape: str
    stream: str
    path: str
    form: type
    #: what a sound record of it bears once staged; () where no staging model reads it
    bears: tuple[str, ...] = ()

    def bodies(self, shared: Path) -> dict[bytes, dict[str, str]]:
        """Distinct bytes -> what they were asked for: identical answers are one object."""
        folder = OKTA if self.kind.startswith("okta") else GITHUB
        found: dict[bytes, dict[str, str]] = {}
        for item in (item for file in files(shared, folder) for item in read(file)):
            asked = re.fullmatch(self.path, item.path)
            if asked and (item.method, item.status) == ("GET", 200):
                assert isinstance(item.body, self.form)
                branch = {"branch": item.query["sha"]} if "sha" in item.query else {}
                found[canonical(item.body)] = asked.groupdict() | branch
        return found


_REPO = r"/repos/(?P<repository>[^/]+/[^/]+)"
_PULL = _REPO + r"/pulls/(?P<number>\d+)"
SHAPES = (
    Recorded("github_pulls", "pull", "pull_request", _PULL, dict, ("number", "opened_at")),
    Recorded("github_pulls", "pulls_list", "pull_request_listed", _REPO + "/pulls", list),
    Recorded(
        "github_pulls", "reviews", "review", _PULL + "/reviews", list,
        ("repository", "number", "review_id", "state"),
    ),
    Recorded(
        "github_pulls", "pull_commits", "pull_commit", _PULL + "/commits", list,
        ("repository", "numbers[1]", "commit_sha", "committed_at"),
    ),
    Recorded(
        "github_pulls", "branch_commits", "branch_commit", _REPO + "/commits", list,
        ("repository", "commit_sha", "committed_at"),
    ),
    Recorded(
        "github_pulls", "branch", "branch", _REPO + "/branches/(?P<branch>[^/]+)", dict,
        ("repository", "branch", "tip_revision", "is_protected_on_platform"),
    ),
    Recorded(
        "github_pulls", "repository", "repository", _REPO, dict, ("repository", "repository_id")
    ),
    Recorded("github_pulls", "organisation", "organisation", r"/orgs/[^/]+", dict),
    Recorded(
        "github_deployments", "statuses", "deployment_status",
        _REPO + r"/deployments/(?P<deployment_id>\d+)/statuses", list,
        ("repository", "deployment_id", "status_id", "state", "created_at"),
    ),
    Recorded(
        "github_repo_access", "team_members", "team_member",
        r"/organizations/\d+/team/(?P<team>\d+)/members", list, ("teams[1]", "account_id", "login"),
    ),
    Recorded(
        "github_members", "members", "member",
        r"/orgs/[^/]+/(?P<list>members|outside_collaborators)", list,
        ("lists[1]", "account_id", "login"),
    ),
    Recorded(
        "github_branch_protection", "protection", "protection",
        _REPO + r"/branches/(?P<branch>[^/]+)/protection", dict,
        ("repository", "branch", "required_approvals", "is_enforced_for_admins"),
    ),
    Recorded(
        "github_branch_protection", "rules", "rule",
        r"/repos/(?P<subject>[^/]+/[^/]+)/rules/branches/[^/]+", list,
        ("subjects[1]", "rule_type"),
    ),
    Recorded(
        "okta_users", "users", "account", r"/api/v1/users", list,
        ("account_id", "login", "status", "created_at"),
    ),
    Recorded(
        "okta_users", "factors", "factor", r"/api/v1/users/(?P<account_id>[^/]+)/factors", list,
        ("account_ids[1]", "factor_id", "factor_type", "status"),
    ),
    Recorded(
        "okta_groups", "groups", "group", r"/api/v1/groups", list,
        ("group_id", "group_type", "group_name", "created_at"),
    ),
    Recorded(
        "okta_groups", "group_members", "group_member",
        r"/api/v1/groups/(?P<group_id>[^/]+)/users", list,
        ("group_ids[1]", "account_id", "login", "status"),
    ),
    Recorded(
        "okta_groups", "user_roles", "user_role", r"/api/v1/users/(?P<account_id>[^/]+)/roles",
        list, ("account_ids[1]", "role_id", "role_type", "status", "assignment_type"),
    ),
    Recorded(
        "okta_apps", "application_users", "application_user",
        r"/api/v1/apps/(?P<application_id>[^/]+)/users", list,
        ("application_ids[1]", "account_id", "scope", "status", "user_name", "created_at"),
    ),
)  # fmt: skip


@dataclass
class Indexed:
    """All recorded bodies of all shapes, in Bronze and staged."""

    settings: Settings
    receipts: dict[str, Receipt]
    staged: dict[str, tuple[int, int, int]]


@pytest.fixture(scope="module")
def indexed(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    """One source a kind, each with one collection, as if it had answered with these bodies."""
    kinds = list(dict.fromkeys(recorded.kind for recorded in SHAPES))
    file = tmp_path_factory.mktemp("shapes") / "muniment.yml"
    sources = [
        {"id": kind, "kind": kind, "connection": "x",
         "options": {"organisation": "x"} if kind.startswith("github") else {}}
        for kind in kinds
    ]  # fmt: skip
    file.write_text(yaml.safe_dump({"organisation": "x", "sandbox": True, "sources": sources}))
    settings = load(file)
    done = {kind: _commit(settings, kind, shared) for kind in kinds}
    return Indexed(settings, done, staged(settings, "2026-01-01"))


def _commit(settings: Settings, kind: str, shared: Path) -> Receipt:
    locker = Locker(settings.home)
    collection = Collection(
        receipt_id=uuid.uuid4().hex, source_id=kind, kind=kind, entity="x", system=None,
        connector_version=1, code_revision="x", run_id="x", role="x", window_start="2026-01-01",
        window_end="2026-01-02", started_at="2026-01-02T00:00:00.000000Z",
        finished_at="2026-01-02T00:00:00.000000Z", is_sandbox=True,
        configured_as={"required": False, "options": settings.source(kind).options},
    )  # fmt: skip
    lines = []
    for recorded in (recorded for recorded in SHAPES if recorded.kind == kind):
        for page, (body, context) in enumerate(recorded.bodies(shared).items(), start=1):
            sha256, size = locker.put(body)
            collection.objects.append(
                StoredObject(sha256, size, "application/json", recorded.shape, page)
            )
            lines.append(
                {"object_sha256": sha256, "shape": recorded.shape, "page": page, "status": 200,
                 "url": "/x", "context": context}
            )  # fmt: skip
    sha256, size = locker.put(b"".join(canonical(line) + b"\n" for line in lines))
    collection.objects.append(StoredObject(sha256, size, "application/x-ndjson", "requests", 1))
    settings.home.create(collection.path, canonical(collection.to_json()))
    bronze.index(settings, kind, collection.receipt_id)
    return committing.commit(settings, kind, collection.receipt_id)


@pytest.mark.parametrize("recorded", SHAPES, ids=lambda recorded: recorded.shape)
def test_every_recorded_body_of_a_shape_is_accounted_for(
    shared: Path, indexed: Indexed, recorded: Recorded
) -> None:
    bodies = [json.loads(body) for body in recorded.bodies(shared)]
    assert bodies
    expected = sum(len(body) if recorded.form is list else 1 for body in bodies)
    receipt = indexed.receipts[recorded.kind]
    assert receipt.records.get(recorded.stream, 0) == expected
    assert receipt.quarantined == {}
    if not recorded.bears:
        assert recorded.stream not in indexed.staged
        return
    known = indexed.staged.get(recorded.stream, (0, 0, 0))  # all recorded lists may be empty
    assert known == (expected, expected, 0)
    model = f"staging.stg_{recorded.kind.partition('_')[0]}__{recorded.stream}"
    lacking = " or ".join(f"{column} is null" for column in recorded.bears)
    with connect(indexed.settings.home.local_path(WAREHOUSE_PATH), is_read_only=True) as built:
        rows = built.execute(f"select record_key from {model} where {lacking}").fetchall()
    assert rows == []
