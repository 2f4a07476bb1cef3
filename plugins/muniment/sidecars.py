"""Sidecars in the home: made once for one Bronze file, used again when a commit is repeated."""

from __future__ import annotations

import duckdb

from muniment.commitment import Commitment, bronze_of, commitment_of, write_sidecar
from muniment.database import connect
from muniment.errors import MachineError
from muniment.storage import Store


def fix(store: Store, bronze: str, sidecar: str, bronze_sha256: str) -> Commitment:
    """The commitment to one Bronze file, its sidecar written where there is none for these bytes.

    bronze, sidecar: paths in the home. Raises MachineError where a file cannot be read or written.
    """
    uri = store.uri(sidecar)
    try:
        with connect() as connection:
            if store.exists(sidecar) and bronze_of(connection, uri) != bronze_sha256:
                store.delete(sidecar)  # of an earlier index run that no receipt names
            if not store.exists(sidecar):
                _make(connection, store, bronze, sidecar, bronze_sha256)
            return commitment_of(connection, uri)
    except duckdb.Error as error:
        raise MachineError(
            f"{sidecar}: this machine could not write or read it ({str(error).splitlines()[0]}). "
            "The collection is kept. Mend the cause (a damaged sidecar may be removed: no receipt "
            "names it yet) and run the same command again."
        ) from error


def _make(
    connection: duckdb.DuckDBPyConnection,
    store: Store,
    bronze: str,
    sidecar: str,
    bronze_sha256: str,
) -> None:
    with store.scratch() as folder:
        local = folder / "sidecar.parquet"
        write_sidecar(connection, store.uri(bronze), local, bronze_sha256)
        try:
            store.create_file(local, sidecar)
        except FileExistsError:  # a second commit of the same collection was first
            return
