"""A file appears whole or not at all, and a name is never written twice."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from muniment.errors import MachineError, UsageError
from muniment.storage import Store


@pytest.mark.parametrize("scheme", ["", "memory://evidence-"])
def test_create_refuses_a_taken_name(scheme: str, tmp_path: Path) -> None:
    store = Store(f"{scheme}{tmp_path.name}" if scheme else tmp_path)
    store.create("receipts/a/1.json", b"first")
    with pytest.raises(FileExistsError):
        store.create("receipts/a/1.json", b"second")
    assert store.read("receipts/a/1.json") == b"first"
    assert store.list("receipts/a") == ["1.json"]
    assert store.folders("receipts") == ["a"]
    assert store.list("nowhere") == []


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def write(number: int) -> bool:
        try:
            store.create("one", b"%d" % number)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(40))) == 1
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["one"]


def test_put_file_uses_the_local_file_up(tmp_path: Path) -> None:
    store = Store(tmp_path / "home")
    local = tmp_path / "part"
    local.write_bytes(b"body")
    store.put_file(local, "objects/x")
    assert store.read("objects/x") == b"body"
    assert not local.exists()


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd"])
def test_no_path_leaves_the_store(path: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leaves the store"):
        Store(tmp_path).read(path)


def test_a_full_disk_says_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(MachineError, match=r"No space left while writing .*run the same command"):
        store.create("a", b"x")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_needs_is_not(
    tmp_path: Path,
) -> None:
    """The lock of a dead process is gone; another folder that is in use holds its own."""
    store = Store(tmp_path)
    code = (
        "import os, signal, sys\n"
        "from muniment import scratch\n"
        "from muniment.storage import Store\n"
        "store = Store(sys.argv[1])\n"
        "with store.scratch() as folder, scratch.file(store.local_path('tmp')) as part:\n"
        "    (folder / 'half').write_text('x')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    dead = subprocess.run([sys.executable, "-c", code, str(tmp_path)], timeout=60)
    assert dead.returncode == -signal.SIGKILL
    assert len(list((tmp_path / "tmp").iterdir())) == 2
    with store.scratch() as first:
        (first / "mine").write_text("x")
        with store.scratch() as second:
            assert {first, second} == set((tmp_path / "tmp").iterdir())
        assert (first / "mine").exists()
    assert list((tmp_path / "tmp").iterdir()) == []
