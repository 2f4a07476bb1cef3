"""Killed anywhere, a run loses nothing and duplicates nothing when it is repeated.

One home is killed at many places, one death after the other, each run going on from what the one
before left; then it is run to its end and compared with a home that nobody disturbed.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from company import FIRST_DAY, Company, clock_of
from muniment import database, receipts
from muniment.warehouse import WAREHOUSE_PATH

KILLER = Path(__file__).resolve().parents[1] / "killed_run.py"
END = FIRST_DAY + timedelta(days=1)
SOURCES = (
    "okta", "okta_users", "github_deployments", "sast", "trivy", "roster", "assets", "controls"
)  # fmt: skip
Rows = list[tuple[Any, ...]]

#: the first events of a step are of its first source; every write of it is left half done once
EARLY = [
    *(("recover", 1), ("plan", 1)),
    *(("collect", number) for number in (1, 3, 6, 9, 10, 11, 40)),
    *(("index", number) for number in (1, 2, 3, 4, 5)),
    *(("commit", number) for number in (1, 2, 3, 4, 5, 6, 7)),
]
NEVER = ("never", 1)


def arguments(company: Company) -> list[str]:
    return [
        "run", "--config", str(company.config), "--from", FIRST_DAY.isoformat(),
        "--to", END.isoformat(), "--now", clock_of(END).isoformat(),
    ]  # fmt: skip


def run_at(company: Company, places: list[tuple[str, int]]) -> list[tuple[int, dict[str, int]]]:
    """How each run ended, and how many events of each step it saw."""
    done = subprocess.run(
        [sys.executable, str(KILLER), json.dumps(places), *arguments(company)],
        capture_output=True, text=True, timeout=1_500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    ends = json.loads(done.stdout.splitlines()[-1])
    return [(code, seen) for code, seen in ends]


@contextmanager
def opened(folder: Path) -> Iterator[Company]:
    """A company with a part of its sources, on the evening of its first day."""
    with Company(folder) as company:
        config = yaml.safe_load(company.config.read_text("utf-8"))
        config["sources"] = [item for item in config["sources"] if item["id"] in SOURCES]
        company.config.write_text(yaml.safe_dump(config), "utf-8")
        company.sandbox.set_clock(clock_of(END))
        yield company


def found(company: Company) -> dict[str, Rows]:
    """What a home holds and what was found, without the receipts' random ids."""
    home = company.settings.home
    warehouse = database.connect(home.local_path(WAREHOUSE_PATH), is_read_only=True)
    try:
        results = warehouse.execute("from marts.fct_test_results order by all").fetchall()
        status = warehouse.execute("from marts.fct_criterion_status order by all").fetchall()
        events = warehouse.execute(
            "select record_key from intermediate.int_access_events order by all"
        ).fetchall()
    finally:
        warehouse.close()
    ledger = home.local_path("ledger/verdicts.parquet")
    bronze = home.local_path("bronze")
    return {
        "results": results,
        "status": status,
        "events": events,
        "ledger": duckdb.execute(
            "select source_id, stream, day, verdict, grade, basis, expected, received, quarantined "
            f"from '{ledger}' order by all"
        ).fetchall(),
        # listings and request lines name the folder and the port, which differ
        "bronze": duckdb.execute(
            f"select source_id, stream, record_key, record from '{bronze}/*/*.parquet' "
            "where stream not in ('listing', 'request') order by all"
        ).fetchall(),
        "counts": duckdb.execute(
            f"select source_id, stream, count(*) from '{bronze}/*/*.parquet' group by all "
            "order by all"
        ).fetchall(),
        "receipts": [
            (source_id, len(receipts.read_chain(home, source_id))) for source_id in SOURCES
        ],
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Rows], dict[str, int]]:
    """What a run that nobody kills finds, and the events of its steps."""
    with opened(tmp_path_factory.mktemp("undisturbed")) as company:
        ((code, seen),) = run_at(company, [NEVER])
        assert code in (0, 1)
        return found(company), seen


def test_a_run_killed_at_many_places_ends_as_if_undisturbed(
    tmp_path: Path, undisturbed: tuple[dict[str, Rows], dict[str, int]]
) -> None:
    expected, events = undisturbed
    late = [
        *(("assess", number) for number in (2, events["assess"])),
        *(("build", number) for number in (1, events["build"] // 3, events["build"])),
        *(("publish", number) for number in (1, 4, events["publish"] // 2, events["publish"] - 1)),
    ]
    with opened(tmp_path) as company:
        ends = run_at(company, [*EARLY, *late, NEVER])
        for place, (code, seen) in zip([*EARLY, *late], ends, strict=False):
            assert code == -signal.SIGKILL, (place, code, seen)
        assert ends[-1][0] in (0, 1)
        actual = found(company)
        assert set(actual) == set(expected)
        for name, rows in expected.items():
            assert actual[name] == rows, name
            assert rows, name
        verified = company.cli("verify")
        assert verified.returncode == 0, verified.stdout
        assert list((tmp_path / ".muniment/tmp").iterdir()) == []
