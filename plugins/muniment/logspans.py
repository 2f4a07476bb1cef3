"""From when to when the lines of a log run without a silence, and which days that proves.

A log file says nothing of what did not reach it: a shipper that stopped looks like a quiet night.
So a day counts as whole only where lines run from before its start to after its end, and no
silence in between is longer than the source's `quiet_h`. What a later line shows heals by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path

import duckdb

from muniment import filedrop
from muniment.bronze import scan, selects
from muniment.claims import UNSETTLED
from muniment.collecting import Ask
from muniment.collection import instant, midnight
from muniment.database import connect, literal
from muniment.logoptions import Life, LogOptions
from muniment.sources.spec import Basis, Grade, Shape

#: the next line of a log that is alive comes within two days (project default)
SETTLING_H = 48
#: a day in doubt is asked for again for so long; what comes later proves it when somebody asks
#: (project default)
ASKED_AGAIN_DAYS = 60
_LONG_BYTES = 1 << 20

_DATE = r"(?:19|20)\d{2}[-_.]?[01]\d[-_.]?[0-3]\d"
_TIME = r"[-_.T]?\d{2}[-_.:]?\d{2}(?:[-_.:]?\d{2}(?:[.,]\d+)?)?Z?"
_ENDED = r"\.gz$|(?<=[a-z])\.\d{1,3}$"
#: what rotation puts into a name: compression, number, date, seconds or milliseconds since 1970
_ROTATED = re.compile(rf"(?i){_ENDED}|[-_.](?:{_DATE}(?:{_TIME})?|1\d{{9}}(?:\d{{3}})?)(?=\.|$)")


#: folders that cut a log by time: `y=2026/m=01/d=05/h=09/m=00`, `year=2026`
_PARTITION = re.compile(r"(?i)(?:^|/)(?:y|m|d|h|year|month|day|hour|date|dt)=[\d-]+(?=/|$)")


@dataclass(frozen=True)
class Span:
    """From a line to another (UTC) without a silence between them."""

    first: datetime
    last: datetime


@dataclass(frozen=True)
class Doubt:
    """Why the days from `first` to `last` (both included) cannot be shown to be whole."""

    first: date
    last: date
    reason: str


@dataclass(frozen=True)
class Proof:
    """On what the days without doubt rest."""

    basis: Basis = "file_manifest"
    grade: Grade | None = None
    said: str = ""


def log_name(path: str) -> str:
    """The log that a file belongs to: its path without what rotation and dates add to it."""
    folder, slash, name = path.rpartition("/")
    while (shorter := _ROTATED.sub("", name, count=1)) != name and shorter:
        name = shorter
    folder = _PARTITION.sub("", folder)
    return f"{folder}{slash if folder else ''}{name}"


def is_rotated(path: str) -> bool:
    """Whether the name says that nothing is appended to the file any more."""
    return re.search(rf"(?i){_ENDED}", path) is not None


def spans(path: Path, shape: Shape, scratch: Path) -> tuple[list[Span], int, Path]:
    """The hours in which lines happened, how many lines state no time, and what was read.

    path: JSON lines as they are stored; scratch: a file name of one's own, for the same lines
    without those over the limits, at which the reader stops; index says what is wrong with them.
    """
    if _has_long_lines(path):
        scan.spoil(path, scratch)
        path = scratch
    found = _hours(path, shape)
    dated = [span for span, _ in found if span is not None]
    return dated, sum(count for span, count in found if span is None), path


def _has_long_lines(path: Path) -> bool:
    """Whether some line may be longer than a mebibyte."""
    with path.open("rb") as handle:
        while chunk := handle.read(_LONG_BYTES):
            if len(chunk) == _LONG_BYTES and b"\n" not in chunk:
                return True
    return False


@contextmanager
def reader(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads lines of any size on one thread, and spills into this folder."""
    with connect() as connection:
        connection.execute(f"set temp_directory = {literal(str(folder / 'spilled'))}")
        connection.execute("set threads = 1")
        # a line of 64 MiB asks for several times as much, and touches little of it
        connection.execute("set memory_limit = '4GB'")
        connection.execute("set preserve_insertion_order = false")
        yield connection


