"""Every fault of a vendor's API ends in a clear message and the right verdict, never in silence.

Each test runs the command line against the sandbox over real HTTP with one fault switched on, asks
the ledger, mends the fault and runs again. A second, sound source is collected beside the faulty
one: a source that fails never stops the others.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from command_line import Done, command
from company import FIRST_DAY, Company, clock_of
from muniment import receipts, verdicts
from muniment.sandbox.github_http import GitHub
from muniment.verdicts import OPEN, Verdict

DAY = FIRST_DAY + timedelta(days=4)
NEXT = DAY + timedelta(days=1)
#: a day on which DAY has settled: Okta is then read in a bounded window, not polled
LATER = NEXT + timedelta(days=5)
OTHER = "roster"
LOGS = "^/okta/api/v1/logs"
PULLS = "^/github/repos/[^/]+/[^/]+/pulls[?]"
REPOS = "^/github/orgs/[^/]+/repos"
ELSEWHERE = "elsewhere.invalid"


def narrow(company: Company, *source_ids: str, **options: Any) -> None:
    """Leaves only these sources in the configuration; `options` go to the first of them."""
    config = yaml.safe_load(company.config.read_text("utf-8"))
    config["sources"] = [item for item in config["sources"] if item["id"] in source_ids]
    first = next(item for item in config["sources"] if item["id"] == source_ids[0])
    first["options"] |= options
    company.config.write_text(yaml.safe_dump(config), "utf-8")


def step(company: Company, name: str, *arguments: str, on: date = NEXT) -> Done:
    """One command of the path on the company's clock at 02:00 of the day `on`."""
    company.sandbox.set_clock(clock_of(on))
    return command(company.config, name, *arguments, "--now", clock_of(on).isoformat())


def collect(company: Company, on: date = NEXT) -> Done:
    """`muniment collect` of DAY."""
    return step(company, "collect", "--from", str(DAY), "--to", str(NEXT), on=on)


def judge(company: Company, on: date = NEXT, day: date = DAY) -> tuple[Done, list[Verdict]]:
    """`muniment index` and `assess`; how assess ended, and the verdicts on one day."""
    indexed = step(company, "index", on=on)
    is_unreadable = "unreadable, kept in quarantine" in indexed.stderr  # a page that is not JSON
    assert indexed.exit_code == int(is_unreadable), indexed.stderr
    done = step(company, "assess", "--as-of", str(DAY), on=on)
    return done, [row for row in verdicts.read(company.settings.home) if row.day == day]


def words(rows: list[Verdict], source_id: str) -> set[str]:
    return {row.verdict for row in rows if row.source_id == source_id}


@dataclass(frozen=True)
class Case:
    """A fault, and what message and ledger must say of it."""

    source_id: str
    path: str
    fault: dict[str, Any]
    says: str
    on: date = NEXT


def status(code: int, **more: Any) -> dict[str, Any]:
    return {"kind": "status", "status": code, **more}


