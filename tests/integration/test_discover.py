"""`muniment init --discover`: a first configuration from what the connections can see."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from company import Company
from muniment.settings import load
from muniment.sources import discover


def init(folder: Path, company: Company, *arguments: str) -> subprocess.CompletedProcess[str]:
    others = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW_CONN_")}
    return subprocess.run(
        [sys.executable, "-m", "muniment", "init", str(folder), "--discover", *arguments],
        env=others | company.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_what_answers_is_named_and_what_is_refused_says_why(tmp_path: Path) -> None:
    with Company(tmp_path / "company") as company:
        company.sandbox.fault(kind="status", status=403, path="^/okta/api/v1/users")
        init(tmp_path / "mine", company, "--connection", "okta", "--connection", "github")
    file = tmp_path / "mine" / "muniment.yml"
    settings = load(file)
    found = {source.kind: source for source in settings.sources if source.connection}
    asked = {
        kind
        for kind, connector in discover().items()
        if connector.spec.seen and kind.startswith(("okta", "github"))
    }
    assert asked > set(found) >= {"okta_system_log", "github_pulls", "github_deployments"}
    assert found["github_pulls"].options["organisation"] == "harbourline"
    lines = file.read_text("utf-8").splitlines()
    (refused,) = [
        at for at, line in enumerate(lines) if line.startswith('#  - {"id": "okta_users"')
    ]
    assert "HTTP 403" in lines[refused - 1]


def test_a_connection_that_nobody_recognises_is_said(tmp_path: Path) -> None:
    with Company(tmp_path / "company") as company:
        uri = company.environment["AIRFLOW_CONN_OKTA"].replace("%2Fokta", "%2Fnowhere")
        company.environment["AIRFLOW_CONN_LOST"] = uri
        done = init(tmp_path / "mine", company, "--connection", "lost")
    assert "lost: not recognised" in done.stderr
    text = (tmp_path / "mine" / "muniment.yml").read_text("utf-8")
    assert "# Connection 'lost': " in text
    assert not [
        source for source in load(tmp_path / "mine/muniment.yml").sources if source.connection
    ]


def test_a_token_never_reaches_the_file(tmp_path: Path) -> None:
    with Company(tmp_path / "company") as company:
        company.sandbox.fault(kind="status", status=401, path=".*")
        done = init(tmp_path / "mine", company)
        token = company.sandbox.token("okta")
    assert token not in (tmp_path / "mine" / "muniment.yml").read_text("utf-8") + done.stderr
