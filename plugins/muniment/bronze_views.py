"""Bronze as dbt sees it: one view a kind over the files that no successful build has read.

The columns are the contract with dbt (`dbt_project/models/sources.yml`).
"""

from __future__ import annotations

import duckdb

from muniment.database import literal
from muniment.errors import EvidenceError
from muniment.receipts import bronze_path, file_sha256
from muniment.sources import discover
from muniment.sources.spec import REQUESTS
from muniment.storage import Store

BRONZE_COLUMNS = (
    "bronze_version INTEGER, source_id VARCHAR, stream VARCHAR, receipt_id VARCHAR, "
    "object_sha256 VARCHAR, record_no BIGINT, record_path VARCHAR, record_key VARCHAR, "
    "native_id VARCHAR, event_time_raw VARCHAR, event_time TIMESTAMP, received_at TIMESTAMP, "
    "record JSON"
)


def write(connection: duckdb.DuckDBPyConnection, home: Store) -> None:
    """One view a kind over the files that no build has seen, and one over all requests."""
    kinds = list(discover())
    for kind in kinds:
        new = connection.execute(
            "select source_id, receipt_id, bronze_sha256 from ops.receipts "
            "where is_new and kind = ? "
            "and receipt_id in (select receipt_id from ops.receipt_streams where records > 0) "
            "order by source_id, sequence",
            [kind],
        ).fetchall()
        files = ", ".join(literal(_sound_bronze(home, *row)) for row in new)
        columns = ", ".join(
            f"null::{column.split()[1]} as {column.split()[0]}"
            for column in BRONZE_COLUMNS.split(", ")
        )
        rows = (
            f"from read_parquet([{files}], hive_partitioning = false)"
            if files
            else f"select {columns} where false"
        )
        connection.execute(f"create or replace view bronze.{kind} as {rows}")
    union = " union all ".join(f"from bronze.{kind}" for kind in kinds)
    connection.execute(
        f"create or replace view bronze.request as select * from ({union}) "
        f"where stream = {literal(REQUESTS.stream)}"
    )


def _sound_bronze(home: Store, source_id: str, receipt_id: str, sha256: str) -> str:
    """Where the Bronze file of a receipt is read; EvidenceError where it is not the one fixed."""
    path = bronze_path(source_id, receipt_id)
    if not home.exists(path) or file_sha256(home, path) != sha256:
        raise EvidenceError(
            f"{path} is not the file that its receipt fixed (source '{source_id}'): it is missing "
            "or was changed. Nothing was built. `muniment verify` says more; bring the file back "
            "from a backup."
        )
    return home.uri(path)
