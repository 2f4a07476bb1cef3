"""The warehouse's one writer: locks, versions, damage, failing models, accounting."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import command
from muniment import pipeline, project_cache, queries, transformation
from muniment.database import connect
from muniment.errors import EvidenceError, MachineError, UsageError
from muniment.publishing import publish
from muniment.warehouse import build, warehouse_lock
from outbound import watched
from warehouse_home import DAY, OKTA, START, WarehouseHome, at, register_source


def new_home(folder: Path) -> WarehouseHome:
    """A home with one log and one register, one day long."""
    home = WarehouseHome(folder, [OKTA, register_source("controls")])
    home.judge_okta(START, hours={"03": 5})
    home.judge_registers(START)
    home.receive("okta", "event", [], at(START + DAY), START, START + DAY)
    home.register(
        "controls",
        [{"control_id": "C-1", "owner": "P-1", "criteria": "soc2:CC2.1", "tests": "LOG-01"}],
        at(START + DAY),
    )
    return home


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> tuple[WarehouseHome, list[str]]:
    """Built once, and what the build tried to reach beyond this machine."""
    home = new_home(tmp_path_factory.mktemp("home"))
    with watched() as tried:
        home.build(START)
    return home, tried


@pytest.fixture(scope="module")
def built(first_build: tuple[WarehouseHome, list[str]]) -> WarehouseHome:
    """Tests change copies."""
    return first_build[0]


@pytest.fixture
def home(built: WarehouseHome, tmp_path: Path) -> WarehouseHome:
    shutil.copytree(built.folder, tmp_path, dirs_exist_ok=True)
    return WarehouseHome(tmp_path, built.sources, dict(built.ledger), built.sequences.copy())


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the dbt project that a test may break."""
    original = transformation.PROJECT
    copy = tmp_path_factory.mktemp("project") / "dbt_project"
    shutil.copytree(original, copy)
    transformation.PROJECT = copy
    transformation.fingerprint.cache_clear()
    yield copy
    transformation.PROJECT = original
    transformation.fingerprint.cache_clear()


COLLECTOR = (
    "select outcome from marts.fct_test_results where unit_key = 'okta|2026-01-01' "
    "and leg_id = 'collector'"
)
STATUS = (
    "select status, reasons from coverage('soc2', date '2026-01-01', date '2026-01-02') "
    "where criterion_id = 'CC2.1'"
)


def test_a_build_judges_and_states_coverage(built: WarehouseHome) -> None:
    assert built.query(COLLECTOR) == [("PASS",)]
    ((status, _),) = built.query(STATUS)
    assert status in ("MANUAL_PENDING", "NO_EXCEPTIONS_NOTED")
    assert built.query(
        "select * from coverage_counts('soc2', date '2026-01-01', date '2026-01-02')"
    ) == [(61, 1, 1, 0 if status == "MANUAL_PENDING" else 1)]
    assert built.query("select count(*) from ops.receipts where is_new") == [(0,)]


def test_neither_a_build_nor_a_publish_reaches_out(
    first_build: tuple[WarehouseHome, list[str]], home: WarehouseHome
) -> None:
    _, building = first_build
    with watched() as publishing:
        publish(home.settings, at(START + DAY))
    assert building == publishing == []


def test_a_day_that_has_not_ended_is_refused(built: WarehouseHome) -> None:
    with pytest.raises(UsageError, match="2026-01-02 has not ended"):
        build(built.settings, START + DAY, at(START + DAY), "run")


def test_two_writers_at_once(home: WarehouseHome) -> None:
    with (
        warehouse_lock(home.settings.home),
        pytest.raises(MachineError, match="Another run is writing the warehouse"),
    ):
        home.build(START)
    assert home.build(START).rebuilt_because is None


def test_damage_is_mended_from_bronze(home: WarehouseHome) -> None:
    home.path.write_bytes(b"\0" * 4096)
    report = home.build(START)
    assert "cannot be read" in str(report.rebuilt_because)
    assert home.query(COLLECTOR) == [("PASS",)]
    assert any("rebuilt the warehouse from Bronze" in line for line in report.lines())


def test_changed_models_rebuild(home: WarehouseHome, project: Path) -> None:
    (project / "macros" / "added.sql").write_text("{% macro added() %}{% endmacro %}")
    report = home.build(START)
    assert "have changed" in str(report.rebuilt_because)


def test_a_changed_configuration_rebuilds(home: WarehouseHome) -> None:
    home.sources = [{**OKTA, "required": False}, *home.sources[1:]]
    home.configure()
    assert "have changed" in str(home.build(START).rebuilt_because)
    assert home.query(COLLECTOR) == []


def test_gates_still_ask_a_source_that_is_no_longer_configured(home: WarehouseHome) -> None:
    home.sources = home.sources[1:]
    home.configure()
    home.build(START)
    assert ("okta", "okta_system_log", True) in home.query(
        "select source_id, kind, is_required from ops.sources"
    )
    asked = home.query(
        "select distinct stream from intermediate.int_gates where source_id = 'okta'"
    )
    assert len(asked) == 4  # sign-ins, grants, revocations and disabled accounts
    assert home.query(COLLECTOR) == [("PASS",)]


def test_what_a_simulated_company_gave_marks_a_real_home(home: WarehouseHome) -> None:
    file = home.folder / "muniment.yml"
    file.write_text(file.read_text("utf-8").replace("sandbox: true", "sandbox: false"), "utf-8")
    home.build(START)
    assert home.query("select is_sandbox from ops.run") == [(True,)]


