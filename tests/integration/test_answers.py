"""A user's questions to a month of a company: the command line, from the answer to the bytes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from company import FIRST_DAY, Company
from conftest import ROOT

END = FIRST_DAY + timedelta(days=5)
PERIOD = ("--from", FIRST_DAY.isoformat(), "--to", END.isoformat())
#: a test of the library that no model computes yet, stated by the organisation as its control
UNBUILT = "PPL-02"
STATUSES = {
    "OUT_OF_SCOPE", "NO_CONTROL", "EXCEPTIONS", "EXCEPTIONS (incomplete)", "NOT_CONNECTED",
    "INSUFFICIENT", "NO_OCCURRENCE", "MANUAL_PENDING", "NO_EXCEPTIONS_NOTED", "ATTESTED_BY_OWNER",
}  # fmt: skip


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with Company(tmp_path_factory.mktemp("answers")) as company:
        _state(company, f"HL-99,Everybody is screened.,P001,yearly,soc2:CC1.4,{UNBUILT}.screened")
        company.collect_daily(FIRST_DAY, END)
        company.build(END)
        yield company


def _state(company: Company, row: str) -> None:
    """One more stated control, in a register of its own."""
    folder = company.folder / "more"
    folder.mkdir()
    (folder / "controls.csv").write_text(
        "control_id,statement,owner,frequency,criteria,tests,scope,valid_from,valid_to\n"
        f"{row},,2025-01-01T00:00:00Z,\n"
    )
    config = yaml.safe_load(company.config.read_text())
    options = {"schema": "controls"}
    more = {"id": "more_controls", "kind": "register", "location": "more", "options": options}
    config["sources"].append(more)
    company.config.write_text(yaml.safe_dump(config))


def test_coverage_lists_every_criterion_with_a_status_and_three_counts(
    company: Company, shared: Path
) -> None:
    with (shared / "controls" / "criteria.csv").open(encoding="utf-8") as handle:
        expected = [row for row in csv.DictReader(handle) if row["framework"] == "soc2"]
    answer = company.json("coverage", "--framework", "soc2", *PERIOD)
    assert {row["criterion_id"] for row in answer["criteria"]} == {
        row["criterion_id"] for row in expected
    }
    assert {row["status"] for row in answer["criteria"]} <= STATUSES
    assert set(answer["counts"]) == {"in_scope", "mapped", "tested_complete", "no_exceptions_noted"}
    assert answer["counts"]["in_scope"] == len(expected)


def test_what_is_not_built_never_shows_as_tested(company: Company) -> None:
    models = (ROOT / "dbt_project" / "models" / "control_tests").rglob("*.sql")
    built = {model.stem.upper().replace("_", "-") for model in models}
    assert UNBUILT not in built
    answer = company.json("coverage", "--framework", "soc2", *PERIOD)
    (row,) = [row for row in answer["criteria"] if row["criterion_id"] == "CC1.4"]
    assert row["mapped_tests"] == [f"{UNBUILT}.screened"]
    assert (row["status"], row["population"]) == ("INSUFFICIENT", 0)
    assert f"{UNBUILT}.screened: test_not_built" in row["reasons"]


def test_a_result_leads_back_to_the_bytes(company: Company) -> None:
    results = company.json("results", "--test", "CHG-02", "--outcome", "EXCEPTION")
    assert results
    key = results[0]["record_keys"][0]
    traced = company.json("trace", key)
    sha256 = key.split(":")[0]
    body = (company.folder / ".muniment" / "locker" / "objects" / sha256[:2] / sha256).read_bytes()
    assert hashlib.sha256(body).hexdigest() == sha256
    assert traced["object_sha256"] == sha256
    assert json.loads(traced["original"]) == json.loads(body)  # a pull request has its own answer


def test_every_result_row_has_the_fields_that_others_rely_on(company: Company) -> None:
    wanted = {
        "test_id", "leg_id", "unit_key", "attributes", "event_time", "effective_on", "outcome",
        "reason_code", "reason", "severity", "person_id", "vendor_id", "record_keys",
    }  # fmt: skip
    rows = company.json("results", "--test", "IAM-01")
    assert rows
    for row in rows:
        assert set(row) == wanted
        assert isinstance(row["attributes"], dict)


def test_the_ledger_accounts_for_every_day_of_every_source(company: Company) -> None:
    rows = company.json("ledger", *PERIOD)
    days = {(END - timedelta(days=n)).isoformat() for n in range(1, 6)}
    by_stream: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        by_stream.setdefault((row["source_id"], row["stream"]), set()).add(row["day"])
    assert {source for source, _ in by_stream} == {s.id for s in company.settings.sources}
    assert all(found == days for found in by_stream.values())


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("select count(*) as n from marts.fct_test_results", 0),
        ("explain select 1", 0),
        ("create temp table t as select 1", 2),
        ("set memory_limit = '10GB'", 2),
        ("select 1; select 2", 2),
        ("explain analyze insert into ops.run select * from ops.run", 2),
        ("select * from read_text('/etc/passwd')", 2),
        ("copy marts.dim_criterion to '/tmp/x.csv'", 2),
        ("attach '/tmp/x.duckdb'", 2),
        ("pragma enable_profiling", 2),
        ("select nonsense(", 2),
    ],
)
def test_sql_reads_and_does_nothing_else(company: Company, statement: str, code: int) -> None:
    done = company.cli("sql", statement, "--format", "json")
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_sql_that_eats_memory_or_time_is_stopped(company: Company) -> None:
    done = company.cli("sql", "select len(repeat('x', 4000000000))")
    assert done.returncode in (2, 3)
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def pack(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pack") / "pack.zip"
    done = company.cli("pack", "build", "--framework", "soc2", *PERIOD, "--out", str(out))
    assert done.returncode == 0, done.stderr
    return out


def test_a_pack_checks_without_the_home(pack: Path, tmp_path: Path, company: Company) -> None:
    done = company.cli("pack", "verify", str(pack))
    assert done.returncode == 0, done.stdout
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(tmp_path)
    bag = tmp_path / "pack"
    checked = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "signing.pub.pem", "-rawin",
         "-in", "manifest-sha256.txt", "-sigfile", "manifest-sha256.txt.sig"],
        cwd=bag, capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    sums = subprocess.run(["sha256sum", "--check", "--quiet", "manifest-sha256.txt"], cwd=bag)
    assert sums.returncode == 0


def test_a_changed_pack_is_found_out(pack: Path, tmp_path: Path, company: Company) -> None:
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(pack) as source, zipfile.ZipFile(changed, "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename.endswith("data/results.csv"):
                data = data.replace(b"EXCEPTION", b"PASS", 1)
            target.writestr(entry, data)
    done = company.cli("pack", "verify", str(changed))
    assert done.returncode == 1
    assert "data/results.csv" in done.stdout


def test_no_person_is_named_in_a_pack(pack: Path, company: Company) -> None:
    people = company.query("select person_id, work_email, name from intermediate.int_people")
    with zipfile.ZipFile(pack) as archive:
        for name in archive.namelist():
            if name.endswith((".csv", ".html", ".json", ".txt")):
                text = archive.read(name).decode("utf-8")
                for person in people:
                    for identifier in person:
                        assert identifier not in text, f"{identifier} stands in {name}"


def test_pack_tables_hold_what_the_release_holds(pack: Path, company: Company) -> None:
    expected = company.query(
        "select count(*) from marts.fct_test_results r where counts_to >= ? and "
        "counts_from < ? and exists (from seeds.leg_criterion l where l.framework = 'soc2' "
        "and l.test_id = r.test_id)",
        [FIRST_DAY, END],
    )[0][0]
    with zipfile.ZipFile(pack) as archive:
        text = archive.read("pack/data/results.csv").decode("utf-8")
    assert len(list(csv.DictReader(io.StringIO(text)))) == expected > 0


def test_verify_finds_nothing_on_a_sound_home(company: Company) -> None:
    done = company.cli("verify")
    assert done.returncode == 0, done.stdout