def _hours(path: Path, shape: Shape) -> list[tuple[Span | None, int]]:
    rows = selects.part(selects.lines(path, shape), shape, [""])
    with reader(path.parent) as connection:
        found = connection.execute(
            "select min(event_time), max(event_time), count(*) "
            f"from ({rows}) where record is not null group by date_trunc('hour', event_time)"
        ).fetchall()
    return [
        (first and Span(first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)), count)
        for first, last, count in found
    ]


def joined(found: Iterable[Span], quiet_h: int) -> list[Span]:
    """The same without silences of at most quiet_h, in order."""
    quiet, runs = timedelta(hours=quiet_h), list[Span]()
    for span in sorted(found, key=lambda span: (span.first, span.last)):
        if runs and span.first - runs[-1].last <= quiet:
            runs[-1] = Span(runs[-1].first, max(runs[-1].last, span.last))
        else:
            runs.append(span)
    return runs


def prove(ask: Ask, logs: dict[str, list[Span]], doubts: list[Doubt], proof: Proof) -> None:
    """States of every day of the window what the spans (`joined`) of all logs show."""
    options = ask.options
    assert isinstance(options, LogOptions)
    named = {**dict.fromkeys(logs, Life()), **options.logs}
    first, end = filedrop.proven_days(ask)
    days = [first + timedelta(days=offset) for offset in range((end - first).days)]
    said = proof.said or (
        f"Lines of {len(named)} logs run from before each day to after it, never silent for more "
        f"than {options.quiet_h} h."
    )

    def doubt(day: date) -> str | None:
        if not named:
            return "No log has a line: nothing tells a quiet day from a log that never came."
        found = (_doubt(day, name, life, logs.get(name, [])) for name, life in named.items())
        reasons = [reason for reason in found if reason]
        reasons += [item.reason for item in doubts if item.first <= day <= item.last]
        return _in_words(reasons, day, ask.started_at) if reasons else None

    old = (ask.started_at - timedelta(days=ASKED_AGAIN_DAYS)).date()
    for (reason, is_old), run in groupby(days, lambda day: (doubt(day), day < old)):
        dates = list(run)
        for stream in ask.spec.ledger_streams(ask.options):
            ask.prove(
                stream, "not_provable" if reason else proof.basis, dates[0],
                dates[-1] + timedelta(days=1), grade=None if reason else proof.grade,
                reason=reason or said, is_final=bool(reason) and is_old,
            )  # fmt: skip


def _in_words(reasons: list[str], day: date, now: datetime) -> str:
    shown = " ".join(reasons[:3]) + (f" And {len(reasons) - 3} more." if len(reasons) > 3 else "")
    is_young = now - midnight(day + timedelta(days=1)) < timedelta(hours=SETTLING_H)
    if is_young and all(reason.startswith(_NOT_YET) for reason in reasons):
        return f"{UNSETTLED} {SETTLING_H} h when it was read. {shown} A later line proves it."
    return shown


_NOT_YET = "No line after"


def _doubt(day: date, name: str, life: Life, runs: list[Span]) -> str | None:
    """Why this log does not show the whole of the day; None where it does, or need not."""
    start, end = midnight(day), midnight(day + timedelta(days=1))
    if (life.began and day < life.began) or (life.ended and day > life.ended):
        return None
    if not runs:
        return f"The log '{name}' has no line that says when it was written."
    if life.began == day:
        start = max(start, next((run.first for run in runs if run.first >= start), start))
    if life.ended == day:
        end = min(end, max((run.last for run in runs if run.last < end), default=end))
    if any(run.first <= start and end <= run.last for run in runs):
        return None
    if runs[-1].last < end:
        return f"{_NOT_YET} {_shown(runs[-1].last)} shows that the log '{name}' went on."
    if start < runs[0].first:
        return f"The log '{name}' begins at {_shown(runs[0].first)}."
    before, after = next(_silences(runs, start, end))
    return f"The log '{name}' is silent from {_shown(before)} to {_shown(after)}."


def _silences(
    runs: list[Span], start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    for run, following in pairwise(runs):
        if run.last < end and following.first > start:
            yield run.last, following.first


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


def spans_to_json(runs: list[Span]) -> list[list[str]]:
    """Plain data, as the listing keeps it."""
    return [[instant(run.first), instant(run.last)] for run in runs]


def spans_from_json(data: list[list[str]]) -> list[Span]:
    """The inverse of `spans_to_json`."""
    return [
        Span(datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in data
    ]
