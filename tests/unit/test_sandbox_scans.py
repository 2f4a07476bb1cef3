"""The scan drop against an auditor who reads the files with rules of his own.

Independent of the simulation: files are parsed as Trivy and SARIF define them.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from muniment.sandbox.scenario import scenario
from muniment.sandbox.server import Sandbox, serve

SEED = 2
NOW = datetime(2026, 4, 1, 2, tzinfo=UTC)
AS_OF = NOW.date() - timedelta(days=1)
SLA = {"critical": 30, "high": 30, "medium": 90, "low": 180}
MONDAY = date(1970, 1, 5)
Json = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One successful run, as its file states it."""

    asset_id: str
    kind: str
    completed: datetime
    revision: str
    findings: dict[str, str]  # rule -> severity


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with serve(SEED, tmp_path_factory.mktemp("home"), clock=NOW) as running:
        yield running


@pytest.fixture(scope="module")
def runs(sandbox: Sandbox) -> dict[tuple[str, str], list[Run]]:
    found: dict[tuple[str, str], list[Run]] = defaultdict(list)
    drop = sandbox.home / "drop"
    for path in sorted(p for name in ("trivy", "sarif", "dast") for p in drop.glob(f"{name}/*/2*")):
        read = trivy if path.suffix == ".json" else sarif
        run = read(path)
        if run is not None:
            found[run.asset_id, run.kind].append(run)
    return found


def trivy(path: Path) -> Run:
    report = json.loads(path.read_text())
    kind = {"container_image": "container", "repository": "sca"}[report["ArtifactType"]]
    found = [v for result in report["Results"] for v in result.get("Vulnerabilities", [])]
    return Run(
        path.parent.name, kind, datetime.fromisoformat(report["CreatedAt"]),
        report["Metadata"].get("Commit", ""),
        {v["VulnerabilityID"]: v["Severity"].lower() for v in found},
    )  # fmt: skip


def sarif(path: Path) -> Run | None:
    run = json.loads(path.read_text())["runs"][0]
    invocation = run["invocations"][0]
    if not invocation["executionSuccessful"]:
        assert run["results"] == []
        return None
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    scores = {name: float(r["properties"]["security-severity"]) for name, r in rules.items()}
    return Run(
        path.parent.name, "dast" if path.parent.parent.name == "dast" else "sast",
        datetime.fromisoformat(invocation["endTimeUtc"]),
        run.get("versionControlProvenance", [{}])[0].get("revisionId", ""),
        {r["ruleId"]: severity(scores[r["ruleId"]]) for r in run["results"]},
    )  # fmt: skip


def severity(score: float) -> str:
    return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"


@cache
def truth() -> Json:
    return scenario(SEED)


def planted(leg: str, *names: str) -> set[tuple[Any, ...]]:
    test_id, leg_id = leg.split(".")
    found = [
        d
        for d in truth()["deviations"]
        if (d["test_id"], d["leg_id"]) == (test_id, leg_id)
        and d["certain_from"] <= AS_OF.isoformat()
    ]
    assert found, f"nothing planted for {leg}: the test would prove nothing"
    return {tuple(d["attributes"][name] for name in names) for d in found}


Runs = dict[tuple[str, str], list[Run]]


def test_every_overdue_finding_is_planted(runs: Runs) -> None:
    overdue = set()
    for (asset_id, _), history in runs.items():
        first: dict[str, Run] = {}
        last: dict[str, Run] = {}
        for run in history:
            for rule in run.findings:
                first.setdefault(rule, run)
                last[rule] = run
        for rule, run in first.items():
            due = run.completed + timedelta(days=SLA[run.findings[rule]])
            if last[rule].completed > due and due.date() < AS_OF:
                overdue.add((asset_id, rule))
    assert overdue == planted("VUL-01.sla", "asset_id", "rule_id")


def test_every_interval_without_scan_is_planted(runs: Runs) -> None:
    stale = set()
    for (asset_id, kind), history in runs.items():
        limit = 30 if kind == "dast" else 7
        ran = [run.completed.date() for run in history]
        for offset in range((AS_OF - date(2026, 1, 1)).days + 1):
            day = date(2026, 1, 1) + timedelta(days=offset)
            newest = ran[bisect_right(ran, day) - 1]
            if (day - newest).days > limit:
                start = day - timedelta(days=(day - MONDAY).days % limit)
                stale.add((asset_id, kind, start.isoformat()))
    assert stale == planted("VUL-02.ran", "asset_id", "scanner_type", "interval_start")


