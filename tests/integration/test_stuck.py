"""What cannot be finished waits, is named with what to do, and stops nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from file_home import DAY, END, SOURCES, Home
from muniment import committing, releases


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.make(tmp_path)


def waiting(home: Home, source_id: str) -> Path:
    [receipt_id] = committing.pending(home.settings.home, source_id)
    return home.folder / f".muniment/{committing.COLLECTIONS}/{source_id}/{receipt_id}.json"


def test_index_goes_on_past_what_it_cannot_finish(home: Home) -> None:
    receipt_id, body = home.lose_a_pending_object("sast")
    broken = waiting(home, "roster")
    written = broken.read_bytes()
    broken.write_bytes(written[:100])
    indexed, _ = home.settle()
    assert indexed.exit_code == 1, indexed.stderr
    assert f"sast: collection {receipt_id} has no receipt. Object {body} is not" in indexed.stderr
    assert f"roster/{broken.name} is not the collection that was written" in indexed.stderr
    assert "What it holds is kept" in indexed.stderr
    assert {name: home.words(name) for name in ("sast", "images", "roster")} == {
        "sast": {"GAP"}, "images": {"COMPLETE"}, "roster": {"GAP"},
    }  # fmt: skip

    broken.write_bytes(written)  # from a backup
    assert home.collect().exit_code == 0  # asks again for the days that are still open
    indexed, assessed = home.settle()
    assert (indexed.exit_code, assessed.exit_code) == (0, 0), indexed.stderr
    assert all(home.words(name) == {"COMPLETE"} for name in ("sast", "images", "roster"))
    for source_id in ("sast", "images", "roster"):
        assert committing.pending(home.settings.home, source_id) == []


def test_a_run_ends_with_everything_that_is_outstanding(home: Home) -> None:
    """A lost object, a Bronze folder that cannot be made, and a history that is cut off."""
    git = {"id": "git", "kind": "git_log", "location": "drop/git", "required": True}
    home.write_config([*SOURCES, git])
    shallow_clone(home.folder / "origin", home.folder / "drop/git")
    receipt_id, body = home.lose_a_pending_object("sast")
    waiting(home, "images").unlink()
    in_the_way = home.folder / ".muniment/bronze/images"
    in_the_way.parent.mkdir()
    in_the_way.touch()
    done = home.run("run", "--from", DAY, "--to", END)
    assert done.exit_code == 3, done.stderr
    last_words = done.stderr[done.stderr.index("Evidence is missing") :]
    assert f"git: 1 day(s) from {DAY} to {DAY}: not provable: History is cut off" in last_words
    assert f"sast: collection {receipt_id} has no receipt. Object {body}" in last_words
    assert "images: collection" in last_words
    assert "images: 1 day(s)" in last_words
    assert releases.listing(home.settings)[0].number == 1
    assert home.words("roster") == home.words("sast") == {"COMPLETE"}

    in_the_way.unlink()
    assert home.run("index").exit_code == 0


def shallow_clone(origin: Path, clone: Path) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        subprocess.run(["git", *who, *arguments], check=True, capture_output=True)

    git("init", "-q", str(origin))
    for text in ("one", "two"):
        git("-C", str(origin), "commit", "-q", "--allow-empty", "-m", text)
    git("clone", "-q", "--depth", "1", f"file://{origin}", str(clone))


def test_an_object_with_other_bytes_fails_its_own_source_alone(home: Home) -> None:
    """Asking again meets it: the file is still in the folder."""
    home.lose_a_pending_object("sast")
    for pending in ("sast", "images", "roster"):
        waiting(home, pending).unlink()
    [body] = [
        file for file in (home.folder / ".muniment/locker/objects").rglob("*") if file.is_file()
        and b"CVE-2026-1" in file.read_bytes()
    ]  # fmt: skip
    body.chmod(0o600)
    body.write_bytes(b"{}")
    done = home.collect()
    assert done.exit_code == 3, done.stderr
    assert f"images {DAY} to {END}: FAILED, Object {body.name} lies in the locker" in done.stderr
    home.settle()
    assert home.words("images") == {"GAP"}
    assert home.words("sast") == home.words("roster") == {"COMPLETE"}
