"""The commitment to a collection's records: salted leaves and their Merkle root (RFC 9162).

One leaf a record, in the order of the Bronze file. Salts and plain hashes live in a sidecar
(Parquet: leaf_index, record_key, salt, record_hash), so that one record can be disclosed and
proven without the others, and one erased while the others still prove.

    record_hash = SHA-256(record_key + "\\n" + record text as in Bronze)
    leaf        = SHA-256(0x00 || salt || record_hash)      node = SHA-256(0x01 || left || right)
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from duckdb import DuckDBPyConnection

from muniment.database import literal
from muniment.errors import EvidenceError

#: the root of no records (RFC 9162, 2.1.1)
EMPTY_ROOT = sha256(b"").digest()
_SECRET_BYTES = 32
_BATCH_ROWS = 20_000
_RECORD_HASH = "unhex(sha256(record_key || chr(10) || record::varchar))"
_BRONZE_ROWS = f"select file_row_number, record_key, {_RECORD_HASH} as record_hash"


@dataclass(frozen=True)
class Commitment:
    """What a receipt fixes: number of leaves, root (hex)."""

    leaf_count: int
    records_root: str


@dataclass(frozen=True)
class Inclusion:
    """Where one record stands in its sidecar, and the audit path from its leaf to the root."""

    leaf_index: int
    tree_size: int
    salt: bytes
    record_hash: bytes
    audit_path: tuple[bytes, ...]
    root: bytes


def write_sidecar(
    connection: DuckDBPyConnection, bronze: str, target: Path, bronze_sha256: str
) -> None:
    """Writes the sidecar of one Bronze file to a local path.

    A salt is 16 bytes of SHA-256(secret || leaf_index). The secret comes from the operating
    system, is drawn anew each time and is stored nowhere (no message may quote this statement), so
    that salts tell nothing about each other. The Bronze file's hash is noted in the file: a
    repeated commit knows its own sidecar.
    """
    secret = f"unhex('{os.urandom(_SECRET_BYTES).hex()}')"
    connection.execute(
        f"""
        copy (
          select
            file_row_number as leaf_index,
            record_key,
            unhex(substr(sha256({secret} || encode(file_row_number::varchar)), 1, 32)) as salt,
            {_RECORD_HASH} as record_hash
          from {_rows_of(bronze)}
        ) to {literal(str(target))} (
          format parquet, compression zstd, kv_metadata {{bronze_sha256: '{bronze_sha256}'}}
        )
        """
    )


def bronze_of(connection: DuckDBPyConnection, sidecar: str) -> str | None:
    """The hash of the Bronze file that a sidecar was made for, as noted in it."""
    row = connection.execute(
        f"select decode(value) from parquet_kv_metadata({literal(sidecar)}) "
        "where decode(key) = 'bronze_sha256'"
    ).fetchone()
    return str(row[0]) if row else None


def commitment_of(connection: DuckDBPyConnection, sidecar: str) -> Commitment:
    """Number of leaves and root of one sidecar."""
    root, size, _ = fold(leaves(connection, sidecar))
    return Commitment(size, root.hex())


def leaves(connection: DuckDBPyConnection, sidecar: str) -> Iterator[bytes]:
    """The leaves of one sidecar, in order, in bounded memory.

    Raises EvidenceError where a row is missing, doubled, out of order or incomplete.
    """
    expected = 0
    with connection.cursor() as cursor:
        cursor.execute(
            "select leaf_index, unhex(sha256('\\x00'::blob || salt || record_hash)) "
            f"from read_parquet({literal(sidecar)})"
        )
        while rows := cursor.fetchmany(_BATCH_ROWS):
            for leaf_index, leaf in rows:
                if leaf_index != expected or leaf is None:
                    raise EvidenceError(f"Sidecar {sidecar}: row {expected} is missing or broken.")
                yield leaf
                expected += 1


def fold(
    hashes: Iterable[bytes], target: int | None = None
) -> tuple[bytes, int, tuple[bytes, ...]]:
    """Root, number of leaves, and the audit path of leaf `target` (empty without one).

    Keeps one hash a level: the subtrees that are complete so far, largest first (RFC 9162, 2.1).
    """
    stack: list[bytes] = []
    path: list[bytes] = []
    holder = -1  # place in the stack of the subtree that holds the target
    size = 0

    def merge() -> None:
        nonlocal holder
        right = stack.pop()
        left = stack[-1]
        if holder >= len(stack) - 1:
            path.append(right if holder == len(stack) - 1 else left)
            holder = len(stack) - 1
        stack[-1] = sha256(b"\x01" + left + right).digest()

    for leaf in hashes:
        if size == target:
            holder = len(stack)
        stack.append(leaf)
        completed = size
        while completed & 1:
            merge()
            completed >>= 1
        size += 1
    while len(stack) > 1:
        merge()
    return (stack[0] if stack else EMPTY_ROOT), size, tuple(path)


def first_difference(connection: DuckDBPyConnection, bronze: str, sidecar: str) -> str | None:
    """The record key of the first row in which a Bronze file is not what its sidecar fixed.

    None where every record fits. Both files are read once, side by side, in order.
    """
    with connection.cursor() as left, connection.cursor() as right:
        left.execute(f"{_BRONZE_ROWS} from {_rows_of(bronze)}")
        right.execute(
            f"select leaf_index, record_key, record_hash from read_parquet({literal(sidecar)})"
        )
        while True:
            found, fixed = left.fetchmany(_BATCH_ROWS), right.fetchmany(_BATCH_ROWS)
            if found != fixed:
                return _first_unequal(found, fixed)
            if not found:
                return None


def inclusion(
    connection: DuckDBPyConnection, bronze: str, sidecar: str, record_key: str
) -> tuple[str, Inclusion] | None:
    """A record's text as in Bronze and its inclusion in the tree; None where it is not there."""
    row = connection.execute(
        f"select file_row_number, record::varchar from {_rows_of(bronze)} "
        "where record_key = ? order by file_row_number limit 1",
        [record_key],
    ).fetchone()
    if row is None:
        return None
    secret = connection.execute(
        f"select salt, record_hash from read_parquet({literal(sidecar)}) "
        "where leaf_index = ? and record_key = ?",
        [row[0], record_key],
    ).fetchone()
    if secret is None:
        raise EvidenceError(f"Sidecar {sidecar} holds no salt for record {record_key}.")
    root, size, path = fold(leaves(connection, sidecar), row[0])
    return str(row[1]), Inclusion(int(row[0]), size, secret[0], secret[1], path, root)


