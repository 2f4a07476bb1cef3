"""Releases: sealed, immutable, chained to what they were made of, and never set back unnoticed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from evidence_home import events
from warehouse_file import DAY, NOW, WarehouseFile

from muniment import pointer, releases
from muniment.database import connect
from muniment.errors import EvidenceError, MachineError, UsageError
from muniment.warehouse import warehouse_lock


@pytest.fixture
def home(tmp_path: Path) -> Iterator[WarehouseFile]:
    made = WarehouseFile.make(tmp_path / "home")
    made.build()
    yield made


def folder(home: WarehouseFile, number: int) -> Path:
    return home.settings.home.local_path(releases.folder(number))


def test_a_release_is_read_only_and_names_what_it_was_made_of(home: WarehouseFile) -> None:
    release = home.publish()
    files = [path for path in folder(home, 1).rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o222 for path in files} == {0}
    manifest = release.manifest
    assert manifest["as_of"] == "2026-01-06"
    assert manifest["code_revision"] == "0.1.0+gabc"
    last = home.receipts[-1]
    assert manifest["inputs"]["receipts"] == [
        {"source_id": "okta", "count": 1, "sequence": 1, "hash": last.hash}
    ]
    rows = {entry["table"]: entry["rows"] for entry in manifest["tables"]}
    assert rows["control_tests.all_tests"] == 2
    assert rows["ops.verdicts"] == 2
    assert {path.name for path in files} == {
        "muniment.duckdb", "manifest.json", "results.parquet", "verdicts.parquet",
        "withdrawn.parquet",
    }  # fmt: skip


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes to read-only files")
def test_a_writer_cannot_open_a_release(home: WarehouseFile) -> None:
    home.publish()
    with pytest.raises(duckdb.IOException):
        duckdb.connect(str(folder(home, 1) / "muniment.duckdb"))


def test_receipts_that_came_after_the_build_are_no_inputs(home: WarehouseFile) -> None:
    home.evidence.receive("okta", [events("later", 1)])
    assert home.publish().manifest["inputs"]["receipts"][0]["sequence"] == 1


def test_two_builds_of_the_same_inputs_have_the_same_content(home: WarehouseFile) -> None:
    first = home.publish().manifest["tables"]
    home.build(run_id="run-2")
    second = home.publish().manifest["tables"]
    assert first == second
    assert len(first) > 10


def test_another_result_is_another_content(home: WarehouseFile) -> None:
    def digest() -> str:
        tables = {e["table"]: e["content_sha256"] for e in home.publish().manifest["tables"]}
        return str(tables["control_tests.all_tests"])

    first = digest()
    home.build(run_id="run-2")
    with connect(home.path) as connection:
        connection.execute("update control_tests.all_tests set severity = 'low'")
    assert digest() != first


def test_nothing_in_a_release_reaches_outside_it(home: WarehouseFile) -> None:
    home.publish()
    assert home.query("select count(*) from duckdb_views() where schema_name = 'bronze'") == [(0,)]
    home.build(run_id="run-2")
    with connect(home.path) as connection:
        connection.execute(
            f"create view marts.leak as from read_text('{home.root / 'muniment.yml'}')"
        )
    with pytest.raises(EvidenceError, match=r"marts.*leak"):
        home.publish()
    assert releases.current_number(home.settings) == 1


@pytest.mark.parametrize(
    "damage",
    ["update ops.receipts set is_new = true", "delete from ops.built_verdicts",
     "drop table ops.run"],
)  # fmt: skip
def test_half_a_build_is_never_published(home: WarehouseFile, damage: str) -> None:
    with connect(home.path) as connection:
        connection.execute(damage)
    with pytest.raises(UsageError, match="muniment build"):
        home.publish()
    assert releases.sealed_numbers(home.settings.home) == []


def test_a_number_is_never_used_twice(home: WarehouseFile) -> None:
    home.publish_and_sign()
    home.build(run_id="run-2")
    home.publish_and_sign()
    shutil.rmtree(folder(home, 2))
    home.build(run_id="run-3")
    assert home.publish().number == 3


KILLED = """
import os, signal, sys
from datetime import datetime
from muniment import publishing, storage
from muniment.settings import load
steps = 0
def counted(name):
    plain = getattr(storage.Store, name)
    def step(self, *arguments):
        global steps
        if steps == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        steps += 1
        return plain(self, *arguments)
    setattr(storage.Store, name, step)
for name in ("create", "replace", "put_file"):
    counted(name)
