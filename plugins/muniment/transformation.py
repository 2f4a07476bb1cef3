"""dbt, in this process: one invocation a build, silent, offline, on the database's own settings.

dbt is imported inside the functions: it costs a second and a half that readers do not owe.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from muniment import machine, parsed, project_cache, scratch
from muniment.collection import canonical
from muniment.database import SETTINGS, connect
from muniment.errors import EvidenceError, MachineError, MunimentError

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
CONTROL_TESTS = "models/control_tests"
#: what makes a blank warehouse; staging is empty there, and views need what they read
_MAKES_BLANK = ("resource_type:seed", "path:models/staging", "path:models/intermediate")

#: DuckDB's words for an error of its own, after which the open file answers nothing any more
_ENGINE_ERRORS = ("INTERNAL Error", "FATAL Error")
#: DuckDB's words for what this machine cannot give: disk, memory, permission
_MACHINE_ERRORS = ("IO Error", "Out of Memory Error", "Could not write", "No space left")


class EngineError(MachineError):
    """The database engine failed by itself, whatever it was asked: what it wrote is not trusted."""


@dataclass(frozen=True)
class Node:
    """What dbt says of one model, seed or data test."""

    name: str
    kind: str
    is_control_test: bool
    status: str
    message: str

    @property
    def has_failed(self) -> bool:
        """Ended in error, or found rows that must not be."""
        return self.status in ("error", "fail", "runtime error")


def control_tests() -> list[str]:
    """Names of the control test models, found in their folder."""
    return sorted(file.stem for file in (PROJECT / CONTROL_TESTS).rglob("*.sql"))


@cache
def fingerprint() -> str:
    """SHA-256 (hex) over the dbt project: results of two versions of a model never mix."""
    digest = hashlib.sha256()
    for file in sorted(PROJECT.rglob("*")):
        is_written = file.relative_to(PROJECT).parts[0] in ("target", "logs")
        if file.suffix in (".sql", ".yml", ".csv") and not is_written:
            digest.update(str(file.relative_to(PROJECT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def run(
    warehouse: Path, new_kinds: set[str], known_kinds: list[str], *, is_blank: bool
) -> dict[str, str]:
    """Builds the models on the file. Returns control tests that failed to run, with the error.

    new_kinds: kinds of which records have come that no build has staged; the staging models of the
    others have nothing to do. known_kinds: those of which something was ever received; models that
    unite kinds leave the others out, which are empty. is_blank: the file is a blank warehouse that
    no build has begun on.
    A test that failed keeps no rows, and the marts are built without it. Raises MachineError naming
    any other model that fails, EvidenceError where a data test does.
    """
    read = {*new_kinds, "request"} if new_kinds else set()
    with scratch.folder(warehouse.parent / "tmp") as profiles:
        _write_profile(profiles, warehouse)
        manifest = _manifest(profiles, warehouse)
        staging = parsed.staging_models(manifest)
        if is_blank:
            _make_anew(warehouse, [table for table, views in staging.values() if views & read])
        idle = [name for name, (_, views) in staging.items() if not views & read]
        # what no evidence changes: the blank warehouse holds it
        made_once = ("resource_type:seed", *parsed.settled_views(manifest))
        selection = ("--exclude", *made_once, *idle)
        failed = _failed_tests(_build(profiles, warehouse, manifest, selection, known_kinds))
        if failed:
            _forget(warehouse, failed)
            manifest = _manifest(profiles, warehouse)
            selection = ("--select", "marts")
            _failed_tests(_build(profiles, warehouse, manifest, selection, known_kinds))
    return {_test_id(name): message for name, message in failed.items()}


def make_blank(warehouse: Path) -> None:
    """Seeds, empty staging tables and views, in a file that holds no evidence. Raises as `run`."""
    with scratch.folder(warehouse.parent / "tmp") as profiles:
        _write_profile(profiles, warehouse)
        manifest = _manifest(profiles, warehouse)
        _failed_tests(_build(profiles, warehouse, manifest, ("--select", *_MAKES_BLANK), []))


def _make_anew(warehouse: Path, tables: list[str]) -> None:
    """A table that is not there is written at once; one that is there, by way of another."""
    with connect(warehouse) as connection:
        for table in tables:
            connection.execute(f"drop table if exists {table}")


def _failed_tests(nodes: list[Node]) -> dict[str, str]:
    """Control tests that ended in error by themselves; raises where anything else did."""
    failed = [node for node in nodes if node.has_failed]
    for node in failed:
        if _says(_MACHINE_ERRORS, node.message):
            raise _failure(node)
        if _says(_ENGINE_ERRORS, node.message):
            raise EngineError(f"The database failed by itself in '{node.name}': {node.message}")
    for node in failed:
        if not node.is_control_test:
            raise _failure(node)
    return {node.name: node.message for node in failed}


def _failure(node: Node) -> MunimentError:
    kept = "Nothing was recorded as built; the next build does it all again."
    if node.kind == "test":
        return EvidenceError(f"Check '{node.name}' failed: {node.message}. {kept}")
    return MachineError(f"Model '{node.name}' failed: {node.message}. {kept}")


def _forget(warehouse: Path, failed: dict[str, str]) -> None:
    """The rows of an earlier build do not stand for a test that failed in this one."""
    with connect(warehouse) as connection:
        for name, message in failed.items():
            connection.execute(f"drop table if exists control_tests.{name}")
            connection.execute(
                "insert into ops.failed_tests values (?, ?)", [_test_id(name), message]
            )


def _test_id(name: str) -> str:
    return name.upper().replace("_", "-")


def _write_profile(folder: Path, warehouse: Path) -> None:
    output = {
        "type": "duckdb", "path": str(warehouse), "schema": "main", "threads": 1,
        "settings": SETTINGS,
    }  # fmt: skip
    profile = {"muniment": {"target": "warehouse", "outputs": {"warehouse": output}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")


def _arguments(profiles: Path, warehouse: Path, known_kinds: list[str]) -> tuple[str, ...]:
    """What dbt is told by every command; known_kinds: [] for all."""
    os.environ["DO_NOT_TRACK"] = "1"
    known = {"only_kinds": known_kinds} if known_kinds else {}
    return (
        "--project-dir", str(PROJECT),
        "--profiles-dir", str(profiles),
        "--target-path", str(warehouse.parent / "target"),
        "--log-path", str(warehouse.parent / "logs"),
        "--log-level", "none", "--log-level-file", "none",
        "--no-write-json", "--no-partial-parse",
        "--vars", json.dumps({"control_tests": control_tests(), **known}),
    )  # fmt: skip


def _manifest(profiles: Path, warehouse: Path) -> Any:
    """The project for one invocation: dbt writes into it."""
    arguments = ("parse", *_arguments(profiles, warehouse, []))
    try:
        return parsed.manifest(key(warehouse), cache_folder(), lambda: _answer(arguments, None))
    finally:
        close_database()


def _build(
    profiles: Path, warehouse: Path, manifest: Any, selection: tuple[str, ...],
    known_kinds: list[str],
) -> list[Node]:  # fmt: skip
    unit_tests = ("--exclude-resource-type", "unit_test")
    common = _arguments(profiles, warehouse, known_kinds)
    arguments = ("build", *selection, *unit_tests, "--no-print", *common)
    try:
        results = _answer(arguments, manifest).results
    finally:
        close_database()
    return [_node(result) for result in results]


def _answer(arguments: tuple[str, ...], manifest: Any) -> Any:
    """What dbt gives back for a command; MachineError where it ends before its first model."""
    from dbt.cli.main import dbtRunner

    answer = dbtRunner(manifest=manifest).invoke(list(arguments))
    if answer.exception is not None:
        text = " ".join(str(_first_cause(answer.exception)).split())
        if _says(_ENGINE_ERRORS, text) and not _says(_MACHINE_ERRORS, text):
            raise EngineError(f"The database failed by itself: {text}")
        raise MachineError(f"dbt could not end the build: {text}. Nothing was recorded as built.")
    return answer.result


def _says(words: tuple[str, ...], message: str) -> bool:
    return any(word in message for word in words)


def _first_cause(error: BaseException) -> BaseException:
    """dbt rolls back after an error, and may fail at that too: the first one says what happened."""
    while (earlier := error.__cause__ or error.__context__) is not None:
        error = earlier
    return error


def forget_kept() -> None:
    """The next build reads the project's own files. Raises MachineError where it cannot."""
    with machine.failures_told("Nothing was built"):
        project_cache.forget(cache_folder())


def cache_folder() -> Path:
    """Where what is made of the project alone is kept."""
    return PROJECT / "target"


def key(warehouse: Path) -> str:
    """All that parsing depends on: the project's files and place, dbt, the database's name."""
    packages = ("dbt-core", "dbt-adapters", "dbt-duckdb", "duckdb")
    versions = [version(package) for package in packages]
    depends = [fingerprint(), str(PROJECT), warehouse.stem, *versions]
    return hashlib.sha256(canonical(depends)).hexdigest()


def close_database() -> None:
    """dbt keeps the file open, and so locked, for as long as the process lives."""
    from dbt.adapters.duckdb import connections

    manager: Any = connections.DuckDBConnectionManager
    if manager._ENV is not None:
        manager._ENV.close()
    manager.close_all_connections()


def _node(result: Any) -> Node:
    return Node(
        name=result.node.name,
        kind=str(result.node.resource_type),
        is_control_test=str(result.node.original_file_path).startswith(CONTROL_TESTS),
        status=str(result.status),
        message=" ".join(str(result.message or "").split()),
    )
