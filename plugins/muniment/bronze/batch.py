"""Many small objects in few statements: a statement costs more than a small object's reading.

Consecutive small arrays and documents become one part. It is all or nothing: where anything is
amiss with one of them, `Unfit` is raised and all are read one by one, which finds out what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from muniment.bronze import elements, parquet, scan, selects
from muniment.bronze.part import relation
from muniment.bronze.plain import Plain
from muniment.collection import StoredObject
from muniment.sources.spec import Shape

Wanted = tuple[StoredObject, Shape]

#: larger objects are worth statements of their own
SMALL_BYTES = 256 << 10
_OBJECTS = 200
_BYTES = 8 << 20


class Unfit(Exception):
    """One of these objects must be read on its own."""


@dataclass(frozen=True)
class Small:
    """The plain bytes of one object of a batch; number: its place there, from 0."""

    number: int
    item: StoredObject
    shape: Shape
    source: Plain


def runs(wanted: Iterable[Wanted]) -> Iterator[list[Wanted]]:
    """Consecutive objects that may be read together; any other object alone."""
    taken: list[Wanted] = []
    size = 0
    for item, shape in wanted:
        is_small = shape.form in ("array", "document") and item.size <= SMALL_BYTES
        if taken and (not is_small or len(taken) == _OBJECTS or size + item.size > _BYTES):
            yield taken
            taken, size = [], 0
        if is_small:
            taken.append((item, shape))
            size += item.size
        else:
            yield [(item, shape)]
    if taken:
        yield taken


def scratch(folder: Path, number: int) -> Path:
    """Where the plain bytes of one object of a batch are written; its name ends in the number."""
    return folder / f"plain-{number:08d}"


def copy(connection: duckdb.DuckDBPyConnection, smalls: list[Small], target: Path) -> Counter[int]:
    """Writes one part of these objects, in their order; returns the records of each number.

    Raises Unfit, or what DuckDB raises, where any of them is not of its shape.
    """
    _check(smalls)
    names = [small.item.sha256 for small in smalls]
    selected = " union all ".join(
        selects.part(rows, shape, names) for shape, rows in _rows(connection, smalls)
    )
    count, stats = parquet.copy(
        connection, f"from ({selected}) order by object_no, record_no", target
    )
    if not count:
        return Counter()
    if stats["record"]["null_count"] != "0" or stats["is_suspect"].get("max") == "1":
        raise Unfit
    counted = connection.execute(
        f"select object_no, count(*) from {relation([str(target)])} group by all"
    ).fetchall()
    return Counter(dict(counted))


def _check(smalls: list[Small]) -> None:
    """Raises Unfit where an object is not small, not of its form at first sight, or deep."""
    if sum(small.source.size for small in smalls) > 2 * _BYTES:
        raise Unfit
    for small in smalls:
        source = small.source
        if source.size > SMALL_BYTES or (small.shape.form == "array" and source.first != b"["):
            raise Unfit
        if source.size > selects.DEPTH_LIMIT and scan.is_over_limits(source.path.read_bytes()):
            raise Unfit


def _rows(connection: duckdb.DuckDBPyConnection, smalls: list[Small]) -> list[tuple[Shape, str]]:
    """Reads the values of these objects; returns each shape and the SELECT of its records.

    Raises Unfit, or what DuckDB raises, where an object is not of its shape.
    """
    shapes: dict[Shape, list[Small]] = {}
    for small in smalls:
        shapes.setdefault(small.shape, []).append(small)
    found = []
    for at, (shape, own) in enumerate(shapes.items()):
        table = f"values_{at}"
        connection.execute(
            f"create or replace temp table {table} as "
            + selects.values([small.source.path for small in own], shape.form, 2 * SMALL_BYTES)
        )
        read = _array if shape.form == "array" else _document
        found.append((shape, read(connection, table, shape, own)))
    return found


def _array(
    connection: duckdb.DuckDBPyConnection, table: str, shape: Shape, own: list[Small]
) -> str:
    counts = connection.execute(
        f"select object_no, count(*), max(value_no) - min(value_no) + 1 from {table} group by all"
    ).fetchall()
    if any(count != span for _, count, span in counts):
        raise Unfit  # values of several objects came mixed: their numbers would be wrong
    seen = {number for number, _, _ in counts}
    if any(
        small.number not in seen and b"".join(small.source.path.read_bytes().split()) != b"[]"
        for small in own
    ):
        raise Unfit
    return selects.numbered(table, shape)


def _document(
    connection: duckdb.DuckDBPyConnection, table: str, shape: Shape, own: list[Small]
) -> str:
    found = connection.execute(f"select object_no, json_type(json) from {table}").fetchall()
    if sorted(number for number, _ in found) != [small.number for small in own]:
        raise Unfit
    if not shape.elements:
        if any(kind != "OBJECT" for _, kind in found):
            raise Unfit
        return selects.whole(table, shape)
    if connection.execute(elements.misfits(table, shape)).fetchone() is not None:
        raise Unfit
    return elements.records(table, shape)
