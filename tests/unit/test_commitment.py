"""Leaves, roots and audit paths, against published vectors and the definitions of RFC 9162."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pytest

from muniment.commitment import (
    EMPTY_ROOT,
    bronze_of,
    commitment_of,
    first_difference,
    fold,
    inclusion,
    record_leaf,
    root_from_path,
    write_sidecar,
)
from muniment.database import connect
from muniment.errors import EvidenceError

#: inputs and roots of the reference tree of google/certificate-transparency (merkle_tree_test)
CT_INPUTS = (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)  # fmt: skip
CT_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
#: (leaf, tree size) -> audit path, from the same tests
CT_PATHS = {
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
}


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


CT_LEAVES = [_sha(b"\x00" + bytes.fromhex(text)) for text in CT_INPUTS]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_of_the_certificate_transparency_tree(size: int) -> None:
    root, counted, _ = fold(CT_LEAVES[:size])
    assert (root.hex(), counted) == (CT_ROOTS[size - 1], size)


@pytest.mark.parametrize(("leaf", "size"), CT_PATHS)
def test_paths_of_the_certificate_transparency_tree(leaf: int, size: int) -> None:
    assert tuple(item.hex() for item in fold(CT_LEAVES[:size], leaf)[2]) == CT_PATHS[leaf, size]


def _mth(leaves: list[bytes]) -> bytes:
    """Merkle tree hash as RFC 9162, 2.1.1 defines it (over leaf hashes)."""
    if len(leaves) < 2:
        return leaves[0] if leaves else _sha(b"")
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return _sha(b"\x01" + _mth(leaves[:split]) + _mth(leaves[split:]))


def _path(leaf: int, leaves: list[bytes]) -> list[bytes]:
    """Inclusion path as RFC 9162, 2.1.3.1 defines it."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if leaf < split:
        return [*_path(leaf, leaves[:split]), _mth(leaves[split:])]
    return [*_path(leaf - split, leaves[split:]), _mth(leaves[:split])]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 8, 13, 31, 32, 33, 70])
def test_every_leaf_of_every_tree_leads_to_the_root_and_to_no_other(size: int) -> None:
    leaves = [_sha(bytes([n])) for n in range(size)]
    assert fold(leaves)[0] == _mth(leaves)
    for target in range(size):
        root, _, path = fold(leaves, target)
        assert list(path) == _path(target, leaves)
        assert root_from_path(leaves[target], target, size, path) == root
        if size > 1:
            assert root_from_path(_sha(b"other"), target, size, path) != root
            with pytest.raises(EvidenceError, match="shorter"):
                root_from_path(leaves[target], target, size, path[:-1])
        with pytest.raises(EvidenceError, match="longer"):
            root_from_path(leaves[target], target, size, [*path, root])


def _bronze(path: Path, rows: int) -> str:
    """Many small row groups, so that a scan on two threads could mix them up."""
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select 'k' || i as record_key, ('{{\"n\":' || i || '.50}}')::json as record "
            f"from range({rows}) t(i)) to '{path}' (format parquet, row_group_size 4096)"
        )
    return str(path)


def test_leaves_stand_in_the_order_of_the_bronze_file(tmp_path: Path) -> None:
    rows = 100_000
    bronze, sidecar = _bronze(tmp_path / "b.parquet", rows), tmp_path / "s.parquet"
    with connect() as connection:
        write_sidecar(connection, bronze, sidecar, "ab" * 32)
        commitment = commitment_of(connection, str(sidecar))
        noted = bronze_of(connection, str(sidecar))
        stored = connection.execute(
            f"select leaf_index, record_key, salt, record_hash from '{sidecar}' order by 1"
        ).fetchall()

    assert [row[1] for row in stored] == [f"k{n}" for n in range(rows)]
    assert stored[7][3] == _sha(b'k7\n{"n":7.50}')
    expected = [_sha(b"\x00" + salt + record_hash) for _, _, salt, record_hash in stored]
    assert commitment.leaf_count == rows
    assert commitment.records_root == fold(expected)[0].hex()
    assert noted == "ab" * 32


def test_salts_are_16_bytes_each_their_own_and_new_every_time(tmp_path: Path) -> None:
    bronze = _bronze(tmp_path / "b.parquet", 1000)
    salts: list[bytes] = []
    with connect() as connection:
        for name in ("s1", "s2"):
            sidecar = tmp_path / f"{name}.parquet"
            write_sidecar(connection, bronze, sidecar, "ab" * 32)
            salts += [
                row[0] for row in connection.execute(f"select salt from '{sidecar}'").fetchall()
            ]
    assert {len(salt) for salt in salts} == {16}
    assert len(set(salts)) == 2000


def test_no_records_have_the_root_of_the_empty_tree(tmp_path: Path) -> None:
    bronze, sidecar = _bronze(tmp_path / "b.parquet", 0), tmp_path / "s.parquet"
    with connect() as connection:
        write_sidecar(connection, bronze, sidecar, "ab" * 32)
        commitment = commitment_of(connection, str(sidecar))
        assert first_difference(connection, bronze, str(sidecar)) is None
    assert commitment.leaf_count == 0
    assert commitment.records_root == EMPTY_ROOT.hex() == hashlib.sha256(b"").hexdigest()


def test_inclusion_of_a_record_gives_all_that_its_proof_needs(tmp_path: Path) -> None:
    bronze, sidecar = _bronze(tmp_path / "b.parquet", 1000), tmp_path / "s.parquet"
    with connect() as connection:
        write_sidecar(connection, bronze, sidecar, "ab" * 32)
        found = inclusion(connection, bronze, str(sidecar), "k777")
        absent = inclusion(connection, bronze, str(sidecar), "k1000")
        root = commitment_of(connection, str(sidecar)).records_root
    assert absent is None
    assert found is not None
    record, place = found
    assert (record, place.leaf_index, place.tree_size) == ('{"n":777.50}', 777, 1000)
    leaf = record_leaf(place.salt, "k777", record)
    assert root_from_path(leaf, 777, 1000, place.audit_path).hex() == root


def test_a_sidecar_with_a_missing_row_is_refused(tmp_path: Path) -> None:
    bronze, sidecar = _bronze(tmp_path / "b.parquet", 100), tmp_path / "s.parquet"
    cut = tmp_path / "cut.parquet"
    with connect() as connection:
        write_sidecar(connection, bronze, sidecar, "ab" * 32)
        connection.execute(
            f"copy (select * from '{sidecar}' where leaf_index <> 40) to '{cut}' (format parquet)"
        )
        assert first_difference(connection, bronze, str(cut)) == "k40"
        with pytest.raises(EvidenceError, match="row 40"):
            commitment_of(connection, str(cut))