publishing.publish(load(sys.argv[1]), datetime.fromisoformat(sys.argv[3]))
"""


def test_a_publish_killed_before_any_write_and_repeated_ends_like_an_undisturbed_one(
    home: WarehouseFile, tmp_path: Path
) -> None:
    calm = WarehouseFile.make(tmp_path / "calm")
    shutil.rmtree(calm.root)
    shutil.copytree(home.root, calm.root)
    expected = calm.publish().manifest["tables"]
    kills = 0
    while True:
        copy = tmp_path / f"killed-{kills}"
        shutil.copytree(home.root, copy)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(copy / "muniment.yml"), str(kills), NOW.isoformat()],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        again = WarehouseFile(home.evidence.__class__(copy, home.settings), home.receipts)
        release = again.publish()
        assert release.number == 1
        assert release.is_current
        assert release.manifest["tables"] == expected
        assert again.query("select count(*) from ops.frozen_results") == [(2,)]
        kills += 1
    assert kills >= 6  # frozen results, results, database, manifest, pointer


def test_a_pointer_set_back_is_told_by_every_reader(home: WarehouseFile) -> None:
    home.publish_and_sign()
    older = home.settings.home.read(pointer.PATH)
    home.build(run_id="run-2")
    home.publish_and_sign()
    home.settings.home.replace(pointer.PATH, older)
    with pytest.raises(EvidenceError, match="set back"):
        releases.connect(home.settings)
    with releases.connect(home.settings, 2) as connection:
        assert connection.execute("select run_id from ops.run").fetchone() == ("run-2",)


def test_a_pointer_that_is_gone_is_told_until_the_next_publish(home: WarehouseFile) -> None:
    home.publish_and_sign()
    home.settings.home.delete(pointer.PATH)
    with pytest.raises(EvidenceError, match="is gone, but a checkpoint signed release 1"):
        releases.connect(home.settings)
    home.build(run_id="run-2")
    assert home.publish().number == 2
    assert home.query("select run_id from ops.run") == [("run-2",)]


def test_a_database_is_hashed_where_it_was_touched_whatever_its_times_say(
    home: WarehouseFile,
) -> None:
    home.publish()
    file = folder(home, 1) / "muniment.duckdb"
    before = file.stat()
    file.chmod(0o644)
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(EvidenceError, match="not the one that its manifest names"):
        releases.connect(home.settings)
    file.write_bytes(data)  # brought back from a backup
    assert home.query("select run_id from ops.run") == [("run-1",)]


@pytest.mark.parametrize(
    "text", ['{"number": 2}', "", '{"body": "{}", "signature": "", "key_id": ""}']
)
def test_a_pointer_that_nobody_signed_is_refused(home: WarehouseFile, text: str) -> None:
    home.publish()
    home.settings.home.replace(pointer.PATH, text.encode())
    with pytest.raises(EvidenceError, match=r"current\.json"):
        releases.current_number(home.settings)


def test_a_changed_manifest_is_found_by_a_reader(home: WarehouseFile) -> None:
    home.publish()
    path = folder(home, 1) / "manifest.json"
    manifest = {**json.loads(path.read_text()), "as_of": "2026-02-01"}
    path.unlink()
    path.write_text(json.dumps(manifest))
    with pytest.raises(EvidenceError, match="manifest"):
        releases.connect(home.settings)


def test_pruning_keeps_the_newest_the_pinned_and_every_manifest(tmp_path: Path) -> None:
    home = WarehouseFile.make(tmp_path / "home", releases_kept=2)
    for number in range(1, 6):
        home.build(run_id=f"run-{number}")
        home.publish()
        if number == 2:
            releases.set_pin(home.settings, 2, is_pinned=True)
    listed = {item.number: item.has_database for item in releases.listing(home.settings)}
    assert listed == {5: True, 4: True, 3: False, 2: True, 1: False}
    assert home.query("select run_id from ops.run", 2) == [("run-2",)]
    with pytest.raises(UsageError, match="pruned"):
        releases.connect(home.settings, 1)
    assert (folder(home, 1) / "results" / "results.parquet").exists()


def test_a_reader_waits_for_nobody(home: WarehouseFile) -> None:
    home.publish()
    reader = releases.connect(home.settings)
    home.build(run_id="run-2")
    with connect(home.path) as writer, warehouse_lock(home.settings.home):
        writer.execute("create table ops.busy as select 1")
        assert home.query("select run_id from ops.run") == [("run-1",)]
    home.publish()
    assert reader.execute("select run_id from ops.run").fetchone() == ("run-1",)
    assert home.query("select run_id from ops.run") == [("run-2",)]


def test_a_second_publisher_is_told_to_wait(home: WarehouseFile) -> None:
    with warehouse_lock(home.settings.home), pytest.raises(MachineError, match="locked"):
        home.publish()


def test_what_no_manifest_seals_is_no_release(home: WarehouseFile) -> None:
    home.publish()
    stray = home.settings.home.local_path(releases.folder(2))
    stray.mkdir()
    shutil.copy(folder(home, 1) / "muniment.duckdb", stray)
    with pytest.raises(UsageError, match="No release 2"):
        releases.connect(home.settings, 2)


def test_results_beside_the_release_bear_the_day_they_were_first_found(
    home: WarehouseFile,
) -> None:
    home.publish()
    home.build(as_of=DAY + timedelta(days=9), run_id="run-2")
    home.publish()
    with connect() as connection:
        found = connection.execute(
            f"select distinct first_found_on from '{folder(home, 2)}/results/results.parquet'"
        ).fetchall()
    assert found == [(date(2026, 1, 6),)]
