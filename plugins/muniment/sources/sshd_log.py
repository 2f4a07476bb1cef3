"""OpenSSH servers' logs: syslog files of any form, or journald's JSON.

All lines of a file are kept, whoever wrote them: they show that the log went on. Lines of syslog
are stored as JSON with their time, since the form of old says neither year nor zone.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from muniment import filedrop, logfiles, sequences, syslog
from muniment.bronze import selects
from muniment.collecting import Ask
from muniment.logfiles import Fit, Json, Listed, Reading
from muniment.logoptions import ZonedLogOptions
from muniment.logspans import Doubt, Proof, Span, reader
from muniment.sources.spec import Shape, SourceSpec

SYSLOG = Shape("syslog", "lines", "message", event_time="/at")
JOURNAL = Shape(
    "journal", "lines", "message", native_id=("/__CURSOR",),
    event_time="/__REALTIME_TIMESTAMP", time_form="epoch_us",
)  # fmt: skip
RULE, VERSION = "syslog_time_inferred", 1
#: what rsyslogd and journald write where they left messages out
_SUPPRESSED = (
    r"(?i)(suppressed \d+ messages|lost \d+ messages|begins? to drop messages|missed \d+ )"
)
_WRITERS = r"(rsyslogd|systemd-journald?|journal)(\[\d+\])?: "


class SshdOptions(ZonedLogOptions):
    """is_whole_journal: the files hold every entry of the journal, not those of one unit alone, so
    that a hole in its numbers is a loss, and unbroken numbers prove the day.
    """

    is_whole_journal: bool = False


SPEC = SourceSpec(
    kind="sshd_log",
    title="OpenSSH server logs",
    mode="event",
    needs="location",
    shapes=(SYSLOG, JOURNAL, filedrop.MANIFEST),
    feeds={"message": ("access_events.sign_in",), "listing": ()},
    options=SshdOptions,
    basis=("sequence", "file_manifest", "not_provable"),
    permissions=("Read access to the folder into which the logs of all hosts are put.",),
    blind_spots=(
        "Syslog files of old name neither year nor zone: options.timezone is taken for the zone, "
        "and the year is the latest in which the line is not younger than the file. Each record "
        "says so (time_basis). In the hour that is lived twice in autumn the first is taken.",
        "Whether a second factor was asked for: the server names the last method alone.",
        "Public keys that were refused are not logged at LogLevel INFO.",
        "What LogLevel QUIET, or a filter before the files, left out.",
        "Two equal lines of one second that two collections bring count as one.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Keeps what is new of every host's log; days with a loss that a log admits are not proven."""
    options = ask.options
    assert isinstance(options, SshdOptions)

    def prepare(path: Path, listed: Listed) -> Fit:
        return _prepare(path, listed, options.zone)

    def look(path: Path, shape: str, log: str, state: Json) -> list[Span]:
        _note_suppressed(path, shape, log, state)
        if shape == JOURNAL.name and options.is_whole_journal:
            return _note_numbers(path, log, state)
        state.setdefault("unnumbered", {})[log] = True
        return []

    logfiles.collect(
        ask, Reading(SYSLOG.name, prepare=prepare, look=look, doubts=_doubts, proof=_proof)
    )


def _proof(state: Json) -> Proof:
    """Unbroken numbers prove, where every line of every log bears one."""
    if state.get("unnumbered") or not state.get("numbers"):
        return Proof()
    return Proof("sequence", None, "The numbers of each journal's entries follow each other.")


def _prepare(path: Path, listed: Listed, zone: ZoneInfo | None) -> Fit:
    with path.open("rb") as handle:
        if handle.read(1 << 16).lstrip(b"\xef\xbb\xbf \r\n").startswith(b"{"):
            return Fit(JOURNAL.name, path)
    target = path.with_name("dated")
    inferred = syslog.dated(path, target, datetime.fromisoformat(listed.modified_at), zone)
    declared = filedrop.Reduction(RULE, VERSION, ("/at", "/time_basis"), inferred)
    return Fit(SYSLOG.name, target, (declared,) if inferred else ())


def _note_suppressed(path: Path, shape: str, log: str, state: Json) -> None:
    """Remembers by log and day what rsyslogd and journald say that they left out."""
    if shape == JOURNAL.name:
        text = "json_extract_string(record, '/MESSAGE')"
        writer = (
            "regexp_matches(concat(json_extract_string(record, '/SYSLOG_IDENTIFIER'), ': '), "
            f"'^{_WRITERS}')"
        )
        cut = selects.part(selects.lines(path, JOURNAL), JOURNAL, [""])
    else:
        text = "json_extract_string(record, '/line')"
        writer = f"regexp_matches({text}, ' {_WRITERS}')"
        cut = selects.part(selects.lines(path, SYSLOG), SYSLOG, [""])
    found = _rows(
        path.parent,
        f"select event_time::date, count(*), min({text}) from ({cut}) where event_time is not null "
        f"and {writer} and regexp_matches({text}, '{_SUPPRESSED}') group by all order by all",
    )
    for day, count, first in found:
        state.setdefault("suppressed", {}).setdefault(log, {})[day.isoformat()] = [count, first]


def _note_numbers(path: Path, log: str, state: Json) -> list[Span]:
    """Remembers the numbers that were seen; from when to when they follow each other."""
    cut = selects.part(selects.lines(path, JOURNAL), JOURNAL, [""])
    number = "try_cast(json_extract_string(record, '/__SEQNUM') as bigint)"
    group = "json_extract_string(record, '/__SEQNUM_ID')"
    seen: dict[str, list[Any]] = state.setdefault("numbers", {}).setdefault(log, {})
    islands = sequences.islands(cut, group, number, "event_time")
    for name, numbers in sequences.ranges_of(_rows(path.parent, islands)):
        seen.setdefault(name, []).append(numbers)
    for name, ranges in seen.items():
        seen[name] = sequences.merged(ranges)
    return [span for ranges in seen.values() for span in sequences.spans(ranges)]


def _doubts(state: Json) -> list[Doubt]:
    doubts = [
        Doubt(
            date.fromisoformat(day), date.fromisoformat(day),
            f"The log '{log}' says {count} times that messages were left out (rate limit).",
        )
        for log, days in state.get("suppressed", {}).items()
        for day, (count, _) in days.items()
    ]  # fmt: skip
    for log, seen in state.get("numbers", {}).items():
        for ranges in seen.values():
            for low, high, first, last in sequences.holes(ranges):
                what = f"entries {low} to {high} of its journal are missing"
                doubts.append(Doubt(first, last, f"In the log '{log}' {what}."))
    return doubts


def _rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with reader(folder) as connection:
        return connection.execute(query).fetchall()
