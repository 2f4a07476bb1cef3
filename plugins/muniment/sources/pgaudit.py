"""PostgreSQL's logs with pgAudit's records: who connected, and what was done to which object.

Statements, parameters and values are left out before anything is stored, and the receipt says how
often. Each session numbers its lines: a hole names the session.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from muniment import filedrop, logfiles, postgreslog, sequences
from muniment.bronze import selects
from muniment.collecting import Ask
from muniment.collection import instant
from muniment.logfiles import Fit, Json, Listed, Reading
from muniment.logoptions import ZonedLogOptions
from muniment.logspans import Doubt, Proof, Span, reader
from muniment.sources.spec import Shape, SourceSpec

RECORDS = Shape(
    "records", "lines", "record", native_id=("/session_id", "/session_line_num"), event_time="/at"
)
RULE, VERSION = "postgresql_statements", 1
#: a session that wrote no line for so long is forgotten (project default)
_IDLE = timedelta(days=40)


SPEC = SourceSpec(
    kind="pgaudit",
    title="PostgreSQL logs with pgAudit",
    mode="event",
    needs="location",
    shapes=(RECORDS, filedrop.MANIFEST),
    feeds={"record": ("access_events.resource_access",), "listing": ()},
    options=ZonedLogOptions,
    basis=("sequence", "file_manifest", "not_provable"),
    permissions=("Read access to the folder into which the servers' logs are put.",),
    blind_spots=(
        "Statements, parameters, details, hints and contexts are left out before storing; of "
        "messages, what may quote them.",
        "What pgaudit.log does not name is not audited, and a superuser can switch it off.",
        "A whole session that was lost leaves no hole in any other session's numbers: with "
        "csvlog and jsonlog the days are argued, not proven.",
        "Text logs number nothing; their log_line_prefix must begin with %m or %t.",
        "Without log_connections nobody's sign-in is written.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Keeps what is new of every server's log, statements left out; holes leave days unproven."""
    options = ask.options
    assert isinstance(options, ZonedLogOptions)

    def prepare(path: Path, listed: Listed) -> Fit:
        target, reducer = path.with_name("reduced"), postgreslog.Reducer(options.zone)
        postgreslog.reduce(path, target, reducer)
        path.unlink()
        declared = filedrop.Reduction(RULE, VERSION, tuple(sorted(reducer.paths)), reducer.count)
        return Fit(RECORDS.name, target, (declared,) if reducer.count else ())

    reading = Reading(
        RECORDS.name, prepare=prepare, whole=postgreslog.whole_records, look=_look,
        doubts=_doubts, proof=_proof,
    )  # fmt: skip
    logfiles.collect(ask, reading)


def _look(path: Path, shape: str, log: str, state: Json) -> list[Span]:
    """Remembers the numbers that each session has written."""
    with reader(path.parent) as connection:
        connection.execute(f"create temp table lines as {_numbers(path)}")
        found = connection.execute(
            sequences.islands("from lines", "session", "number", "event_time")
        ).fetchall()
        started = connection.execute(
            "select session, min(started) from lines where session is not null group by session"
        ).fetchall()
        bare = connection.execute("select count(*) from lines where number is null").fetchall()
    if bare[0][0]:
        state.setdefault("unnumbered", {})[log] = True
    sessions: Json = state.setdefault("sessions", {}).setdefault(log, {})
    for name, numbers in sequences.ranges_of(found):
        known = sessions.setdefault(name, {"started": None, "ranges": []})
        known["ranges"].append(numbers)
    for name, moment in started:
        if name in sessions:
            sessions[name]["started"] = sessions[name]["started"] or moment
    for known in sessions.values():
        known["ranges"] = sequences.merged(known["ranges"])
    state["sessions"][log] = _lively(sessions)
    return []


def _numbers(path: Path) -> str:
    """SQL: session, its beginning, number of the line and time of each record."""
    cut = selects.part(selects.lines(path, RECORDS), RECORDS, [""])
    pointers = ["/session_id", "/session_started_at", "/session_line_num"]
    return (
        "select said[1] as session, said[2] as started, try_cast(said[3] as bigint) as number, "
        f"event_time from (select event_time, json_extract_string(record, {pointers}) as said "
        f"from ({cut}) where record is not null)"
    )


def _lively(sessions: Json) -> Json:
    """Without sessions that are whole and silent for long."""
    ends = {name: known["ranges"][-1][3] or "" for name, known in sessions.items()}
    newest = max((end for end in ends.values() if end), default="")
    if not newest:
        return sessions
    oldest = instant(datetime.fromisoformat(newest) - _IDLE)
    return {
        name: known
        for name, known in sessions.items()
        if ends[name] >= oldest or len(known["ranges"]) > 1 or known["ranges"][0][0] > 1
    }


def _doubts(state: Json) -> list[Doubt]:
    doubts = []
    for log, sessions in state.get("sessions", {}).items():
        times = [known["ranges"][0][2] for known in sessions.values() if known["ranges"][0][2]]
        began = min(times, default=None)
        for name, known in sessions.items():
            for low, high, first, last in _holes(known, began):
                what = f"lines {low} to {high} of session {name} are missing"
                doubts.append(Doubt(first, last, f"In the log '{log}' {what}."))
    return doubts


def _holes(known: Json, log_began: str | None) -> list[tuple[int, int, date, date]]:
    """Holes between a session's lines, and at its beginning where the log had begun before it."""
    ranges = known["ranges"]
    low, _, first, _ = ranges[0]
    started = known["started"] and datetime.fromisoformat(known["started"])
    is_ours = started and log_began and started >= datetime.fromisoformat(log_began)
    if low > 1 and is_ours and first:
        day = datetime.fromisoformat(first).date()
        return [(1, low - 1, started.astimezone(UTC).date(), day), *sequences.holes(ranges)]
    return sequences.holes(ranges)


def _proof(state: Json) -> Proof:
    if state.get("unnumbered") or not state.get("sessions"):
        return Proof()
    said = "Each session's lines are numbered without a hole, and the logs never fell silent."
    return Proof("sequence", "argued", said)
