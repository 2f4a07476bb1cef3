"""Measures over the made records: read, index, commit, stage. Each is called in its own process.

A measure takes the made folder and returns the records it went through and its seconds.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import records

from muniment import bronze, build_inputs, committing, transformation, warehouse
from muniment.database import SETTINGS, connect

Measured = dict[str, Any]
#: staging and the unified model; the marts' ancestors of the latter are built before, untimed
STAGED = ("stg_okta__event", "int_access_events")
AS_OF = date(2026, 1, 1)


@contextmanager
def _timed(into: Measured, name: str = "seconds") -> Iterator[None]:
    started = time.perf_counter()
    yield
    into[name] = time.perf_counter() - started


def bare(folder: Path) -> Measured:
    """The read alone, into memory, without checksum, numbering or envelope."""
    found: Measured = {}
    with connect() as connection:
        connection.execute("set memory_limit = '8GB'")
        with _timed(found):
            connection.execute(
                "create table records as select json from read_ndjson_objects("
                f"'{folder}/home/locker/objects/*/*', compression = 'gzip', "
                "maximum_object_size = 67108864)"
            )
        found["records"] = _one(connection.execute("select count(*) from records").fetchall())
    return found


def python(folder: Path) -> Measured:
    """Plain Python: parse each line, keep nothing."""
    found: Measured = {}
    with _timed(found):
        found["records"] = sum(map(_parse, records.objects(folder)))
    return found


def _parse(path: Path) -> int:
    with gzip.open(path) as lines:
        return sum(1 for line in lines if json.loads(line))


def index(folder: Path) -> Measured:
    """Objects to the Bronze file, with checksum, numbering, envelope and account."""
    found: Measured = {}
    settings = records.settings(folder)
    with _timed(found):
        counts = bronze.index(settings, records.SOURCE, records.RECEIPT)
    found["records"] = counts.records["event"]
    return found


def commit(folder: Path) -> Measured:
    """Bronze to salted leaves, Merkle root and receipt."""
    found: Measured = {}
    settings = records.settings(folder)
    with _timed(found):
        receipt = committing.commit(settings, records.SOURCE, records.RECEIPT)
    found["records"] = receipt.leaf_count
    return found


def stage(folder: Path) -> Measured:
    """Bronze to unified events, through the real dbt models of a first build.

    `seconds`: execution of the models as dbt reports it, and, since the unified model is a view,
    reading all its rows once. `whole_seconds`: the same with dbt's start and parse.
    """
    found: Measured = {}
    settings = records.settings(folder)
    path = settings.home.local_path(warehouse.WAREHOUSE_PATH)
    path.parent.mkdir(parents=True)
    with connect(path) as connection:
        build_inputs.write(connection, settings, AS_OF, "bench", is_full_refresh=False)
    with _timed(found, "whole_seconds"):
        seconds = _dbt(path)
    with connect(path) as connection, _timed(found, "read_seconds"):
        connection.execute(
            "create temp table events as select * from intermediate.int_access_events"
        )
        found["records"] = _one(connection.execute("select count(*) from events").fetchall())
    found["seconds"] = seconds + found["read_seconds"]
    found["whole_seconds"] += found["read_seconds"]
    return found


def _dbt(path: Path) -> float:
    """Builds the unified model and all before it; returns the seconds of the models measured."""
    from dbt.cli.main import dbtRunner

    output = {
        "type": "duckdb", "path": str(path), "schema": "main", "threads": 1, "settings": SETTINGS,
    }  # fmt: skip
    profile = {"muniment": {"target": "bench", "outputs": {"bench": output}}}
    (path.parent / "profiles.yml").write_text(json.dumps(profile))
    answer = dbtRunner().invoke([
        "run", "--select", f"+{STAGED[-1]}", "--project-dir", str(transformation.PROJECT),
        "--profiles-dir", str(path.parent), "--target-path", str(path.parent / "target"),
        "--log-path", str(path.parent), "--log-level", "none", "--log-level-file", "none",
        "--no-print", "--vars", json.dumps({"control_tests": transformation.control_tests()}),
    ])  # fmt: skip
    if answer.exception is not None:
        raise answer.exception
    # what dbt runs at the end of a whole build needs the marts, which are not built here
    found = json.loads((path.parent / "target" / "run_results.json").read_text())["results"]
    seconds = {
        item["unique_id"].rpartition(".")[2]: item["execution_time"]
        for item in found
        if item["status"] == "success"
    }
    return sum(float(seconds[name]) for name in STAGED)


def _one(rows: list[tuple[Any, ...]]) -> int:
    return int(rows[0][0])


MEASURES: dict[str, Callable[[Path], Measured]] = {
    "bare": bare, "python": python, "index": index, "commit": commit, "stage": stage,
}  # fmt: skip
