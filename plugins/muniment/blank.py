"""A blank warehouse: all that no evidence changes, made once for a project and copied into homes.

It holds the seeds, the staging tables, empty, and the views: more than half of what a first build
would have to make.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from muniment import build_inputs, project_cache, scratch, transformation
from muniment.database import connect
from muniment.settings import Settings
from muniment.storage import Store

_DAY = date(1970, 1, 1)
#: made by every build
_MADE_ANEW = ("ops", "bronze", "control_tests", "marts")


def lay(warehouse: Path) -> None:
    """Writes a blank warehouse to a path where nothing is. Raises as `transformation.run`."""
    folder, key = transformation.cache_folder(), transformation.key(warehouse)
    content = project_cache.read(folder, project_cache.BLANK, key)
    if content is None:
        content = _made(warehouse)
        project_cache.keep(folder, project_cache.BLANK, key, content)
    warehouse.write_bytes(content)


def _made(warehouse: Path) -> bytes:
    """A build of no sources, without what every build makes anew."""
    with scratch.folder(warehouse.parent / "tmp") as folder:
        path = folder / warehouse.name  # views name their database
        nobody = Settings(
            file=folder / "muniment.yml", organisation="", home=Store(folder / "home"),
            frameworks=(), is_sandbox=False, trusted_private_ca=None, releases_kept=1, sources=(),
        )  # fmt: skip
        with connect(path) as connection:
            build_inputs.write(connection, nobody, _DAY, "", is_full_refresh=True)
        transformation.make_blank(path)
        with connect(path) as connection:
            for schema in _MADE_ANEW:
                connection.execute(f"drop schema if exists {schema} cascade")
            tables = connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'intermediate'"
            ).fetchall()
            for (table,) in tables:
                connection.execute(f"drop table intermediate.{table}")
        return path.read_bytes()