def record_leaf(salt: bytes, record_key: str, record: str) -> bytes:
    """The leaf of one record."""
    record_hash = sha256(f"{record_key}\n{record}".encode()).digest()
    return sha256(b"\x00" + salt + record_hash).digest()


def root_from_path(leaf: bytes, leaf_index: int, tree_size: int, path: Iterable[bytes]) -> bytes:
    """The root that an audit path leads to (RFC 9162, 2.1.3.2).

    Raises EvidenceError where the path does not belong to this place in a tree of this size.
    """
    index, last, node = leaf_index, tree_size - 1, leaf
    for sibling in path:
        if last == 0:
            raise EvidenceError("The audit path is longer than the tree is high.")
        if index & 1 or index == last:
            node = sha256(b"\x01" + sibling + node).digest()
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    if last:
        raise EvidenceError("The audit path is shorter than the tree is high.")
    return node


def _first_unequal(found: list[tuple[object, ...]], fixed: list[tuple[object, ...]]) -> str:
    for ours, theirs in zip(found, fixed, strict=False):
        if ours != theirs:
            return str(ours[1])
    longer = found if len(found) > len(fixed) else fixed
    return str(longer[min(len(found), len(fixed))][1])


def _rows_of(bronze: str) -> str:
    return f"read_parquet({literal(bronze)}, file_row_number = true)"
