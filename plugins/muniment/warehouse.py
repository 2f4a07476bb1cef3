"""The warehouse: one local DuckDB file, built by dbt from Bronze and the ledger, by one writer.

A build is safe to repeat and safe to kill: receipts and verdicts are recorded as built last, in one
transaction, so that the next build takes up whatever an earlier one left. The file is made of
Bronze, ledger and models alone: another schema, other models, damage or `full_refresh` rebuild it
from nothing.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb

from muniment import blank, build_inputs, machine, transformation, verdicts
from muniment.database import connect
from muniment.errors import MachineError, UsageError
from muniment.settings import Settings
from muniment.storage import Store

WAREHOUSE_PATH = "warehouse/muniment.duckdb"
LOCK_PATH = "warehouse/muniment.lock"
#: raised when the tables that this library keeps beside dbt's change
SCHEMA_VERSION = 3


@dataclass(frozen=True)
class BuildReport:
    """What one build did. failed_tests: control test -> the database's error.

    unplaced_runs: scan runs that neither their content nor their folder assigns to an asset.
    """

    as_of: date
    new_receipts: int
    rebuilt_because: str | None
    failed_tests: dict[str, str] = field(default_factory=dict)
    unplaced_runs: int = 0

    def lines(self) -> list[str]:
        """The report for a person."""
        told = []
        if self.rebuilt_because:
            told.append(f"rebuilt the warehouse from Bronze: {self.rebuilt_because}")
        told.append(f"built the warehouse as of {self.as_of}, {self.new_receipts} new receipts")
        told.extend(
            f"{test} failed to run, its units are NOT_TESTED: {message}"
            for test, message in self.failed_tests.items()
        )
        if self.unplaced_runs:
            told.append(
                f"{self.unplaced_runs} scan runs belong to no asset of the register, neither by "
                "what they name nor by their folder: no asset counts as scanned by them"
            )
        return told


@contextmanager
def warehouse_lock(home: Store) -> Iterator[None]:
    """Owns the warehouse until the block ends. Raises MachineError where another run owns it."""
    path = home.local_path(LOCK_PATH)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MachineError(
                f"Another run is writing the warehouse ({path} is locked). Nothing was changed; "
                "wait until it has ended and run the same command again."
            ) from error
        yield


def build(
    settings: Settings, as_of: date, now: datetime, run_id: str, *, full_refresh: bool = False
) -> BuildReport:
    """Builds staging, unified models, control tests and coverage up to `as_of` (UTC day).

    Raises UsageError for a day that has not ended, MachineError where the warehouse is locked, a
    model fails or this machine does, EvidenceError where records are unaccounted for. A control
    test that fails does not stop the others: its legs become NOT_TESTED(test_failed_to_run). Where
    the database engine fails by itself, the warehouse is built once more, from Bronze.
    """
    if as_of >= now.date():
        raise UsageError(f"--as-of: {as_of} has not ended (UTC). The last ended day is possible.")
    path = settings.home.local_path(WAREHOUSE_PATH)
    kept = "Nothing was recorded as built, and the next build does it all again"
    with machine.failures_told(kept), warehouse_lock(settings.home):
        version = version_of(settings)
        reason = (
            "a full refresh was asked for"
            if full_refresh
            else _unusable(path, version, verdicts.first_day(settings.home))
        )
        try:
            return _build(settings, as_of, run_id, version, reason)
        except transformation.EngineError as error:
            failure = str(error)
        # What the engine left half-written is not built upon; Bronze has it all.
        try:
            return _build(settings, as_of, run_id, version, failure)
        except transformation.EngineError as error:
            raise MachineError(
                f"{error}. It failed again when all was built anew from Bronze ({path}). {kept}; "
                "locker, receipts and releases are untouched. Report it with the words above."
            ) from error


def _build(
    settings: Settings, as_of: date, run_id: str, version: str, reason: str | None
) -> BuildReport:
    """One build; upon nothing where there is a reason against what is there."""
    path = settings.home.local_path(WAREHOUSE_PATH)
    if reason:
        _remove(path)
    is_blank = not path.exists()
    if is_blank:
        blank.lay(path)
    with connect(path) as connection:
        _stamp(connection, version)
        build_inputs.write(connection, settings, as_of, run_id, is_full_refresh=reason is not None)
        new_receipts = build_inputs.count_new(connection)
        new_kinds = build_inputs.new_kinds(connection)
        known_kinds = build_inputs.known_kinds(connection)
    failed = transformation.run(path, new_kinds, known_kinds, is_blank=is_blank)
    with connect(path) as connection:
        build_inputs.record_built(connection)
        unplaced = build_inputs.count_unplaced(connection)
    return BuildReport(as_of, new_receipts, reason, failed, unplaced)


def version_of(settings: Settings) -> str:
    """What the whole file was made under: results of two logics or two configurations never mix."""
    configured = build_inputs.fingerprint(settings)
    return f"{SCHEMA_VERSION}:{transformation.fingerprint()}:{configured}"


def _unusable(path: Path, version: str, first_day: date | None) -> str | None:
    """Why the file cannot be built upon; None where it can, or where there is none yet.

    first_day: the ledger's. Units of any length may begin before the day that was the first, so
    that no list of affected days is enough where an earlier one has come.
    """
    if not path.exists():
        return None
    try:
        with connect(path, is_read_only=True) as connection:
            row = connection.execute("select version from ops.warehouse").fetchone()
            began = connection.execute("select min(day) from ops.built_verdicts").fetchone()
    except duckdb.CatalogException:
        return "an earlier build ended before it had begun"
    except duckdb.Error as error:
        return f"{path.name} cannot be read ({str(error).splitlines()[0]})"
    if row is None or row[0] != version:
        return "its schema, its models or the configured sources have changed"
    if first_day is not None and began is not None and began[0] and first_day < began[0]:
        return f"the ledger now begins on {first_day}, before its first day so far"
    return None


def _remove(path: Path) -> None:
    for file in (path, path.with_name(path.name + ".wal")):
        file.unlink(missing_ok=True)


def _stamp(connection: duckdb.DuckDBPyConnection, version: str) -> None:
    connection.execute("create schema if not exists ops")
    connection.execute(
        "create table if not exists ops.warehouse as select $1 as version", [version]
    )
