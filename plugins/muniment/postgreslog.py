"""PostgreSQL's log files (csvlog, jsonlog, text), as records without statements and values.

What people asked a database is personal data, and often secret: statements, parameters, details,
hints and contexts are left out, and of a message only what says who came and went, or what the
server did by itself. pgAudit's records keep what was done to which object.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from muniment.collection import instant
from muniment.masking import MASK

Record = dict[str, Any]
#: columns of csvlog in the documentation's order; 23 up to version 12, 24 in 13, 26 since 14
COLUMNS = (
    "log_time", "user_name", "database_name", "process_id", "connection_from", "session_id",
    "session_line_num", "command_tag", "session_start_time", "virtual_transaction_id",
    "transaction_id", "error_severity", "sql_state_code", "message", "detail", "hint",
    "internal_query", "internal_query_pos", "context", "query", "query_pos", "location",
    "application_name", "backend_type", "leader_pid", "query_id",
)  # fmt: skip
_FEWEST = 23
#: jsonlog's names of the same
_JSON_NAMES = {
    "timestamp": "log_time", "user": "user_name", "dbname": "database_name", "pid": "process_id",
    "line_num": "session_line_num", "ps": "command_tag", "session_start": "session_start_time",
    "vxid": "virtual_transaction_id", "txid": "transaction_id", "state_code": "sql_state_code",
    "statement": "query",
}  # fmt: skip
#: what is left out where it says anything
LEFT_OUT = ("detail", "hint", "internal_query", "context", "query")
AUDIT_FIELDS = (
    "type", "statement_id", "substatement_id", "class", "command", "object_type", "object_name",
    "statement", "parameter", "rows",
)  # fmt: skip
_FEWEST_AUDIT = len(AUDIT_FIELDS) - 1  # the number of rows is an option of pgAudit's
_AUDIT_TYPES = frozenset({"SESSION", "OBJECT"})
_AUDIT = "AUDIT: "
#: words that pgAudit puts in place of a statement or its parameters
_MARKERS = frozenset({"<previously logged>", "<not logged>", "<none>", ""})
#: messages that name nothing but who came, how, and why not
_KEPT = re.compile(
    r"connection (received|authorized|authenticated)|replication connection authorized|"
    r"disconnection: |password authentication failed for user|role \".*\" does not exist|"
    r"[\w ]+ authentication failed for user|no pg_hba\.conf entry for|"
    r"pg_hba\.conf rejects|database \".*\" does not exist|too many connections for|"
    r"permission denied for "
)
#: PostgreSQL's own processes ("pg_stat_activity", backend_type); an extension's worker may log the
#: commands that it runs
_SERVER = (
    "postmaster", "checkpointer", "background writer", "walwriter", "autovacuum launcher",
    "autovacuum worker", "logical replication launcher", "logger", "archiver", "startup",
    "walreceiver", "walsender", "io worker", "slotsync worker", "walsummarizer", "not initialized",
)  # fmt: skip
_LABEL = re.compile(r"(statement|duration|execute|parse|bind|plan|fastpath)\b")
_START = re.compile(
    r"^(?!\s)(?P<prefix>.*?)\b(?P<severity>DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|"
    r"DETAIL|HINT|QUERY|CONTEXT|LOCATION|BACKTRACE|STATEMENT):  (?P<message>.*)$",
    re.DOTALL,
)
_PARTS = frozenset({"DETAIL", "HINT", "QUERY", "CONTEXT", "LOCATION", "BACKTRACE", "STATEMENT"})
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?) ([A-Za-z]+|[+-]\d{2,4})")
_UTC_NAMES = frozenset({"UTC", "GMT", "Z"})


@dataclass
class Reducer:
    """Turns records into what is stored of them; counts what it left out.

    zone: of times whose abbreviation says no offset (CET); None leaves them undated.
    """

    zone: ZoneInfo | None
    count: int = 0
    paths: set[str] = field(default_factory=set)

    def reduced(self, record: Record) -> Record:
        """One record without statements and values."""
        found = {name: value for name, value in record.items() if value not in (None, "")}
        for name in LEFT_OUT:
            if found.pop(name, None) is not None:
                self._note(f"/{name}")
        message = str(found.get("message", ""))
        if message.startswith(_AUDIT):
            found["audit"], found["message"] = self._audit(message[len(_AUDIT) :]), _AUDIT + MASK
        elif not self._is_harmless(found, message):
            label = _LABEL.match(message)
            found["message"] = f"{label[0]}: {MASK}" if label else MASK
            self._note("/message")
        at, started = self._at(found.get("log_time")), self._at(found.get("session_start_time"))
        return {"at": at, "session_started_at": started, **found}

    def _audit(self, text: str) -> Record:
        cells = next(csv.reader(io.StringIO(text, newline="")), [])
        if not _FEWEST_AUDIT <= len(cells) <= len(AUDIT_FIELDS) or cells[0] not in _AUDIT_TYPES:
            self._note("/audit")  # not pgAudit's form: nobody can tell what is a value
            return {"is_unknown": True}
        said: Record = dict(zip(AUDIT_FIELDS, cells, strict=False))
        for name in ("statement", "parameter"):
            if said.get(name, "") not in _MARKERS:
                said[name] = MASK
                self._note(f"/audit/{name}")
        return said

    @staticmethod
    def _is_harmless(record: Record, message: str) -> bool:
        is_own = (
            "user_name" not in record
            and "prefix" not in record
            and record.get("error_severity") != "ERROR"
            and record.get("backend_type", _SERVER[0]) in _SERVER
        )
        return is_own or _KEPT.match(message) is not None

    def _note(self, path: str) -> None:
        self.count += 1
        self.paths.add(path)

    def _at(self, text: object) -> str | None:
        """ISO 8601 with zone; None where the time says none that is known."""
        found = _TIME.match(str(text or ""))
        if found is None:
            return None
        day, clock, zone = found.groups()
        if zone in _UTC_NAMES:
            return f"{day}T{clock}Z"
        if zone[0] in "+-":
            return f"{day}T{clock}{zone}"
        if self.zone is None:
            return None
        there = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=self.zone)
        for moment in (there, there.replace(fold=1)):
            if moment.tzname() == zone:
                return instant(moment.astimezone(UTC))
        return None


def form_of(path: Path) -> str:
    """csv, json or text, by how the file begins."""
    with path.open(encoding="utf-8", errors="replace", newline="") as handle:
        head = handle.read(1 << 16).lstrip("\ufeff")
    if head.startswith("{"):
        return "json"
    first = next(csv.reader(io.StringIO(head, newline="")), [])
    return "csv" if _TIME.match(head) and len(first) >= _FEWEST - 1 else "text"


def reduce(path: Path, target: Path, reducer: Reducer) -> None:
    """Writes a log file's records as JSON lines; what cannot be read as a line that is none."""
    readers = {"csv": _csv, "json": _json, "text": _text}
    with (
        path.open(encoding="utf-8-sig", errors="replace", newline="") as source,
        target.open("w", encoding="utf-8") as out,
    ):
        for record in readers[form_of(path)](source):
            if isinstance(record, str):
                out.write(f"!{record}\n")
                continue
            text = json.dumps(reducer.reduced(record), ensure_ascii=False, separators=(",", ":"))
            out.write(text + "\n")


