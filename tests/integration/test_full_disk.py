"""A disk without room, at every step: said for people, nothing half-written kept, healed after."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from command_line import command
from file_home import DAY, END, NOW, Home, ended, process, report
from muniment import releases


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.make(tmp_path)


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


def sealed(home: Home) -> list[int]:
    """The releases that there are; whatever ended, nothing stays in scratch space."""
    assert list((home.folder / ".muniment/tmp").iterdir()) == []
    return releases.sealed_numbers(home.settings.home)


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_disk_that_is_full_at_build_or_publish_leaves_no_half_release(home: Home) -> None:
    """The limit is met by the first write of a build, within dbt, and by the seal of a release."""
    assert home.collect().exit_code == 0
    home.settle()
    for limit, said in ((20_000, "This machine failed"), (600_000, "File too large")):
        code, told = ended(process(home, "build", limit=limit))
        assert code == 3, told
        assert said in told and "Nothing was recorded as built" in told
        assert home.run("publish").exit_code == 2  # half a build is never published
        assert sealed(home) == []
    built = home.run("build")
    assert built.exit_code == 0, built.stderr
    code, told = ended(process(home, "publish", limit=100_000))
    assert code == 3, told
    assert "What was published before stands; make room" in told
    assert sealed(home) == []
    assert home.run("publish").exit_code == 0
    assert sealed(home) == [1]
    checked = command(home.config, "verify")
    assert checked.exit_code == 0, checked.stdout


STEPS = ("index", f"assess --as-of {DAY}", "build", "publish")


def test_a_full_file_system_says_so_at_every_step_and_heals(home: Home) -> None:
    """A home on a file system of its own, too small at collect, filled up before every step."""
    home.put("sast/large.sarif", large_report())
    unshare = shutil.which("unshare")
    mount = [unshare or "", "--mount", "--map-root-user"]
    at = home.folder / ".muniment"
    at.mkdir()
    if unshare is None or subprocess.run([*mount, "mount", "-t", "tmpfs", "x", at]).returncode:
        pytest.skip("no file system may be mounted here")
    say = f"{sys.executable} -m muniment"
    collect = f"{say} collect --from {DAY} --to {END} --now {NOW}; echo collect=$?"
    steps = [f"{say} {step} --now {NOW}; echo {step.split()[0]}=$?" for step in STEPS]
    full = [
        f"head -c 1G /dev/zero >{at}/filler 2>/dev/null; {step}; rm {at}/filler; {step}"
        for step in steps
    ]
    script = "; ".join(
        [
            f"mount -t tmpfs -o size=2m tmpfs {at}", collect,
            f"mount -o remount,size=300m {at}", collect,
            *full, f"cp -r {at} {home.folder}/copy",
        ]
    )  # fmt: skip
    done = subprocess.run(
        [*mount, "sh", "-c", script], capture_output=True, text=True, timeout=600,
        env={**os.environ, "MUNIMENT_CONFIG": str(home.config)},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    words = ("collect", *(step.split()[0] for step in STEPS))
    assert done.stdout.split() == [f"{word}={code}" for word in words for code in (3, 0)], (
        done.stderr
    )
    assert done.stderr.count("run the same command again") >= len(words)
    assert "No space left while writing" in done.stderr
    at.rmdir()
    (home.folder / "copy").rename(at)
    assert home.words("sast") == {"COMPLETE"}
    assert len(home.texts()) == 2_001
    home.assert_others_are_open()
    assert sealed(home) == [1]
    checked = command(home.config, "verify")
    assert checked.exit_code == 0, checked.stdout
