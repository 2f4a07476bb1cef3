"""SQL for strangers: one SELECT or EXPLAIN against a release, in a child process with limits.

The statement is parsed by DuckDB itself. The child opens the release read-only, turns off every
way out (files, extensions, replacement scans), locks its configuration, and runs under limits of
address space, processor time and file size (none may be written); the parent kills it when its
time is over. DuckDB's own limits are not enough: some functions ignore its memory limit and its
interrupts. Parsing happens in the child too: a statement can be made to crash a parser.
"""

from __future__ import annotations

import json
import math
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from muniment import database
from muniment.errors import MachineError, MunimentError, UsageError

if TYPE_CHECKING:
    from muniment.queries import Answer
    from muniment.settings import Settings

TIME_LIMIT_S = 30
ADDRESS_SPACE_BYTES = 3 * 1024**3
MEMORY_LIMIT = "1GB"
MAX_ROWS = 200_000
_THREADS = 2
_COMMENT = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_EXPLAIN = re.compile(
    rf"^{_COMMENT}explain{_COMMENT}(?:analyze\b)?{_COMMENT}(?:\([^)]*\))?",
    re.IGNORECASE | re.DOTALL,
)
#: functions of a SELECT that set, write, or run another statement out of sight of the parser
_ACTING = re.compile(
    r"\b(enable_\w+|disable_\w+|(?:force_)?checkpoint|truncate_\w+|write_log|setseed|nextval"
    rf'|import_database|add_parquet_key|query|json_execute_serialized_sql)"?{_COMMENT}\(',
    re.IGNORECASE | re.DOTALL,
)
_TOO_BIG = (
    f"That query needed more than it may have ({MEMORY_LIMIT} of data, {TIME_LIMIT_S} s) and was "
    "stopped. Nothing was changed; ask for a shorter period or fewer columns."
)


def check(statement: str) -> None:
    """Raises UsageError unless `statement` is exactly one SELECT, or EXPLAIN of one."""
    inner = _EXPLAIN.sub("", statement)
    with duckdb.connect() as connection:
        try:
            parsed = connection.extract_statements(inner)
        except duckdb.Error as error:
            raise UsageError(f"That SQL cannot be parsed: {_first_line(error)}") from error
    kinds = [str(item.type).rsplit(".", 1)[-1] for item in parsed]
    if kinds != ["SELECT"]:
        found = " and ".join(kinds) or "nothing"
        raise UsageError(f"Expected one SELECT or EXPLAIN, found {found}. Nothing was run.")
    acting = _ACTING.search(inner)
    if acting:
        raise UsageError(
            f"The function {acting.group(1)}() does more than read; it is refused. Nothing was run."
        )


def ask(settings: Settings, statement: str, release_id: int | None = None) -> Answer:
    """Runs one statement against a release.

    Raises UsageError for SQL that is refused or fails, MachineError past the limits.
    """
    from muniment import releases
    from muniment.queries import Answer

    path = releases.database_path(settings, release_id)
    command = [sys.executable, "-m", "muniment.sqlguard", str(path)]
    try:
        done = subprocess.run(
            command, input=statement.encode(), capture_output=True, timeout=TIME_LIMIT_S,
            env={"PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise MachineError(_TOO_BIG) from error
    answer = _answer(done.stdout)
    if answer is None or answer.get("is_too_big"):
        raise MachineError(_TOO_BIG)
    if "error" in answer:
        raise UsageError(str(answer["error"]))
    columns = tuple(answer["columns"])
    return Answer(columns, [dict(zip(columns, row, strict=True)) for row in answer["rows"]])


def _answer(output: bytes) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(output)
    except ValueError:
        return None  # the child was ended by its limit before it could answer
    return found


def _limit() -> None:
    """What the operating system enforces on this process, whatever the statement does."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    seconds = TIME_LIMIT_S * _THREADS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _child(path: Path, statement: str) -> dict[str, Any]:
    _limit()
    try:
        check(statement)
        connection = database.connect(path, is_read_only=True)
        for setting in (
            f"memory_limit = '{MEMORY_LIMIT}'",
            f"threads = {_THREADS}",
            "temp_directory = ''",
            "python_enable_replacements = false",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            connection.execute(f"set {setting}")
        cursor = connection.execute(statement)
        columns = _distinct([str(column[0]) for column in cursor.description or []])
        rows = cursor.fetchmany(MAX_ROWS + 1)
    except duckdb.OutOfMemoryException:
        return {"is_too_big": True}
    except (duckdb.Error, RuntimeError) as error:
        return {"error": f"That query failed: {_first_line(error)}"}
    except MunimentError as error:
        return {"error": str(error)}
    if len(rows) > MAX_ROWS:
        return {
            "error": f"That query has more than {MAX_ROWS} rows; nothing is shown rather than a "
            "part. Count, group, or add a limit."
        }
    return {"columns": columns, "rows": [[_plain(value) for value in row] for row in rows]}


def _distinct(names: list[str]) -> list[str]:
    """Column names of which none hides another."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name}:{seen[name]}")
    return distinct


def _plain(value: object) -> Any:
    """A JSON value for anything that DuckDB returns, at any depth."""
    from muniment.plain import plain

    if isinstance(value, dict):
        return {str(plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    return plain(value)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


if __name__ == "__main__":
    try:
        json.dump(_child(Path(sys.argv[1]), sys.stdin.read()), sys.stdout)
    except MemoryError:
        sys.exit(MachineError.exit_code)