LASTING = {
    "okta-401": Case("okta", LOGS, status(401), "HTTP 401 (Invalid token provided)"),
    "okta-403": Case("okta", LOGS, status(403), "The credential lacks a permission"),
    "okta-404": Case("okta", LOGS, status(404), "HTTP 404"),
    "okta-429": Case("okta", LOGS, status(429, reset_s=600), "the request limit is reached"),
    "okta-429-retry-after": Case("okta", LOGS, status(429, retry_after=600), "limit is reached"),
    "okta-500": Case("okta", LOGS, status(500), "HTTP 500 Internal Server Error"),
    "okta-drop": Case("okta", LOGS, {"kind": "drop"}, "broke before the whole body had come"),
    "okta-html": Case("okta", LOGS, {"kind": "html"}, "expected JSON, found '<!doctype html>"),
    "okta-truncated": Case("okta", LOGS, {"kind": "truncated"}, "the JSON is cut short"),
    "okta-repeat": Case("okta", LOGS, {"kind": "repeat_next"}, "repeats an earlier one"),
    "okta-repeat-window": Case(
        "okta", LOGS, {"kind": "repeat_next"}, "repeats an earlier one", LATER
    ),
    "okta-truncated-window": Case(
        "okta", LOGS, {"kind": "truncated"}, "the JSON is cut short", LATER
    ),
    "okta-foreign": Case("okta", LOGS, {"kind": "foreign_next"}, ELSEWHERE),
    "okta-redirect": Case("okta", LOGS, {"kind": "redirect"}, ELSEWHERE),
    "users-403": Case("okta_users", "/users[?]", status(403), "HTTP 403"),
    "users-truncated": Case("okta_users", "/users[?]", {"kind": "truncated"}, "cut short"),
    "pulls-401": Case("github_pulls", "^/github/", status(401), "HTTP 401 (Bad credentials)"),
    "pulls-403": Case("github_pulls", PULLS, status(403), "HTTP 403"),
    "pulls-404": Case("github_pulls", PULLS, status(404), "HTTP 404"),
    "pulls-500": Case("github_pulls", "^/github/orgs", status(500), "HTTP 500"),
    "pulls-secondary": Case(
        "github_pulls", "^/github/orgs", {"kind": "secondary_limit"}, "secondary request limit"
    ),
    "pulls-truncated": Case("github_pulls", PULLS, {"kind": "truncated"}, "cut short"),
    "pulls-repeat": Case("github_pulls", REPOS, {"kind": "repeat_next"}, "repeats an earlier one"),
    "pulls-foreign": Case("github_pulls", REPOS, {"kind": "foreign_next"}, ELSEWHERE),
    "deployments-html": Case(
        "github_deployments", "/deployments", {"kind": "html"}, "found '<!doctype html>"
    ),
    "deployments-redirect": Case(
        "github_deployments", "/deployments", {"kind": "redirect"}, ELSEWHERE
    ),
}


