"""A part of a Bronze file: what became of one object."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from muniment.bronze.scan import Unread
from muniment.collection import StoredObject
from muniment.database import literal
from muniment.sources.spec import Shape


def relation(paths: list[str]) -> str:
    """SQL: the rows of these files of parts, in their order."""
    return f"read_parquet([{', '.join(map(literal, paths))}])"


@dataclass
class Part:
    """What became of one object: its rows, and what could not be read.

    Small objects share the file at `path`, in their order.
    """

    item: StoredObject
    shape: Shape
    path: Path
    received: int = 0
    rows: int = 0
    unread: list[Unread] = field(default_factory=list)
    is_whole_object: bool = False

    @property
    def rows_sql(self) -> str:
        """The rows at `path`, as a relation of DuckDB's."""
        return relation([str(self.path)])

    def quarantined(self, reason: str) -> Part:
        """The same object, of which nothing can be read."""
        whole = Unread(None, None, None, reason)
        return Part(self.item, self.shape, self.path, 1, 0, [whole], is_whole_object=True)
