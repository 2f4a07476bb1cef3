"""Every fault of files, of the configuration and of the machine, through the command line.

Three file sources stand side by side; one gets the fault. Each test looks at exit codes, messages
and the ledger, at what is left of the faulty source's records and at the other sources', and
mends the fault.
"""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from command_line import command
from file_home import DAY, END, SOURCES, Home, ended, person, process, report, table
from muniment import verdicts
from muniment.verdicts import OPEN
from muniment.warehouse import warehouse_lock


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.make(tmp_path)


def bit_flipped(body: bytes) -> bytes:
    """Gzip of stored blocks, in which a flipped bit of the text still inflates."""
    stored = bytearray(gzip.compress(body, 0))
    stored[stored.index(b"flipped")] ^= 1
    return bytes(stored)


WHOLE = json.dumps(report("flipped", "or cut")).encode()
TABLE = table(person("flipped"))
DEEP = b"[" * 100_000 + b"]" * 100_000
UNREADABLE = {
    "invalid-utf8": (
        "bad.sarif", WHOLE.replace(b"or cut", b"or \xff\xfe"), "invalid UTF-8 encoding in string"
    ),
    "nul": ("bad.sarif", WHOLE.replace(b"or cut", b"or \0cut"), "not one JSON document"),
    "cut-json": ("bad.sarif", WHOLE[:-9], "not one JSON document"),
    "deep": (
        "bad.sarif", WHOLE.replace(b'"or cut"', DEEP), "nested deeper than 10000"
    ),
    "empty-file": ("bad.sarif", b"", "the object is empty"),
    "html": ("bad.sarif", b"<html>Sign in</html>", "not one JSON document"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_a_gap_until_it_is_mended(
    home: Home, case: tuple[str, bytes, str]
) -> None:
    name, body, reason = case
    bad = home.put(f"sast/{name}", body)
    collected = home.collect()
    assert collected.exit_code == 0, collected.stderr
    indexed, assessed = home.settle()
    assert indexed.exit_code == 1
    assert "sast: 2 unreadable, kept in quarantine" in indexed.stderr  # results and runs
    assert assessed.exit_code == 1
    assert home.words("sast") == {"GAP"}
    for row in home.day("sast"):
        assert "could not be read" in row.reason
        assert row.quarantined == 1
        assert f"quarantine/sast/{row.receipt_ids[-1]}.parquet" in row.reason
    said = home.quarantine("sast")
    assert [(reason in text, whole) for text, whole in said] == [(True, True)], said
    assert home.texts() == ["sound"]
    home.assert_others_are_open()
    bad.unlink()
    home.put("sast/good.sarif", report("mended"))
    assert home.collect().exit_code == 0
    indexed, assessed = home.settle()
    assert (indexed.exit_code, assessed.exit_code) == (0, 0), assessed.stderr
    assert home.words("sast") == {"COMPLETE"}
    assert home.texts() == ["mended", "sound"]


DAMAGED = {
    "bit": (bit_flipped(WHOLE), "gzip is damaged"),
    "cut-gzip": (gzip.compress(WHOLE)[:-12], "gzip is damaged"),
}


@pytest.mark.parametrize("case", DAMAGED.values(), ids=DAMAGED)
def test_a_report_whose_gzip_is_damaged_is_a_gap_until_it_is_mended(
    home: Home, case: tuple[bytes, str]
) -> None:
    """Nobody can look for secrets in it, so that it is not kept; the others are."""
    body, reason = case
    bad = home.put("sast/bad.sarif.gz", body)
    collected = home.collect()
    assert collected.exit_code == 3
    assert "sast 2026-01-05 to 2026-01-06: FAILED" in collected.stderr
    assert f"'bad.sarif.gz': {reason}" in collected.stderr
    indexed, assessed = home.settle()
    assert (indexed.exit_code, assessed.exit_code) == (0, 1)
    assert home.words("sast") == {"GAP"}
    assert all(reason in row.reason for row in home.day("sast"))
    assert home.texts() == ["sound"]
    home.assert_others_are_open()
    bad.write_bytes(gzip.compress(WHOLE))
    assert home.collect().exit_code == 0
    indexed, assessed = home.settle()
    assert (indexed.exit_code, assessed.exit_code) == (0, 0), assessed.stderr
    assert home.texts()[:2] == ["flipped", "or cut"]


@pytest.mark.parametrize("body", [bit_flipped(TABLE), gzip.compress(TABLE)[:-12]])
def test_a_register_whose_gzip_is_damaged_is_a_gap_until_it_is_mended(
    home: Home, body: bytes
) -> None:
    bad = home.put("roster/z.csv.gz", body)
    os.utime(bad, (2e9, 2e9))  # the newest file is the statement
    collected = home.collect()
    indexed, assessed = home.settle()
    assert max(collected.exit_code, indexed.exit_code) in (1, 3)
    said = collected.stderr + " ".join(text for text, _ in home.quarantine("roster"))
    assert "gzip is damaged" in said
    assert assessed.exit_code == 1
    assert home.words("roster") == {"GAP"}
    home.assert_others_are_open("images", "sast")
    bad.unlink()
    assert home.collect().exit_code == 0
    indexed, assessed = home.settle()
    assert (indexed.exit_code, assessed.exit_code) == (0, 0), assessed.stderr
    assert home.bronze("roster", "roster", "record ->> 'person_id'")[-2:] == ["P-1", "P-2"]


@pytest.mark.parametrize("bad", [b"P-3,\xff\xfe@example.com\n", b"P-3,p\0@example.com\n"])
def test_a_bad_row_costs_that_row_and_the_register_is_a_gap(home: Home, bad: bytes) -> None:
    home.put("roster/people.csv", table(person("P-1"), person("P-2")) + bad)
    assert home.collect().exit_code == 0
    indexed, assessed = home.settle()
    assert "roster: 1 unreadable, kept in quarantine" in indexed.stderr
    assert (indexed.exit_code, assessed.exit_code) == (1, 1)
    assert home.words("roster") == {"GAP"}
    assert "1 record could not be read" in home.day("roster")[0].reason
    assert home.bronze("roster", "roster", "record ->> 'person_id'") == ["P-1", "P-2"]
    home.assert_others_are_open("images", "sast")


def test_a_record_of_50_mb_is_a_record(home: Home) -> None:
    home.put("sast/large.sarif", report("x" * (50 << 20), "small"))
    assert home.collect().exit_code == 0
    indexed, assessed = home.settle()
    assert (indexed.exit_code, assessed.exit_code) == (0, 0), indexed.stderr
    assert home.words("sast") == {"COMPLETE"}
    assert sorted(map(len, home.texts())) == [5, 5, 50 << 20]
    home.assert_others_are_open()


def test_a_roster_with_mark_duplicate_rows_and_a_rehire_keeps_them_all(home: Home) -> None:
    rehired = person("P-1", start_at="2025-09-01")
    rows = [person("P-1", end_at="2025-06-30"), person("P-2"), person("P-2"), rehired]
    home.put("roster/people.csv", b"\xef\xbb\xbf" + table(*rows))
    assert home.collect().exit_code == 0
    indexed, assessed = home.settle()
    assert (indexed.exit_code, assessed.exit_code) == (0, 0), indexed.stderr + assessed.stderr
    (row,) = home.day("roster")
    assert (row.verdict, row.grade, row.received) == ("COMPLETE", "asserted", 4)
    kept = home.bronze("roster", "roster", "(record ->> 'person_id') || (record ->> 'start_at')")
    assert kept == ["P-12025-03-01", "P-12025-09-01", "P-22025-03-01", "P-22025-03-01"]
    home.assert_others_are_open("images", "sast")


def test_an_empty_folder_is_confirmed_to_be_empty_and_an_absent_one_is_not(home: Home) -> None:
    (home.folder / "drop/sast/sound.sarif").unlink()
    assert home.collect().exit_code == 0
    indexed, assessed = home.settle()
    assert (indexed.exit_code, assessed.exit_code) == (0, 0)
    assert home.words("sast") == {"EMPTY_CONFIRMED"}
    said = "Nothing was there, and that is shown by the folder's listing. 0 files listed"
    assert all(row.reason.startswith(said) for row in home.day("sast"))
    home.assert_others_are_open()


def test_a_folder_that_is_not_there_is_a_gap_and_heals(home: Home) -> None:
    (home.folder / "drop/sast").rename(home.folder / "away")
    done = home.collect()
    assert done.exit_code == 3
    assert "sast 2026-01-05 to 2026-01-06: FAILED, sast: the folder drop/sast is not" in done.stderr
    indexed, assessed = home.settle()
    assert (indexed.exit_code, assessed.exit_code) == (0, 1)
    assert home.words("sast") == {"GAP"}
    assert all("Create or mount it" in row.reason for row in home.day("sast"))
    home.assert_others_are_open()
    (home.folder / "away").rename(home.folder / "drop/sast")
    assert home.collect().exit_code == 0
    home.settle()
    assert home.words("sast") == {"COMPLETE"}


def test_an_empty_range_of_days_is_bad_usage(home: Home) -> None:
    done = home.run("collect", "--from", DAY, "--to", DAY)
    assert done.exit_code == 2
    assert "Nothing to plan: 2026-01-05 is not before 2026-01-05" in done.stderr
    assert not (home.folder / ".muniment").exists()


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"requird": True}, "sources[0].requird: unknown key; expected one of"),
    ({"options": {"aset": "x"}}, "options.aset: unknown key"),
    ({"kind": "sarfi"}, "kind: found 'sarfi', expected one of"),
    ({"location": None}, "key 'location' is missing; kind 'sarif' needs it"),
    ({"kind": "okta_users"}, "key 'connection' is missing; kind 'okta_users' needs it"),
]