def test_githubs_hours_that_run_dry_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing but the defaults: an organisation that needs more than two of them heals."""
    with Company(tmp_path) as company:
        narrow(company, "github_pulls", OTHER)
        github = company.sandbox.vendors["github"]
        waits: list[float] = []
        assert isinstance(github, GitHub)
        github.limit_an_hour = 30

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            company.sandbox.set_clock(company.sandbox.clock + timedelta(seconds=seconds))

        monkeypatch.setattr("muniment.retries.time.sleep", sleep)
        done = collect(company)
        assert done.exit_code == 0, done.stderr
        assert len(waits) == 2
        assert sum(waits) > 3600  # the whole of the second hour, at least
        _, rows = judge(company)
        assert words(rows, "github_pulls") <= set(OPEN)


@pytest.mark.parametrize("case", LASTING.values(), ids=LASTING)
def test_a_lasting_fault_is_a_gap_that_names_it_and_heals(tmp_path: Path, case: Case) -> None:
    with Company(tmp_path) as company:
        narrow(company, case.source_id, OTHER, max_wait_s=1)
        company.sandbox.fault(path=case.path, **case.fault)
        done = collect(company, case.on)
        assert done.exit_code == 3, done.stderr
        said = next(line for line in done.stderr.splitlines() if "FAILED" in line)
        assert said.startswith(f"{case.source_id} ")
        assert case.says in said
        assert f"{OTHER} {DAY} to" in done.stderr
        for vendor in company.sandbox.vendors:
            assert company.sandbox.token(vendor) not in done.stderr
        day = NEXT if case.source_id == "okta_users" else DAY  # a snapshot shows its own day
        assessed, rows = judge(company, case.on, day)
        assert words(rows, case.source_id) == {"GAP"}
        assert all(case.says in row.reason for row in rows if row.source_id == case.source_id)
        assert words(rows, OTHER) <= set(OPEN)
        assert assessed.exit_code == 1, assessed.stderr
        company.sandbox.clear_faults()
        assert collect(company, case.on).exit_code == 0
        assessed, rows = judge(company, case.on, day)
        assert words(rows, case.source_id) and words(rows, case.source_id) <= set(OPEN)
        assert assessed.exit_code == 0, assessed.stderr


PASSING = {
    "okta-429-retry-after": ("okta", LOGS, status(429, retry_after=1)),
    "okta-429": ("okta", LOGS, status(429)),
    "okta-500": ("okta", LOGS, status(500)),
    "okta-drop": ("okta", LOGS, {"kind": "drop"}),
    "users-429": ("okta_users", "/factors", status(429)),
    "pulls-500": ("github_pulls", PULLS, status(500)),
    "pulls-429": ("github_pulls", PULLS, status(429)),
    "pulls-403-retry-after": ("github_pulls", PULLS, status(403, retry_after=1)),
    "pulls-drop": ("github_pulls", PULLS, {"kind": "drop"}),
}


@pytest.mark.parametrize("case", PASSING.values(), ids=PASSING)
def test_a_passing_fault_is_survived(tmp_path: Path, case: tuple[str, str, dict[str, Any]]) -> None:
    source_id, path, fault = case
    with Company(tmp_path) as company:
        narrow(company, source_id)
        hit = company.sandbox.fault(path=path, times=1, **fault)
        done = collect(company)
        assert done.exit_code == 0, done.stderr
        assert hit.times == 0
        assessed, rows = judge(company, day=NEXT if source_id == "okta_users" else DAY)
        assert assessed.exit_code == 0
        assert words(rows, source_id) and words(rows, source_id) <= set(OPEN)


@pytest.mark.parametrize("on", [NEXT, LATER], ids=["poll", "window"])
def test_duplicates_across_pages_open_no_gap_and_count_once(tmp_path: Path, on: date) -> None:
    with Company(tmp_path) as company:
        narrow(company, "okta", page_size=50)
        company.sandbox.fault(kind="duplicates", path=LOGS)
        assert collect(company, on).exit_code == 0
        assessed, rows = judge(company, on)
        assert assessed.exit_code == 0
        assert "4 source-days assessed, 0 gaps" in assessed.stderr
        assert words(rows, "okta") <= set(OPEN)
        (receipt,) = receipts.read_chain(company.settings.home, "okta")
        assert receipt.duplicates["event"] > 0
        happened = len(company.sandbox.world.log.happened_on(DAY))
        assert happened > 50


def test_an_event_that_arrives_a_day_late_counts_for_its_own_day(tmp_path: Path) -> None:
    with Company(tmp_path) as company:
        narrow(company, "okta")
        late = company.sandbox.world.log.happened_on(DAY)[10].uuid
        company.sandbox.delay_event(late)
        assert collect(company).exit_code == 0
        _, before = judge(company)
        after = NEXT + timedelta(days=1)
        polled = step(company, "collect", on=after)
        assert polled.exit_code == 0, polled.stderr
        assert step(company, "index", on=after).exit_code == 0
        assessed = step(company, "assess", on=after)
        assert assessed.exit_code == 0
        assert "8 source-days assessed, 0 gaps" in assessed.stderr
        rows = verdicts.read(company.settings.home)
        now = {row.stream: row for row in rows if row.day == DAY}
        came = Counter(now[row.stream].received - row.received for row in before)
        others = _stored_late(company, DAY) - 1
        assert came == Counter({1 + others: len(before)})
        assert all(len(row.receipt_ids) == 2 for row in now.values())
        assert {row.verdict for row in now.values()} == {"COMPLETE"}


def _stored_late(company: Company, day: date) -> int:
    """Events of a day that the simulated Okta stored between the two polls."""
    entries = company.sandbox.world.log.happened_on(day)
    first, second = clock_of(NEXT), clock_of(NEXT + timedelta(days=1))
    return sum(first < entry.order[0] <= second for entry in entries)


def test_a_failed_source_never_stops_a_run(tmp_path: Path) -> None:
    with Company(tmp_path) as company:
        narrow(company, "okta", "github_deployments", *("roster", "assets", "controls"))
        company.sandbox.fault(kind="status", status=403, path="^/okta/")
        done = step(company, "run", "--from", str(DAY), "--to", str(NEXT))
        assert done.exit_code == 3, done.stderr
        assert "Evidence is missing; run again once the cause is mended." in done.stderr
        assert "okta: 1 day(s) from 2026-01-05 to 2026-01-05: The source failed" in done.stderr
        rows = company.json("ledger", "--from", str(DAY), "--to", str(NEXT))
        by_source: dict[str, set[str]] = {}
        for row in rows:
            by_source.setdefault(row["source_id"], set()).add(row["verdict"])
        assert by_source.pop("okta") == {"GAP"}
        assert set(by_source) == {"github_deployments", "roster", "assets", "controls"}
        assert set().union(*by_source.values()) <= set(OPEN)


def test_a_missing_connection_is_a_gap_that_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Company(tmp_path) as company:
        narrow(company, "okta", OTHER)
        monkeypatch.delenv("AIRFLOW_CONN_OKTA")
        done = collect(company)
        assert done.exit_code == 3, done.stderr
        assert "Set AIRFLOW_CONN_OKTA to an Airflow connection URI" in done.stderr
        assessed, rows = judge(company)
        assert assessed.exit_code == 1
        assert words(rows, "okta") == {"GAP"}
        assert words(rows, OTHER) <= set(OPEN)
        monkeypatch.setenv("AIRFLOW_CONN_OKTA", company.environment["AIRFLOW_CONN_OKTA"])
        assert collect(company).exit_code == 0
        assert words(judge(company)[1], "okta") <= set(OPEN)


def test_a_connection_that_cannot_be_read_is_a_gap_that_holds_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that is not percent-encoded makes its beginning look like a port."""
    with Company(tmp_path) as company:
        narrow(company, "okta", OTHER)
        monkeypatch.setenv("AIRFLOW_CONN_OKTA", "https://user:8080/planted@example.okta.com")
        done = collect(company)
        assert done.exit_code == 3, done.stderr
        assert "okta 2026-01-05 to 2026-01-06: FAILED, Connection 'okta': " in done.stderr
        _, rows = judge(company)
        assert words(rows, "okta") == {"GAP"}
        assert "planted" not in done.stderr
        files = [path for path in (tmp_path / ".muniment").rglob("*") if path.is_file()]
        assert not [path for path in files if b"planted" in path.read_bytes()]


def test_no_secret_is_written_anywhere(tmp_path: Path) -> None:
    with Company(tmp_path) as company:
        narrow(company, "okta", "okta_users", "github_deployments")
        company.sandbox.fault(kind="html", path="/okta/api/v1/users")
        company.sandbox.fault(kind="status", status=401, path="/deployments")
        done = collect(company)
        assert done.exit_code == 3
        judge(company)
        tokens = [company.sandbox.token(vendor).encode() for vendor in company.sandbox.vendors]
        files = [path for path in (tmp_path / ".muniment").rglob("*") if path.is_file()]
        assert len(files) > 10
        for path in files:
            assert not any(token in path.read_bytes() for token in tokens), path


def test_a_secret_in_an_answer_is_not_kept(tmp_path: Path) -> None:
    """A proxy that shows the request's headers in an error page."""
    with Company(tmp_path) as company:
        narrow(company, "okta", OTHER)
        token = company.sandbox.token("okta")
        company.sandbox.fault(kind="redirect", path=LOGS, host=f"http://{token}.{ELSEWHERE}")
        done = collect(company)
        assert done.exit_code == 3
        assert token not in done.stderr
        assert ELSEWHERE in done.stderr
        _, rows = judge(company)
        assert all(token not in row.reason for row in rows)
