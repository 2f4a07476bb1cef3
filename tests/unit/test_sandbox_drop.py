"""The drop and the life of the sandbox: only what exists by the clock, always the same bytes."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import yaml

from muniment import connections
from muniment.errors import MachineError, UsageError
from muniment.sandbox.configuration import SPINE
from muniment.sandbox.scenario import scenario
from muniment.sandbox.server import serve

CLOCK = datetime(2026, 1, 20, 2, tzinfo=UTC)
COLUMNS = {
    "roster": "person_id,work_email,name,employer,vendor_id,manager_id,role,country,start_at,"
    "end_at,logins",
    "assets": "asset_id,type,name,native_id,owner,environment,criticality,data_class,os_name,"
    "os_version,scanner_types,in_scope,scope_reason,scope_approver",
    "waivers": "waiver_id,test_id,scope,owner,approver,approved_at,expires_at,reason,"
    "compensating_control",
    "controls": "control_id,statement,owner,frequency,criteria,tests,scope,valid_from,valid_to",
}


def contents(home: Path) -> dict[str, bytes]:
    return {str(p.relative_to(home)): p.read_bytes() for p in home.rglob("*") if p.is_file()}


def register(home: Path, name: str) -> list[dict[str, str]]:
    text = (home / "drop" / "registers" / name / f"{name}.csv").read_text()
    assert text.splitlines()[0] == COLUMNS[name]
    return list(csv.DictReader(io.StringIO(text)))


def test_the_same_seed_and_clock_give_the_same_bytes(tmp_path: Path) -> None:
    path = "/okta/api/v1/logs?since=2026-01-15T00:00:00Z"
    bodies = []
    for home in (tmp_path / "jumped", tmp_path / "stepped"):
        start = CLOCK if home.name == "jumped" else CLOCK - timedelta(days=9)
        with serve(4, home, clock=start) as sandbox:
            while sandbox.clock < CLOCK:
                sandbox.set_clock(sandbox.clock + timedelta(days=1))
            headers = {"Authorization": f"SSWS {sandbox.token('okta')}"}
            bodies.append(requests.get(sandbox.url + path, headers=headers, timeout=10).content)
    assert contents(tmp_path / "jumped") == contents(tmp_path / "stepped")
    assert bodies[0] == bodies[1]
    with serve(5, tmp_path / "other", clock=CLOCK):
        assert contents(tmp_path / "other") != contents(tmp_path / "jumped")


def test_the_drop_holds_only_what_exists_by_the_clock(tmp_path: Path) -> None:
    with serve(4, tmp_path, clock=CLOCK) as sandbox:
        now = contents(tmp_path)
        today = [name for name in now if "2026-01-20" in name]  # scans start at three
        assert today == ["drop/osquery/osqueryd.results-2026-01-20.log"]  # from ten past midnight
        assert [name for name in now if "2026-01-19" in name]
        sandbox.set_clock(CLOCK + timedelta(days=3))
        assert [name for name in contents(tmp_path) if "2026-01-22" in name]
        sandbox.set_clock(CLOCK)
        assert contents(tmp_path) == now
    assert not [name for name in contents(tmp_path) if name.endswith(".part")]


def test_nothing_that_an_api_says_lies_in_the_future(tmp_path: Path) -> None:
    clock = datetime(2026, 1, 20, 9, 40, tzinfo=UTC)
    now = clock.strftime("%Y-%m-%dT%H:%M:%SZ")
    base = "/github/repos/harbourline/benefits-batch"
    times = {
        "/okta/api/v1/logs?since=2026-01-19T00:00:00Z&limit=1000": ("published",),
        "/okta/api/v1/users": ("created", "statusChanged", "lastLogin"),
        f"{base}/pulls?state=all": ("created_at", "updated_at", "merged_at"),
        f"{base}/activity?per_page=100": ("timestamp",),
        f"{base}/deployments": ("created_at", "updated_at"),
    }
    with serve(4, tmp_path, clock=clock) as sandbox:
        for path, names in times.items():
            headers = {"Authorization": f"Bearer {sandbox.token(path.split('/')[1])}"}
            found = requests.get(sandbox.url + path, headers=headers, timeout=10).json()
            stated = [item[name] for item in found for name in names if item[name]]
            assert stated and max(stated) <= now, path


def test_registers_have_the_agreed_columns_and_cases(tmp_path: Path) -> None:
    with serve(4, tmp_path, clock=datetime(2026, 2, 10, 2, tzinfo=UTC)):
        roster, assets = register(tmp_path, "roster"), register(tmp_path, "assets")
        waivers, controls = register(tmp_path, "waivers"), register(tmp_path, "controls")
    here = [row for row in roster if not row["end_at"] or row["end_at"] > "2026-02-10"]
    assert 42 <= len(here) <= 46
    assert {row["vendor_id"] for row in roster} == {"", "V-KESTREL", "V-BALTICA"}
    ends = [row["end_at"] for row in roster if row["end_at"]]
    assert any(len(end) == 10 for end in ends), "a bare date"
    assert any(end.endswith("+05:30") for end in ends), "an instant with its zone"
    assert any(end > "2026-12" for end in ends), "a future leaver"
    spells = [row["person_id"] for row in roster]
    assert len(spells) - len(set(spells)) == 1, "a rehire"
    assert any(row["logins"].count("github:") == 2 for row in roster), "two accounts of a person"
    logins = [login for row in roster for login in row["logins"].split(";")]
    assert {login.partition(":")[0] for login in logins} == {"okta", "github"}
    assert {"okta", "github"} <= {row["asset_id"] for row in assets if row["type"] == "system"}
    out = [row for row in assets if row["in_scope"] == "false"]
    assert len(out) == 1 and out[0]["scope_reason"] and out[0]["scope_approver"]
    assert [row["waiver_id"] for row in waivers] == ["W-001", "W-002"]
    tests = ";".join(row["tests"] for row in controls)
    for test in ("CHG-01", "CHG-02", "CHG-05", "IAM-01", "IAM-04", "VUL-01", "VUL-02", "LOG-01"):
        assert test in tests
    known = {row["asset_id"] for row in assets}
    scopes = {asset for row in controls for asset in row["scope"].split(";") if asset}
    assert scopes and scopes <= known


def test_the_late_waiver_was_approved_after_what_it_should_cover(tmp_path: Path) -> None:
    with serve(4, tmp_path, clock=datetime(2026, 2, 10, 2, tzinfo=UTC)):
        row = register(tmp_path, "waivers")[1]
    repository = row["scope"].removeprefix("repo-")
    pushed = [
        d["effective_on"]
        for d in scenario(4)["deviations"]
        if d["leg_id"] == "commits" and d["attributes"]["repository"].endswith(repository)
    ]
    assert [day for day in pushed if day < row["approved_at"][:10]]
    assert not [day for day in pushed if row["approved_at"][:10] <= day <= row["expires_at"][:10]]


def test_stated_controls_name_criteria_that_their_legs_support(
    tmp_path: Path, shared: Path
) -> None:
    library = yaml.safe_load((shared / "controls" / "control_tests.yaml").read_text())
    support = {test["id"]: set(test["criteria"]) for test in library["tests"]}
    with serve(4, tmp_path, clock=CLOCK):
        for row in register(tmp_path, "controls"):
            tests = {test.partition("(")[0].partition(".")[0] for test in row["tests"].split(";")}
            supported = set().union(*(support[test] for test in tests))
            assert set(row["criteria"].split(";")) <= supported, row["control_id"]


def test_the_configuration_reaches_the_server(tmp_path: Path) -> None:
    with serve(4, tmp_path / "company", clock=CLOCK) as sandbox:
        found = sandbox.write_config(tmp_path / "muniment.yml", only=SPINE)
        settings = yaml.safe_load((tmp_path / "muniment.yml").read_text())
        assert set(found) == {f"AIRFLOW_CONN_{vendor.upper()}" for vendor in sandbox.vendors}
        for vendor, scheme, path in (
            ("okta", "SSWS", "/api/v1/users"), ("github", "Bearer", "/orgs/harbourline")
        ):  # fmt: skip
            to = connections.parse(vendor, found[f"AIRFLOW_CONN_{vendor.upper()}"])
            assert to.base_url == f"{sandbox.url}/{vendor}"
            headers = {"Authorization": f"{scheme} {to.secret}"}
            assert requests.get(to.base_url + path, headers=headers, timeout=10).ok
    assert settings["sandbox"] is True
    assert all(source["required"] for source in settings["sources"])
    assert [source["kind"] for source in settings["sources"]] == [
        "okta_system_log", "okta_users", "github_pulls", "github_deployments", "sarif", "sarif",
        "trivy", *["register"] * 4,
    ]  # fmt: skip
    folders = [Path(s["location"]) for s in settings["sources"] if "location" in s]
    assert all(any(folder.rglob("*.*")) for folder in folders)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_ends_cleanly_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    code = f"from muniment.sandbox.server import run; run(1, {str(tmp_path)!r})"
    environment = {**os.environ, "PYTHONPATH": str(Path(connections.__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        url = process.stdout.readline().strip()
        assert requests.get(f"{url}/_sandbox/clock", timeout=10).json()["seed"] == 1
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == ""


def test_a_port_in_use_and_a_clock_without_zone_are_said_in_words(tmp_path: Path) -> None:
    with serve(1, tmp_path, clock=CLOCK) as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(MachineError, match=f"cannot listen on 127.0.0.1:{port}"):
            serve(1, tmp_path, port=port, clock=CLOCK)
        with pytest.raises(UsageError, match=r"2026-01-21T02:00:00.*zone"):
            sandbox.set_clock(datetime(2026, 1, 21, 2))
        assert sandbox.clock == CLOCK
