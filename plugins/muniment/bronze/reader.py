"""Objects of a collection, read into parts of the Bronze file: one by one, or small ones together.

A part holds every record in its place, unreadable ones as NULL; what could not be read is
returned as quarantine rows. `received` is counted apart from the rows: for JSON lines from the
bytes, for the other forms the object is all or nothing.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from muniment.bronze import batch, delimited, elements, parquet, scan, selects
from muniment.bronze.batch import Small, Unfit, Wanted
from muniment.bronze.part import Part
from muniment.bronze.plain import Plain, Unreadable, plain
from muniment.collection import StoredObject
from muniment.database import SETTINGS
from muniment.errors import EvidenceError, MachineError
from muniment.locker import Locker
from muniment.sources.spec import CsvDialect, Shape

_MALFORMED = re.compile(r'Malformed JSON in file ".*?", at byte (\d+) in record/value (\d+): (.*)')
_NOISE = re.compile(r'^Invalid Input Error: | (in|while reading) file ".*?"')
#: a document of more than this may need more than a connection's usual limit: DuckDB counts what it
#: asks for, not what it touches. 64 MiB ask for up to 4 GB and touch 0.8 (measured as RSS)
_LARGE_BYTES = 8 << 20
_LARGE_MEMORY = "4GB"
_FAILURES = (duckdb.IOException, duckdb.OutOfMemoryException, OSError)
_REFUSALS = (duckdb.InvalidInputException, UnicodeDecodeError)
_TOO_MUCH = (
    f"a record is nested deeper than {selects.DEPTH_LIMIT}, or larger than "
    f"{selects.RECORD_LIMIT_BYTES} bytes"
)


class Reader:
    """Reads objects on one connection of one thread, over scratch files of its own."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, locker: Locker, folder: Path, source_id: str
    ) -> None:
        """`folder`: a local folder of one's own."""
        self._connection = connection
        self._locker = locker
        self._folder = folder
        self._source_id = source_id
        self._scratch = folder / "plain"
        self._forms = {
            "lines": self._lines, "array": self._array,
            "document": self._document, "csv": self._csv,
        }  # fmt: skip

    def read(self, item: StoredObject, shape: Shape, path: Path) -> Part:
        """Writes the part of one object to `path`.

        Raises EvidenceError where the locker does not hold the object as named, MachineError
        where this machine fails (disk full, memory).
        """
        part = Part(item, shape, path)
        try:
            source = plain(self._locker, item.sha256, self._scratch)
            self._forms[shape.form](part, source)
        except Unreadable as reason:
            return part.quarantined(str(reason))
        except _REFUSALS as error:
            return part.quarantined(f"not one JSON {shape.form}: {_said(error)}")
        except _FAILURES as error:
            raise MachineError(
                f"{self._source_id}, object {item.sha256}: this machine could not index it "
                f"({str(error).splitlines()[0]}). The locker keeps it; make room and run the same "
                "command again."
            ) from error
        return part

    def read_run(self, wanted: list[Wanted], paths: list[Path]) -> list[Part]:
        """Writes the parts of consecutive objects: one file if possible, else one at each path.

        Raises what `read` raises.
        """
        if len(wanted) > 1:
            # whatever it is, reading one by one comes upon it again and names the object
            with contextlib.suppress(Unfit, Unreadable, *_FAILURES, *_REFUSALS):
                return self._read_batch(wanted, paths[0])
        return [self.read(*pair, path) for pair, path in zip(wanted, paths, strict=True)]

    def _read_batch(self, wanted: list[Wanted], path: Path) -> list[Part]:
        smalls = []
        for number, (item, shape) in enumerate(wanted):
            source = plain(self._locker, item.sha256, batch.scratch(self._folder, number))
            smalls.append(Small(number, item, shape, source))
        counts = batch.copy(self._connection, smalls, path)
        return [
            Part(small.item, small.shape, path, counts[small.number], counts[small.number])
            for small in smalls
        ]

    def _lines(self, part: Part, source: Plain) -> None:
        try:
            nulls, suspects = self._copy(part, selects.lines(source.path, part.shape))
        except (duckdb.InvalidInputException, duckdb.OutOfMemoryException):
            nulls, suspects = 0, True  # a line over the limits stops the reader
        if suspects and any(line.is_over_limits for line in scan.lines(source.path)):
            spoilt = self._folder / "spoilt"
            scan.spoil(source.path, spoilt)
            nulls, _ = self._copy(part, selects.lines(spoilt, part.shape))
        elif suspects:
            nulls, _ = self._copy(part, selects.lines(source.path, part.shape), by_size=True)
        part.received, part.rows = part.rows, part.rows - nulls
        if part.received != source.lines:  # blank lines, or a loss: count them to know
            self._check(part, sum(1 for _ in scan.lines(source.path)))
        if nulls:
            part.unread += scan.unread(source.path, self._null_records(part), source.bom_bytes)
            self._check(part, part.rows + len(part.unread))

    def _array(self, part: Part, source: Plain) -> None:
        if source.first != b"[":
            raise Unreadable(f"not a JSON array: {_begins(source)}")
        self._copy_all(part, source, selects.array(source.path, part.shape))

    def _document(self, part: Part, source: Plain) -> None:
        if source.size > selects.RECORD_LIMIT_BYTES:
            raise Unreadable(
                f"document of {source.size} bytes is over the limit of {selects.RECORD_LIMIT_BYTES}"
            )
        if source.size <= _LARGE_BYTES:
            self._cut(part, source)
            return
        if scan.is_over_limits(source.path.read_bytes()):
            raise Unreadable(_TOO_MUCH)
        with self._much_memory():
            self._cut(part, source)

    def _cut(self, part: Part, source: Plain) -> None:
        query = self._connection.execute
        query(f"create or replace temp table document as {selects.document(source.path)}")
        [(count,)] = query("select count(*) from document").fetchall()
        if count != 1:
            raise Unreadable(f"not one JSON document: {count} values; {_begins(source)}")
        if not part.shape.elements:
            [(kind,)] = query("select json_type(json) from document").fetchall()
            if kind != "OBJECT":
                raise Unreadable(f"not a JSON object: {kind}")
            self._copy_all(part, source, selects.whole("document", part.shape))
            return
        misfit = query(elements.misfits("document", part.shape)).fetchone()
        if misfit is not None:
            raise Unreadable("not of this shape: at '{}' expected {}, found {}".format(*misfit))
        self._copy_all(part, source, elements.records("document", part.shape))

    def _csv(self, part: Part, source: Plain) -> None:
        dialect = part.shape.csv or CsvDialect()
        names = delimited.column_names(source, dialect)
        nulls = None
        if delimited.is_plain(source, dialect, names):
            with contextlib.suppress(*_REFUSALS):
                nulls, _ = self._copy(part, selects.table(source.path, part.shape, names))
        if nulls is None:
            rows = self._folder / "rows"
            part.unread = delimited.by_hand(source, dialect, names, rows)
            nulls, _ = self._copy(part, selects.lines(rows, part.shape))
        part.received, part.rows = part.rows, part.rows - nulls
        self._check(part, part.rows + len(part.unread))

    def _copy_all(self, part: Part, source: Plain, rows: str) -> None:
        """For forms that are all or nothing."""
        try:
            nulls, suspects = self._copy(part, rows)
        except duckdb.OutOfMemoryException:  # too deep for its parser, or merely large
            if scan.depth(source.path.read_bytes()) > selects.DEPTH_LIMIT:
                raise Unreadable(_TOO_MUCH) from None
            nulls, suspects = self._copy(part, rows, by_size=True)
        if suspects and self._has_record_over_limits(part):
            raise Unreadable(_TOO_MUCH)
        self._check(part, part.rows - nulls)
        part.received = part.rows

    @contextlib.contextmanager
    def _much_memory(self) -> Iterator[None]:
        self._connection.execute(f"set memory_limit = '{_LARGE_MEMORY}'")
        try:
            yield
        finally:
            self._connection.execute(f"set memory_limit = '{SETTINGS['memory_limit']}'")

    def _check(self, part: Part, counted: int) -> None:
        found = part.received or part.rows
        if found != counted:
            raise EvidenceError(
                f"{self._source_id}, object {part.item.sha256}: {found} records were read and "
                f"{counted} are accounted for. Nothing was indexed from this collection; please "
                "report this file's form."
            )

    def _copy(self, part: Part, rows: str, *, by_size: bool = False) -> tuple[int, bool]:
        """Writes the part; returns how many records are NULL and whether any is a suspect."""
        select = selects.part(rows, part.shape, [part.item.sha256])
        part.rows, stats = parquet.copy(self._connection, select, part.path, by_size=by_size)
        if not part.rows:
            return 0, False
        return int(stats["record"]["null_count"]), stats["is_suspect"].get("max") == "1"

    def _has_record_over_limits(self, part: Part) -> bool:
        found = self._connection.execute(
            f"select record::varchar from {part.rows_sql} where is_suspect"
        )
        return any(scan.is_over_limits(text.encode()) for (text,) in iter(found.fetchone, None))

    def _null_records(self, part: Part) -> set[int]:
        found = self._connection.execute(
            f"select record_no from {part.rows_sql} where record is null"
        ).fetchall()
        return {no for (no,) in found}


def _begins(source: Plain) -> str:
    if not source.first:
        return "the object is empty"
    return f"it begins with {source.first.decode('latin-1')!r}"


def _said(error: Exception) -> str:
    """The reader's message without the scratch file's name, which says nothing to anyone."""
    text = str(error) if isinstance(error, duckdb.Error) else "not UTF-8 text"
    if match := _MALFORMED.search(text):
        return f"{match[3].strip()} (byte {match[1]} of value {match[2]})"
    return _NOISE.sub("", text.splitlines()[0])