def test_no_scan_is_a_moment_too_late_by_accident(runs: Runs) -> None:
    """Runs on the same weekday of two weeks are less than seven days apart, by the clock too."""
    gaps = [
        (later.completed - earlier.completed, key)
        for key, history in runs.items()
        if key[1] != "dast"
        for earlier, later in pairwise(history)
    ]
    close = [gap for gap, _ in gaps if timedelta(days=6) < gap < timedelta(days=7)]
    assert close, "no neighbour of the threshold was planted"
    assert not [gap for gap, _ in gaps if timedelta(days=7) <= gap < timedelta(days=9)]


def ask(sandbox: Sandbox, path: str) -> list[Json]:
    headers = {"Authorization": f"Bearer {sandbox.token('github')}"}
    found, url = [], f"{sandbox.url}/github/repos/harbourline/{path}"
    while url:
        response = requests.get(url, headers=headers, timeout=10)
        found += response.json()
        url = response.links.get("next", {}).get("url", "")
    return found


def test_every_week_of_old_revisions_is_planted(sandbox: Sandbox, runs: Runs) -> None:
    wrong = set()
    for (asset_id, kind), history in runs.items():
        if kind not in ("sast", "sca"):
            continue
        path = f"{asset_id.removeprefix('repo-')}/activity?ref=main&direction=asc&per_page=100"
        moved = [(datetime.fromisoformat(u["timestamp"]), u["after"]) for u in ask(sandbox, path)]
        weeks = defaultdict(list)
        for run in history:
            place = bisect_right([moment for moment, _ in moved], run.completed) - 1
            start = run.completed.date() - timedelta(days=run.completed.weekday())
            weeks[start].append(run.revision == moved[place][1])
        wrong |= {
            (asset_id, kind, start.isoformat())
            for start, is_head in weeks.items()
            if not any(is_head)
        }
    assert wrong == planted("VUL-02.revision", "asset_id", "scanner_type", "interval_start")


def test_every_release_without_dynamic_scan_is_planted(sandbox: Sandbox, runs: Runs) -> None:
    missed = set()
    for (asset_id, kind), history in runs.items():
        if kind != "dast":
            continue
        path = f"{asset_id.removeprefix('svc-')}/deployments?environment=production&per_page=100"
        for item in ask(sandbox, path):
            started = datetime.fromisoformat(item["created_at"])
            limit = started + timedelta(days=7)
            scanned = any(started <= run.completed <= limit for run in history)
            if started.date() >= date(2026, 1, 1) and limit.date() <= AS_OF and not scanned:
                missed.add((item["id"], asset_id))
    assert missed == planted("VUL-02.release_dast", "deployment_id", "asset_id")


def test_lost_and_late_drops_are_listed(sandbox: Sandbox) -> None:
    gaps = [g for g in truth()["gaps"] if g["source_kind"] == "trivy"]
    folder = sandbox.home / "drop" / "trivy"
    lost = {g["day"] for g in gaps if g["heals_on"] is None and g["day"] <= AS_OF.isoformat()}
    on_disk = {path.stem for path in folder.glob("*/*.json")}
    every_day = {(date(2026, 1, 1) + timedelta(days=n)).isoformat() for n in range(90)}
    assert every_day - on_disk == lost
    leads = planted("LOG-01.volume", "source_id", "hour")
    assert {hour[:10] for source, hour in leads if source == "trivy"} == lost
    late = min(g["day"] for g in gaps if g["heals_on"] is not None)
    morning = datetime.fromisoformat(f"{late}T00:00:00+00:00") + timedelta(days=1, hours=2)
    sandbox.set_clock(morning)
    assert not list(folder.glob(f"*/{late}.json"))
    sandbox.set_clock(morning + timedelta(days=1))
    assert len(list(folder.glob(f"*/{late}.json"))) >= 8
    sandbox.set_clock(NOW)