def test_bronze_that_is_not_what_its_receipt_fixed_is_not_built_upon(home: WarehouseHome) -> None:
    file = next((home.folder / ".muniment" / "bronze" / "controls").iterdir())
    with connect() as connection:
        connection.execute(f"create table bronze as from '{file}'")
        connection.execute("update bronze set record = replace(record, 'CC2.1', 'CC6.1')")
        connection.execute(f"copy bronze to '{file}' (format parquet)")
    with pytest.raises(EvidenceError, match=f"bronze/controls/{file.name} is not the file"):
        home.build(START, full_refresh=True)


def test_a_step_that_builds_does_not_trust_a_ledger_that_lies_about(home: WarehouseHome) -> None:
    # by hand, the ledger says COMPLETE; the receipts state no proof at all
    pipeline.build(pipeline.start_run(str(home.folder / "muniment.yml"), now="2026-01-02T02:00Z"))
    assert home.query(
        "select distinct verdict from ops.verdicts where source_id = 'okta' and day = '2026-01-01'"
    ) == [("GAP",)]


def test_a_failing_control_test_stops_nothing_else(home: WarehouseHome, project: Path) -> None:
    model = next(project.rglob("log_01.sql"))
    text = model.read_text()
    home.build(START)
    model.write_text(text + "\nwhere error('out of luck') is null")
    transformation.fingerprint.cache_clear()
    done = command(
        home.folder / "muniment.yml", "build", "--as-of", str(START), "--now", "2026-01-02T02:00Z"
    )
    assert done.exit_code == 1, done.stderr
    told = done.stderr.splitlines()[-1]
    assert told.startswith("LOG-01: the control test failed to run, so that its units are NOT_T")
    assert "out of luck" in told
    publish(home.settings, at(START + DAY))
    failed = queries.failed_tests(home.settings, None)
    assert list(failed) == ["LOG-01"]
    assert "out of luck" in failed["LOG-01"]
    assert home.query(COLLECTOR) == []
    assert home.query(STATUS) == [
        (
            "INSUFFICIENT",
            ["LOG-01.collector: test_failed_to_run"],
        )
    ]
    model.write_text(text)
    transformation.fingerprint.cache_clear()
    assert home.build(START).failed_tests == {}
    assert home.query(COLLECTOR) == [("PASS",)]


def test_an_error_of_the_engine_itself_is_answered_by_building_from_bronze_once(
    home: WarehouseHome, project: Path
) -> None:
    model = next(project.rglob("int_gates.sql"))
    failing = "{} where {} or error('INTERNAL Error: index 0 within vector of size 0') is null"
    text = f"select * from ({model.read_text()})"
    model.write_text(
        failing.format(text, "(select is_full_refresh from {{ source('ops', 'run') }})")
    )
    transformation.fingerprint.cache_clear()
    home.build(START)
    report = home.build(START)  # upon what is there, where it fails
    assert "failed by itself in 'int_gates'" in str(report.rebuilt_because)
    assert home.query(COLLECTOR) == [("PASS",)]
    model.write_text(failing.format(text, "false"))
    transformation.fingerprint.cache_clear()
    with pytest.raises(MachineError, match=r"failed by itself in 'int_gates'.* failed again"):
        home.build(START)


def test_a_kept_parse_that_was_changed_is_forgotten_with_the_file(
    home: WarehouseHome, project: Path
) -> None:
    home.build(START)
    kept = project / "target" / project_cache.PARSED
    kept.write_bytes(kept.read_bytes().replace(b"'PASS'", b"'PAST'"))
    transformation.forget_kept()
    home.build(START, full_refresh=True)
    assert home.query(COLLECTOR) == [("PASS",)]


def test_a_blank_warehouse_that_was_changed_is_forgotten_with_the_file(
    home: WarehouseHome, project: Path, tmp_path: Path
) -> None:
    home.build(START)
    severity = "select distinct severity from control_tests.log_01 where leg_id = 'collector'"
    before = home.query(severity)
    kept, copy = project / "target" / project_cache.BLANK, tmp_path / "muniment.duckdb"
    key, content = kept.read_bytes()[: project_cache.KEY_LENGTH], kept.read_bytes()
    copy.write_bytes(content[project_cache.KEY_LENGTH :])
    with connect(copy) as connection:
        connection.execute("update seeds.control_test_leg set severity = 'none'")
    kept.write_bytes(key + copy.read_bytes())
    transformation.forget_kept()
    home.build(START, full_refresh=True)
    assert home.query(severity) == before != [("none",)]


def test_any_other_failing_model_is_named_and_nothing_counts_as_built(
    home: WarehouseHome, project: Path
) -> None:
    model = next(project.rglob("int_gates.sql"))
    text = model.read_text()
    model.write_text("select no_such_column from {{ source('ops', 'run') }}")
    transformation.fingerprint.cache_clear()
    with pytest.raises(MachineError, match=r"Model 'int_gates' failed: .*no_such_column"):
        home.build(START)
    model.write_text(text)
    transformation.fingerprint.cache_clear()
    assert home.build(START).new_receipts == 2


def test_a_record_that_staging_loses_stops_the_build(home: WarehouseHome, project: Path) -> None:
    model = next(project.rglob("stg_register__control.sql"))
    model.write_text(model.read_text() + "\nwhere control_id <> 'C-1'")
    transformation.fingerprint.cache_clear()
    with pytest.raises(EvidenceError, match="every_record_is_accounted_for"):
        home.build(START)
