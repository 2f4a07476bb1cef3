"""The command line as a user calls it: exit codes, formats, and errors that say what to do."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from evidence_home import events
from warehouse_file import WarehouseFile

PERIOD = ("--from", "2026-01-05", "--to", "2026-01-07")


def muniment(home: WarehouseFile | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    config = {"MUNIMENT_CONFIG": str(home.root / "muniment.yml")} if home else {}
    return subprocess.run(
        [sys.executable, "-m", "muniment", *arguments], capture_output=True, text=True,
        env={**os.environ, **config, "PYTHONPATH": os.pathsep.join(sys.path)}, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> WarehouseFile:
    made = WarehouseFile.make(tmp_path_factory.mktemp("cli") / "home")
    made.build()
    made.publish_and_sign()
    return made


READING = {
    "releases": ("releases",),
    "sources": ("sources",),
    "criteria": ("criteria", "--framework", "soc2"),
    "results": ("results", "--test", "CHG-02"),
    "ledger": ("ledger", *PERIOD),
    "coverage": ("coverage", "--framework", "soc2", *PERIOD),
    "sql": ("sql", "select 1 as one"),
    "trace": ("trace", "KEY"),
    "prove": ("prove", "KEY"),
    "verify": ("verify",),
}


@pytest.mark.parametrize("name", READING)
def test_every_reading_command_speaks_every_format(home: WarehouseFile, name: str) -> None:
    command = [home.key if word == "KEY" else word for word in READING[name]]
    told = {f: muniment(home, *command, "--format", f) for f in ("json", "csv", "table")}
    for done in told.values():
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
    data = json.loads(told["json"].stdout)
    header = next(csv.reader(io.StringIO(told["csv"].stdout)))
    assert told["table"].stdout.strip()
    if isinstance(data, list):
        assert all(list(row) == header for row in data)
        assert data
    if name == "coverage":
        assert set(data) == {"criteria", "counts"}
        assert list(data["criteria"][0]) == header
        assert set(data["counts"]) == {"in_scope", "mapped", "tested_complete",
                                       "no_exceptions_noted"}  # fmt: skip


def test_the_json_of_a_result_is_what_others_rely_on(home: WarehouseFile) -> None:
    rows = json.loads(muniment(home, "results", "--test", "CHG-02", "--format", "json").stdout)
    assert list(rows[0]) == [
        "test_id", "leg_id", "unit_key", "attributes", "event_time", "effective_on", "outcome",
        "reason_code", "reason", "severity", "person_id", "vendor_id", "record_keys",
    ]  # fmt: skip
    assert rows[0]["attributes"] == {"repository": "org/app", "number": 7}
    assert rows[0]["event_time"] == "2026-01-05T09:00:00Z"
    assert rows[0]["record_keys"] == [home.key]


def test_the_json_of_the_ledger_is_what_others_rely_on(home: WarehouseFile) -> None:
    rows = json.loads(muniment(home, "ledger", "--format", "json").stdout)
    assert list(rows[0]) == [
        "source_id", "stream", "day", "verdict", "grade", "basis", "expected", "received",
        "quarantined", "reason",
    ]  # fmt: skip
    assert [row["verdict"] for row in rows] == ["COMPLETE", "GAP"]


def test_a_record_is_traced_as_far_as_a_release_has_read(
    home: WarehouseFile, tmp_path: Path
) -> None:
    """`verify` takes no release: it checks every one of the home."""
    for name in ("trace", "prove"):
        done = muniment(home, name, home.key, "--release", "1", "--format", "json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["record_key"] == home.key
        done = muniment(home, name, home.key, "--release", "7")
        assert (done.returncode, "Releases: 1" in done.stderr) == (2, True)
    assert muniment(home, "verify", "--release", "1").returncode == 2
    copy = home.evidence.copy(tmp_path / "home")
    page = events("later", 1)
    copy.receive("okta", [page])
    later = f"{hashlib.sha256(page).hexdigest()}:1#/0"
    done = muniment(WarehouseFile(copy, home.receipts), "trace", later, "--release", "1")
    assert (done.returncode, "Release 1 was built before" in done.stderr) == (2, True), done.stderr


MISTAKES = {
    "bad date": (("ledger", "--from", "2026-13-01"), "2026-01-31"),
    "missing date": (("coverage", "--framework", "soc2"), "--from"),
    "no day": (("ledger", "--from", "2026-01-07", "--to", "2026-01-05"), "--to is exclusive"),
    "unknown test": (("results", "--test", "CHG-99"), "criteria"),
    "unknown release": (("ledger", "--release", "9"), "Releases: 1"),
    "release zero": (
        ("pack", "build", "--framework", "soc2", *PERIOD, "--release", "0", "--out", "x.zip"),
        "No release 0",
    ),
    "unknown framework": (("coverage", "--framework", "sox", *PERIOD), "soc2"),
    "period outside": (
        ("coverage", "--framework", "soc2", "--from", "2020-01-01", "--to", "2020-02-01"),
        "outside",
    ),
    "typo in option": (("ledger", "--sorce", "okta"), "--sorce"),
    "unknown format": (("ledger", "--format", "xml"), "xml"),
    "unknown command": (("legder",), "legder"),
    "sql that writes": (("sql", "create table t as select 1"), "SELECT"),
    "bad key": (("trace", "nonsense"), "nonsense"),
    "no pack": (("pack", "verify", "/nowhere.zip"), "not found"),
    "no key": (("pack", "verify", "/nowhere.zip", "--key", "/nowhere.pem"), "/nowhere"),
    "no configuration": (("ledger", "--config", "/nowhere.yml"), "muniment init"),
    "unknown pin": (("releases", "--pin", "7"), "No release 7"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_ends_with_2_and_says_what_to_do(home: WarehouseFile, mistake: str) -> None:
    command, hint = MISTAKES[mistake]
    done = muniment(home, *command)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_before_the_first_release_a_reader_says_how_to_make_one(tmp_path: Path) -> None:
    empty = WarehouseFile.make(tmp_path / "home")
    for command in (("ledger",), ("results", "--test", "CHG-02"), ("publish",)):
        done = muniment(empty, *command)
        assert done.returncode == 2
        assert "muniment run" in done.stderr or "muniment build" in done.stderr
    assert json.loads(muniment(empty, "releases", "--format", "json").stdout) == []


def test_a_test_that_is_not_built_says_so_beside_its_empty_answer(home: WarehouseFile) -> None:
    done = muniment(home, "results", "--test", "GOV-01", "--format", "json")
    assert json.loads(done.stdout) == []
    assert "no model is built" in done.stderr


def test_a_reader_who_stops_listening_is_no_error(home: WarehouseFile) -> None:
    command = f"{sys.executable} -m muniment criteria --format csv | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True,
        env={**os.environ, "MUNIMENT_CONFIG": str(home.root / "muniment.yml"),
             "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == "SIMULATED COMPANY: nothing here is real evidence.\n"


def test_altered_evidence_ends_with_1(home: WarehouseFile, tmp_path: Path) -> None:
    copy = home.evidence.copy(tmp_path / "home")
    altered = WarehouseFile(copy, home.receipts)
    body = home.key.partition(":")[0]
    path = copy.folder / f"locker/objects/{body[:2]}/{body}"
    path.write_bytes(b"[]")
    for command in (
        ("verify",),
        ("trace", home.key),
        ("pack", "build", "--framework", "soc2", *PERIOD, "--out", str(tmp_path / "p.zip")),
    ):
        done = muniment(altered, *command)
        assert done.returncode == 1, done.stderr
        assert body in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_a_machine_that_fails_ends_with_3(home: WarehouseFile) -> None:
    done = muniment(home, "prove", home.key, "--out", "/proc/nowhere/proof.json")
    assert done.returncode == 3
    assert "/proc/nowhere" in done.stderr
    assert "Traceback" not in done.stderr
    assert muniment(home, "sql", "select len(repeat('x', 4000000000))").returncode == 3


def test_a_question_loads_neither_frames_nor_builders(home: WarehouseFile) -> None:
    """Start-up is what a user waits for: pandas alone takes half a second."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "muniment", "coverage", "--framework", "soc2",
         *PERIOD, "--format", "json"],
        capture_output=True, text=True, check=True,
        env={**os.environ, "MUNIMENT_CONFIG": str(home.root / "muniment.yml"),
             "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    heavy = {"pandas", "numpy", "dbt", "great_expectations", "sqlalchemy", "rich.console",
             "jinja2", "bagit", "airflow"}  # fmt: skip
    assert "muniment.queries" in loaded
    assert not loaded & heavy