def test_a_broken_configuration_is_said_by_every_command_and_touches_nothing(home: Home) -> None:
    assert home.collect().exit_code == 0
    home.settle()
    before = sorted((home.folder / ".muniment").rglob("*"))
    for change, said in BROKEN:
        home.write_config([SOURCES[0] | change, *SOURCES[1:]])
        for name in ("collect", "index", "assess", "build", "publish", "run"):
            done = home.run(name)
            assert done.exit_code == 2
            assert done.stderr.startswith(f"muniment: {home.config}: sources[0]")
            assert said in done.stderr
    assert sorted((home.folder / ".muniment").rglob("*")) == before
    home.write_config(SOURCES)
    assert home.words("sast") == {"COMPLETE"}


def test_two_runs_at_once_do_not_mix(home: Home) -> None:
    """Both collect, index and assess; what both received counts once in the ledger."""
    steps = (("collect", "--from", DAY, "--to", END), ("index",), ("assess", "--as-of", DAY))
    for arguments in steps:
        runs = [process(home, *arguments) for _ in range(2)]
        for code, said in map(ended, runs):
            assert code == 0, said
    assert command(home.config, "verify").exit_code == 0
    assert home.words("sast") == {"COMPLETE"}
    assert {row.received for row in home.day("sast")} == {1}
    assert home.words("images") == home.words("roster") == {"COMPLETE"}


def test_a_second_writer_of_the_warehouse_is_turned_away(home: Home) -> None:
    assert home.collect().exit_code == 0
    home.settle()
    before = verdicts.read(home.settings.home)
    with warehouse_lock(home.settings.home):
        done = home.run("build")
    assert done.exit_code == 3
    assert "Another run is writing the warehouse" in done.stderr
    assert "wait until it has ended and run the same command again" in done.stderr
    assert verdicts.read(home.settings.home) == before
    assert {row.verdict for row in before if str(row.day) == DAY} <= set(OPEN)
