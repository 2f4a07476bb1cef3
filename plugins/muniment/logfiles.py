"""Log files in a folder: what was appended is kept, whatever rotation makes of the names.

A file is known by its contents: what an earlier receipt holds of the same log, under whatever name
and compressed or not, is not kept again, so that no line counts twice. What is new is stored as it
came, or as the kind prepares it, up to the last whole record; the listing remembers the rest, and
from when to when each log runs. Files are streamed: memory does not grow with them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from muniment import filedrop
from muniment.beginnings import cut, digests, whole_lines, written
from muniment.bronze.plain import Unreadable
from muniment.collecting import Ask
from muniment.droplisting import Drop, Listed, UnfitFile
from muniment.errors import SourceError, TransientSourceError
from muniment.filedrop import Fit
from muniment.logoptions import LogOptions
from muniment.logspans import (
    Doubt,
    Proof,
    Span,
    is_rotated,
    joined,
    log_name,
    prove,
    spans,
    spans_from_json,
    spans_to_json,
)

__all__ = ["Fit", "Json", "Listed", "Reading", "UnfitFile", "collect", "whole_lines"]

Json = dict[str, Any]
_DAY = timedelta(days=1)
_HEAD_BYTES = 1 << 16
#: a last line without its end is taken for whole when nothing was appended for so long
_STILL = timedelta(hours=1)
#: how long the contents of a file that went away are known again (project default)
_REMEMBERED = timedelta(days=60)


@dataclass(frozen=True)
class Reading:
    """How one kind reads its logs.

    shape: of what is stored, JSON lines. prepare: what is stored of whole records that are new
    (a local file, plain); default: they themselves. whole: where the last whole record of a plain
    file ends. look: sees what is to be stored of a log (path, shape, log, state), keeps what it
    must remember in a state of plain data and returns what it knows to be without silence. doubts:
    which days that state leaves in doubt; proof: on what the others rest.
    """

    shape: str
    prepare: Callable[[Path, Listed], Fit] | None = None
    whole: Callable[[Path], int] = whole_lines
    look: Callable[[Path, str, str, Json], list[Span]] | None = None
    doubts: Callable[[Json], list[Doubt]] | None = None
    proof: Callable[[Json], Proof] = lambda state: Proof()


def collect(ask: Ask, reading: Reading) -> None:
    """Keeps what is new in the folder's logs; proves the days that their lines enclose.

    Raises SourceError where the folder or a file cannot be read; the rest is kept.
    """
    drop = Drop(ask)
    found, problems = drop.listing(("",))  # log files may be named in any way
    listed = [file for file in found if not file.path.rpartition("/")[2].startswith(".")]
    logs = _Logs.of(filedrop.listing_before(ask, drop.reading))
    keeper = _Keeper(ask, drop, reading, logs)
    files = []
    for file in listed:
        try:
            files.append(keeper.entry(file))
        except UnfitFile as reason:
            problems.append(SourceError(f"{file.path!r}: {reason}"))
        except TransientSourceError as error:
            problems.append(error)
    keeper.warn()
    doubts = (reading.doubts(logs.state) if reading.doubts else []) + logs.unread()
    said = {name: spans_to_json(runs) for name, runs in sorted(logs.runs.items())}
    gone = logs.gone(files, ask.started_at - _REMEMBERED)
    listing = {
        "reading": drop.reading, "files": files + gone, "logs": said, "state": logs.state,
        "lost": list(logs.lost.values()),
    }  # fmt: skip
    filedrop.keep_listing(ask, listing)
    if problems:
        raise filedrop.fault(ask, problems, len(listed))
    prove(ask, logs.runs, doubts, reading.proof(logs.state))


@dataclass
class _Logs:
    """What is known of the logs: files by path, contents by size and digest, and their spans.

    lost: files in which lines were unreadable, by log and first line, until they are read again.
    """

    files: dict[str, Json] = field(default_factory=dict)
    contents: dict[tuple[str, int, str], Json] = field(default_factory=dict)
    runs: dict[str, list[Span]] = field(default_factory=dict)
    state: Json = field(default_factory=dict)
    lost: dict[tuple[str, str], Json] = field(default_factory=dict)

    @classmethod
    def of(cls, listing: Json | None) -> _Logs:
        """From the newest listing; nothing is known without one."""
        if listing is None:
            return cls()
        files = {file["path"]: file for file in listing["files"] if not file.get("is_gone")}
        runs = {name: spans_from_json(said) for name, said in listing["logs"].items()}
        logs = cls(files, {}, runs, listing["state"])
        for file in listing["files"]:
            logs.add(file)
        for file in (*listing.get("lost", ()), *listing["unread"]):
            key = (log_name(file["path"]), str(file.get("head")))
            earlier = logs.lost.get(key, file)
            days = {"first": min, "end": max}
            logs.lost[key] = file | {
                name: edge(file[name], earlier[name]) for name, edge in days.items()
            }
        return logs

    def unread(self) -> list[Doubt]:
        """Days of which lines were unreadable, in files that rotation took away since."""
        return [
            Doubt(
                date.fromisoformat(file["first"]), date.fromisoformat(file["end"]) - _DAY,
                f"Lines of {file['path']!r} could not be read, and the file is gone: what they "
                "said is not known.",
            )
            for file in self.lost.values()
        ]  # fmt: skip

    def gone(self, files: list[Json], since: datetime) -> list[Json]:
        """Contents that no file of the folder bears any more: they may come back under a name."""
        there = {(file["path"], file["sha256"]) for file in files}
        return [
            file | {"is_gone": True}
            for file in self.contents.values()
            if (file["path"], file["sha256"]) not in there
            and datetime.fromisoformat(file["modified_at"]) >= since
        ]

    def add(self, file: Json) -> None:
        """Remembers the contents of a file that a receipt holds."""
        if file["kept_bytes"]:
            key = (log_name(file["path"]), int(file["kept_bytes"]), str(file["sha256"]))
            self.contents[key] = file

    def sizes(self, log: str) -> set[int]:
        """How far files of this log were kept."""
        return {size for name, size, _ in self.contents if name == log}


@dataclass(frozen=True)
class _Body:
    """A plain file up to its last whole record.

    end: its bytes up to there; sha256: theirs; known: how many of them an earlier receipt holds;
    held: the entry of those; head: SHA-256 of its first line.
    """

    path: Path
    end: int
    sha256: str
    known: int
    held: Json | None
    head: str


@dataclass
class _Keeper:
    """Stores what is new of each file."""

    ask: Ask
    drop: Drop
    reading: Reading
    logs: _Logs
    undated: int = 0
    open_ends: int = 0

    def entry(self, file: Listed) -> Json:
        """What the listing says of one file, once what is new of it is stored."""
        before = self.logs.files.get(file.path)
        if before is not None and before["is_whole"] and _is_same(before, file):
            return before
        assert self.ask.home is not None  # every collection has one
        with self.ask.home.scratch() as folder:
            copy = folder / "copy"
            self.drop.fetch(file, copy, may_grow=True)
            body = self._body(file, copy, folder / "plain")
            size = body.path.stat().st_size
            object_sha256 = body.held["object_sha256"] if body.held else None
            if body.end > body.known:
                object_sha256 = self._store(file, body, copy if body.end == size else None)
        self.open_ends += body.end < size
        entry = {
            **asdict(file), "sha256": body.sha256, "kept_bytes": body.end,
            "object_sha256": object_sha256, "is_whole": body.end == size, "head": body.head,
        }  # fmt: skip
        self.logs.add(entry)
        self.logs.lost.pop((log_name(file.path), body.head), None)  # index looks at it anew
        return entry

    def warn(self) -> None:
        """Says in the receipt what deserves a look."""
        if self.undated:
            self.ask.warn(
                f"{self.undated} records state no time with a zone: they count for the last day."
            )
        if self.open_ends:
            self.ask.warn(f"{self.open_ends} files end within a record: it is left for next time.")

    def _body(self, file: Listed, copy: Path, target: Path) -> _Body:
        log = log_name(file.path)
        try:
            marks, sha256 = written(copy, target, self.logs.sizes(log))
        except Unreadable as reason:
            raise UnfitFile(str(reason)) from reason
        end = size = target.stat().st_size
        if not (is_rotated(file.path) or self._is_still(file)):
            end = self.reading.whole(target)
        if end < size:
            marks, sha256 = digests(target, end, self.logs.sizes(log))
        known = [(mark, self.logs.contents.get((log, *mark))) for mark in marks.items()]
        held = max((item for item in known if item[1]), default=None, key=lambda item: item[0][0])
        if held is None:
            return _Body(target, end, sha256, 0, None, _head(target))
        return _Body(target, end, sha256, held[0][0], held[1], _head(target))

    def _is_still(self, file: Listed) -> bool:
        return self.ask.started_at - datetime.fromisoformat(file.modified_at) > _STILL

    def _store(self, file: Listed, body: _Body, original: Path | None) -> str:
        """Stores what is new; the file as it came where nothing of it is known. Its SHA-256."""
        fresh = body.path
        if body.known or original is None:
            fresh = body.path.with_name("fresh")
            cut(body.path, fresh, body.known, body.end)
        prepare = self.reading.prepare
        fit = prepare(fresh, file) if prepare else Fit(self.reading.shape, fresh)
        assert isinstance(fit.body, Path)
        self._look(file, fit.body, fit.shape)
        for item in fit.reductions:
            self.ask.declare_reduction(item.rule, item.version, list(item.paths), item.count)
        is_verbatim = fit.body == body.path and original is not None
        log = log_name(file.path)
        return self.ask.keep(
            original if is_verbatim and original else fit.body, fit.shape,
            context={"path": file.path, "log": log, "modified_at": file.modified_at},
            media_type=filedrop.media_type(file) if is_verbatim else "application/x-ndjson",
            url=file.path,
        )  # fmt: skip

    def _look(self, file: Listed, path: Path, shape: str) -> None:
        """Notes when the lines happened, and what the kind wants to remember of them."""
        options, log = self.ask.options, log_name(file.path)
        assert isinstance(options, LogOptions)
        found, undated, read = spans(path, self.ask.spec.shape(shape), path.with_name("spoilt"))
        self.undated += undated
        if self.reading.look:
            found += self.reading.look(read, shape, log, self.logs.state)
        self.logs.runs[log] = joined([*self.logs.runs.get(log, []), *found], options.quiet_h)


def _head(path: Path) -> str:
    with path.open("rb") as plain:
        return hashlib.sha256(plain.readline(_HEAD_BYTES)).hexdigest()


def _is_same(before: Json, file: Listed) -> bool:
    return all(before.get(name) == value for name, value in asdict(file).items())
