"""DuckDB for Great Expectations: a SQLAlchemy dialect that reads every result whole, at once.

Great Expectations fetches rows after it has closed the connection; the plain dialect then answers
"list index out of range". Connections come from `database.connect`, with its settings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from duckdb_sqlalchemy import ConnectionWrapper, DuckDBExecutionContext
from duckdb_sqlalchemy import Dialect as DuckDBDialect
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

from muniment.database import connect

NAME = "muniment"


def register() -> None:
    """Makes `muniment:////absolute/path.duckdb` an address that SQLAlchemy opens."""
    registry.register(NAME, __name__, BufferedDialect.__name__)


class BufferedContext(DuckDBExecutionContext):
    """Keeps all rows of a statement before its cursor can be closed."""

    def post_exec(self) -> None:
        """Takes the rows over as soon as the statement has run."""
        super().post_exec()  # type: ignore[no-untyped-call]
        if self.cursor is not None and self.cursor.description:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, initial_buffer=self.cursor.fetchall()
            )


class BufferedDialect(DuckDBDialect):
    """DuckDB with buffered results, on connections of the project's one factory."""

    execution_ctx_cls = BufferedContext
    supports_statement_cache = True

    def connect(self, database: str, **_: Any) -> Any:
        """Opens one database file; other arguments of the address have no meaning here."""
        return ConnectionWrapper(connect(Path(database)))
