"""Every fault of files, of the configuration and of the machine, through the command line.

Three file sources stand side by side; one gets the fault. Each test looks at exit codes, messages
and the ledger, at what is left of the faulty source's records and at the other sources', and
mends the fault.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from command_line import Done, command
from muniment import verdicts
from muniment.settings import Settings, load
from muniment.verdicts import OPEN, Verdict
from muniment.warehouse import warehouse_lock

NOW = "2026-01-06T02:00:00Z"
DAY, END = "2026-01-05", "2026-01-06"
ROSTER = (
    "person_id", "work_email", "name", "employer", "vendor_id", "manager_id", "role", "country",
    "start_at", "end_at", "logins",
)  # fmt: skip
SOURCES: list[dict[str, Any]] = [
    {"id": "sast", "kind": "sarif", "location": "drop/sast", "required": True},
    {"id": "images", "kind": "trivy", "location": "drop/images"},
    {
        "id": "roster", "kind": "register", "location": "drop/roster",
        "options": {"schema": "roster"},
    },
]  # fmt: skip


def report(*texts: str) -> dict[str, Any]:
    """A SARIF report with one result for each text."""
    results = [{"ruleId": "R1", "message": {"text": text}} for text in texts]
    return {
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "scanner"}}, "results": results}],
    }


def person(number: str, **more: str) -> dict[str, str]:
    known = {
        "person_id": number, "work_email": f"{number}@example.com", "employer": "Example",
        "start_at": "2025-03-01",
    }  # fmt: skip
    return dict.fromkeys(ROSTER, "") | known | more


def table(*rows: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, ROSTER)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@dataclass
class Home:
    """A configured home with its drop, and the commands that are run on it."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "muniment.yml"

    @property
    def settings(self) -> Settings:
        return load(self.config)

    def write_config(self, sources: list[dict[str, Any]]) -> None:
        keys = {"organisation": "Example", "sandbox": True, "sources": sources}
        self.config.write_text(yaml.safe_dump(keys), "utf-8")

    def put(self, path: str, body: bytes | dict[str, Any]) -> Path:
        file = self.folder / "drop" / path
        file.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
        return file

    def run(self, *arguments: str) -> Done:
        return command(self.config, *arguments, "--now", NOW)

    def collect(self) -> Done:
        return self.run("collect", "--from", DAY, "--to", END)

    def settle(self) -> tuple[Done, Done]:
        """How `index` and `assess` ended."""
        return self.run("index"), self.run("assess", "--as-of", DAY)

    def day(self, source_id: str) -> list[Verdict]:
        """The verdicts of one source on DAY."""
        rows = verdicts.read(self.settings.home)
        return [row for row in rows if row.source_id == source_id and str(row.day) == DAY]

    def words(self, source_id: str) -> set[str]:
        return {row.verdict for row in self.day(source_id)}

    def bronze(self, source_id: str, stream: str, value: str = "record") -> list[Any]:
        """One value of every Bronze row of a stream, sorted."""
        files = sorted((self.folder / ".muniment/bronze" / source_id).glob("*.parquet"))
        found = duckdb.execute(
            f"select {value} from read_parquet($files) where stream = $stream order by all",
            {"files": [str(file) for file in files], "stream": stream},
        ).fetchall()
        return [item for (item,) in found]

    def quarantine(self, source_id: str) -> list[Any]:
        """Reason, and whether it is a whole object, of everything that could not be read."""
        folder = self.folder / ".muniment/quarantine" / source_id
        return [
            row
            for file in sorted(folder.glob("*.parquet"))
            for row in duckdb.execute(f"select reason, is_whole_object from '{file}'").fetchall()
        ]

    def texts(self) -> list[str]:
        """The messages of the SARIF results in Bronze."""
        return self.bronze("sast", "finding", "record ->> '/message/text'")

    def assert_others_are_open(self, *source_ids: str) -> None:
        for source_id in source_ids or ("images", "roster"):
            assert self.words(source_id) == {"COMPLETE"}, source_id
        assert len(self.bronze("images", "finding")) == 1
        if "roster" in source_ids or not source_ids:
            assert self.bronze("roster", "roster", "record ->> 'person_id'") == ["P-1", "P-2"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Three sources, each with one sound file."""
    made = Home(tmp_path)
    made.write_config(SOURCES)
    for source in SOURCES:
        (tmp_path / source["location"]).mkdir(parents=True)
    made.put("sast/sound.sarif", report("sound"))
    found = {"VulnerabilityID": "CVE-2026-1", "PkgName": "lib", "Severity": "HIGH"}
    results = [{"Target": "image", "Vulnerabilities": [found]}]
    made.put("images/image.json", {"SchemaVersion": 2, "ArtifactName": "image", "Results": results})
    made.put("roster/people.csv", table(person("P-1"), person("P-2")))
    return made


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


def process(home: Home, *arguments: str, limit: int | None = None) -> subprocess.Popen[str]:
    """The command line in a process of its own; `limit`: the largest file that it may write."""
    code = (
        "import resource, sys\n"
        "limit = int(sys.argv.pop(1))\n"
        "if limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
        "from muniment.cli import main\n"
        "main()\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(limit or 0), *arguments, "--now", NOW],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "MUNIMENT_CONFIG": str(home.config)},
    )  # fmt: skip


def ended(run: subprocess.Popen[str]) -> tuple[int, str]:
    said = run.communicate(timeout=300)[1]
    assert "Traceback" not in said, said
    return run.returncode, said


def large_report() -> dict[str, Any]:
    """2 MB that do not compress."""
    return report(*(os.urandom(500).hex() for _ in range(2_000)))


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_disk_that_is_full_stops_the_step_and_loses_nothing(home: Home) -> None:
    """A process that may write no file over 300 kB, at collect, at index and at assess."""
    home.put("sast/large.sarif", large_report())
    code, said = ended(process(home, "collect", "--from", DAY, "--to", END, limit=300_000))
    assert code == 3, said
    assert "muniment: " in said and "run the same command again" in said
    assert home.collect().exit_code == 0
    code, said = ended(process(home, "index", limit=300_000))
    assert code == 3, said
    assert "The locker keeps it; make room and run the same command again" in said
    indexed = home.run("index")
    assert indexed.exit_code == 0, indexed.stderr
    code, said = ended(process(home, "assess", "--as-of", DAY, limit=10_000))
    assert code == 3, said
    assert "It is as it was, and every receipt is kept; make room" in said
    assert home.run("assess", "--as-of", DAY).exit_code == 0
    assert home.words("sast") == {"COMPLETE"}
    assert len(home.texts()) == 2_001
    home.assert_others_are_open()
    checked = command(home.config, "verify")
    assert checked.exit_code == 0, checked.stdout


def test_a_full_file_system_says_so_and_heals(home: Home) -> None:
    """A home on a file system of 2 MB, which is made larger in the end."""
    home.put("sast/large.sarif", large_report())
    unshare = shutil.which("unshare")
    mount = [unshare or "", "--mount", "--map-root-user"]
    at = home.folder / ".muniment"
    at.mkdir()
    if unshare is None or subprocess.run([*mount, "mount", "-t", "tmpfs", "x", at]).returncode:
        pytest.skip("no file system may be mounted here")
    say = f"{sys.executable} -m muniment"
    script = (
        f"mount -t tmpfs -o size=2m tmpfs {at}; "
        f"{say} collect --from {DAY} --to {END} --now {NOW}; echo collect=$?; "
        f"mount -o remount,size=200m {at}; "
        f"{say} collect --from {DAY} --to {END} --now {NOW}; echo collect=$?; "
        f"{say} index --now {NOW}; echo index=$?; "
        f"{say} assess --as-of {DAY} --now {NOW}; echo assess=$?; cp -r {at} {home.folder}/copy"
    )
    done = subprocess.run(
        [*mount, "sh", "-c", script], capture_output=True, text=True, timeout=300,
        env={**os.environ, "MUNIMENT_CONFIG": str(home.config)},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.stdout.split() == ["collect=3", "collect=0", "index=0", "assess=0"], done.stderr
    assert "No space left while writing" in done.stderr
    at.rmdir()
    (home.folder / "copy").rename(at)
    assert home.words("sast") == {"COMPLETE"}
    assert len(home.texts()) == 2_001
    home.assert_others_are_open()


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
