"""Registers: the newest file speaks, for the past too; a broken header is named, never guessed."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import fsspec
import pytest

from file_source import FileSource
from muniment.settings import load

ROSTER = (
    "person_id,entity,work_email,name,employer,vendor_id,manager_id,role,country,start_at,end_at,"
    "logins"
)
ROWS = (
    "p1,,a@example.com,Ana,Own,,p9,dev,PT,2025-01-01T08:00:00Z,2025-06-30,okta:a",
    "p1,,a@example.com,Ana,Own,,p9,dev,PT,2025-09-01T08:00:00Z,,okta:a",  # a rehire
    "p2,,b@example.com,Bo,Vendor,v1,p9,qa,VN,2025-02-03,,okta:b;github:bo",
)
HEADERS = {
    "assets": "asset_id,entity,type,name,native_id,owner,environment,criticality,data_class,"
    "os_name,os_version,scanner_types,in_scope,scope_reason,scope_approver",
    "waivers": "waiver_id,test_id,scope,owner,approver,approved_at,expires_at,reason,"
    "compensating_control",
    "controls": "control_id,statement,owner,frequency,criteria,tests,scope,valid_from,valid_to",
}


def csv(*rows: str, header: str = ROSTER) -> bytes:
    return "".join(f"{row}\n" for row in (header, *rows)).encode()


def roster(tmp_path: Path, **options: object) -> FileSource:
    return FileSource.make(tmp_path, "register", schema="roster", **options)


def test_a_roster_keeps_mark_duplicates_and_rehires(tmp_path: Path) -> None:
    source = roster(tmp_path)
    source.put("roster.csv", b"\xef\xbb\xbf" + csv(*ROWS, ROWS[2]))
    receipt = source.run(mode="snapshot")
    records = [json.loads(text) for text, stream in source.bronze(receipt, "record, stream")
               if stream == "roster"]  # fmt: skip
    assert [record["person_id"] for record in records] == ["p1", "p1", "p2", "p2"]
    assert [record["end_at"] for record in records] == ["2025-06-30", "", "", ""]
    assert receipt.records["roster"] == 4
    assert receipt.duplicates == {"roster": 1}
    assert [(p.stream, p.basis) for p in receipt.proofs] == [("roster", "file_manifest")]


@pytest.mark.parametrize(
    ("schema", "stream", "fed"),
    [("assets", "asset", "assets.asset"), ("waivers", "waiver", "waivers"),
     ("controls", "control", "controls")],
)  # fmt: skip
def test_each_schema_has_its_streams(tmp_path: Path, schema: str, stream: str, fed: str) -> None:
    source = FileSource.make(tmp_path, "register", schema=schema)
    cells = HEADERS[schema].count(",")
    source.put("r.csv", csv("x" + "," * cells, header=HEADERS[schema]))
    receipt = source.run(mode="snapshot")
    assert receipt.failure is None
    assert receipt.warnings == []
    assert receipt.records[stream] == 1
    assert [proof.stream for proof in receipt.proofs] == [fed]


def test_the_newest_file_is_the_statement_under_one_name(tmp_path: Path) -> None:
    source = roster(tmp_path)
    old = source.put("2026-01.csv", csv(*ROWS[:1]))
    os.utime(old, (1_767_000_000, 1_767_000_000))
    new = source.put("2025-12-late.csv", csv(*ROWS))
    os.utime(new, (1_767_500_000, 1_767_500_000))
    receipt = source.run(mode="snapshot")
    assert source.stored(receipt, "roster") == [csv(*ROWS)]
    (line,) = [line for line in source.requests(receipt) if line["shape"] == "roster"]
    assert (line["url"], line["context"]["path"]) == ("roster", "2025-12-late.csv")
    unchanged = source.run("2026-01-07T02:00:00Z", mode="snapshot")
    assert source.stored(unchanged, "roster") == []
    assert len(unchanged.proofs) == 1


def test_a_register_replaced_under_its_old_size_and_time_is_read(tmp_path: Path) -> None:
    source = roster(tmp_path)
    file = source.put("roster.csv", csv(*ROWS))
    source.run(mode="snapshot")
    changed = csv(*ROWS).replace(b"2025-06-30", b"2025-07-31")
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    os.utime(source.put("roster.csv", changed), ns=times)
    assert file.stat().st_size == len(csv(*ROWS))
    again = source.run("2026-01-07T02:00:00Z", mode="snapshot")
    assert source.stored(again, "roster") == [changed]
    (proof,) = again.proofs
    assert proof.reason == "1 files listed, 1 of them new."


def test_a_register_on_an_object_store_is_read_whatever_its_listing_says(tmp_path: Path) -> None:
    source = roster(tmp_path)
    config = source.settings.file
    folder = f"memory://{tmp_path.name}"
    config.write_text(config.read_text().replace("location: drop", f"location: {folder}"))
    source = FileSource(load(config), source.drop)
    store = fsspec.filesystem("memory")
    store.pipe(f"{folder}/roster.csv", csv(*ROWS))
    listed = store.store[f"/{tmp_path.name}/roster.csv"].modified
    source.run(mode="snapshot")
    changed = csv(*ROWS).replace(b"2025-06-30", b"2025-07-31")
    store.pipe(f"{folder}/roster.csv", changed)
    store.store[f"/{tmp_path.name}/roster.csv"].modified = listed
    assert source.stored(source.run("2026-01-07T02:00:00Z", mode="snapshot"), "roster") == [changed]


def test_files_beside_the_register_are_listed_and_said(tmp_path: Path) -> None:
    source = roster(tmp_path)
    old = source.put("backup/old.csv", csv(*ROWS[:1]))
    os.utime(old, (1_767_000_000, 1_767_000_000))
    source.put("roster.csv", csv(*ROWS))
    receipt = source.run(mode="snapshot")
    assert receipt.warnings == [
        "1 other .csv files were left aside: only the one that was changed last is the statement. "
        "The listing names them all."
    ]
    (body,) = source.stored(receipt, "manifest")
    listing = json.loads(gzip.decompress(body))
    assert [file["path"] for file in listing["left_aside"]] == ["backup/old.csv"]
    (source.drop / "roster.csv").unlink()  # what was left aside speaks again, and is kept anew
    fallback = source.run("2026-01-07T02:00:00Z", mode="snapshot")
    assert source.stored(fallback, "roster") == [csv(*ROWS[:1])]
    assert fallback.warnings == ["1 files of the listing before are no longer in the folder."]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (csv(*ROWS).replace(b",end_at,", b",ends,"), "columns missing: end_at; found: person_id"),
        (csv(*ROWS).replace(b",", b";"), "columns missing: person_id, work_email"),
        (b"", "found: none"),
        (csv(*ROWS).decode().encode("utf-16"), "not UTF-8"),
        (csv(), "a header and no row"),
    ],
    ids=["renamed", "semicolons", "empty", "utf-16", "no-rows"],
)
def test_a_broken_register_is_not_kept_and_says_what_to_do(
    tmp_path: Path, body: bytes, said: str
) -> None:
    source = roster(tmp_path)
    source.put("roster.csv", body)
    receipt = source.run(mode="snapshot")
    assert receipt.failure is not None
    assert said in receipt.failure.reason
    assert source.stored(receipt, "roster") == []
    assert receipt.proofs == []


def test_columns_may_be_named_otherwise(tmp_path: Path) -> None:
    source = roster(tmp_path, columns={"end_at": "Austritt"})
    source.put("roster.csv", csv(*ROWS).replace(b",end_at,", b",Austritt,"))
    assert source.run(mode="snapshot").failure is None


def test_a_column_that_the_schema_has_not_cannot_be_renamed(tmp_path: Path) -> None:
    source = roster(tmp_path, columns={"end": "Austritt"})
    source.put("roster.csv", csv(*ROWS))
    failure = source.run(mode="snapshot").failure
    assert failure is not None and "renames end, which register 'roster' does not" in failure.reason


def test_entity_may_be_left_out_and_other_absences_are_said(tmp_path: Path) -> None:
    source = roster(tmp_path)
    columns = [name for name in ROSTER.split(",") if name not in ("entity", "country")]
    source.put("roster.csv", csv("," * (len(columns) - 1), header=",".join(columns)))
    receipt = source.run(mode="snapshot")
    assert receipt.failure is None
    assert receipt.warnings == ["Register 'roster' has no column country."]


def test_a_row_in_another_encoding_costs_that_row(tmp_path: Path) -> None:
    source = roster(tmp_path)
    source.put("roster.csv", csv(ROWS[0], ROWS[2].replace("Bo", "Bö")).decode().encode("cp1252"))
    receipt = source.run(mode="snapshot")
    assert receipt.records["roster"] == 1
    assert receipt.quarantined == {"roster": 1}
    assert source.quarantine(receipt, "line, reason") == [(3, "invalid UTF-8 in the row")]


def test_a_folder_without_a_register_is_a_failure(tmp_path: Path) -> None:
    failure = roster(tmp_path).run(mode="snapshot").failure
    assert failure is not None and "no .csv file in drop" in failure.reason