def whole_records(path: Path) -> int:
    """Where the last record ends that is sure to be whole."""
    is_csv, is_text = (form_of(path) == form for form in ("csv", "text"))
    end = begin = position = quotes = 0
    with path.open("rb") as handle:
        for line in handle:
            if is_text and _START.match(line.decode("utf-8", "replace")):
                begin = position
            position += len(line)
            quotes += line.count(b'"') if is_csv else 0
            if line.endswith(b"\n") and quotes % 2 == 0:
                end = position
    return begin if is_text else end


def _csv(source: IO[str]) -> Iterator[Record | str]:
    csv.field_size_limit(1 << 26)
    reader = csv.reader(source, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield f"line {line}: no csvlog record: {error}"
            continue
        if cells is None:
            return
        if cells and not _FEWEST <= len(cells) <= len(COLUMNS):
            yield f"line {line}: {len(cells)} columns, where csvlog has {_FEWEST} to {len(COLUMNS)}"
        elif cells:
            yield dict(zip(COLUMNS, cells, strict=False))


def _json(source: IO[str]) -> Iterator[Record | str]:
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            yield {_JSON_NAMES.get(name, name): value for name, value in record.items()}
        except (ValueError, RecursionError, AttributeError):
            yield f"line {number}: no jsonlog record"


def _text(source: IO[str]) -> Iterator[Record | str]:
    """Records of a text log: the lines that belong to a record before it are masked with it."""
    record: Record | None = None
    for number, line in enumerate(source, 1):
        start = _START.match(line.rstrip("\r\n"))
        if start and start["severity"] in _PARTS and record is not None:
            record["detail"] = line  # left out, and counted
        elif start:
            if record is not None:
                yield record
            record = {
                "prefix": start["prefix"].strip(), "log_time": start["prefix"],
                "error_severity": start["severity"], "message": start["message"],
            }  # fmt: skip
        elif record is not None:
            record["message"] += "\n" + line.rstrip("\r\n")
        elif line.strip():
            yield f"line {number}: before any record that begins with a severity"
    if record is not None:
        yield record
