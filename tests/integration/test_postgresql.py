"""A real PostgreSQL writes its log, and pgaudit reads it: no statement leaves the server's folder.

Skips where no PostgreSQL is installed, but not in CI, which installs one.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource
from log_source import records, stated

SECRET = "PLANTED-0815"
SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
logging_collector = on
log_destination = 'csvlog'
log_directory = 'log'
log_filename = 'postgresql-%Y-%m-%d_%H%M%S'
log_timezone = 'Europe/Riga'
log_connections = on
log_disconnections = on
log_statement = 'all'
"""
QUERIES = (
    "create table people (email text unique)",
    f"insert into people\nvalues ('{SECRET}', \"quoted\")",
    f"insert into people values ('{SECRET}')",
    f"insert into people values ('{SECRET}')",
)


def programs() -> Path | None:
    """The folder of PostgreSQL's own programs, the newest first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    found += [Path(path) for path in [shutil.which("initdb")] if path]
    return found[0].parent if found else None


@pytest.fixture(scope="module")
def log() -> Iterator[Path]:
    """What a server wrote while it was asked these queries."""
    bin_folder = programs()
    if bin_folder is None:
        assert not os.environ.get("CI"), "CI installs PostgreSQL (.ci/run), and it is not here"
        pytest.skip("no PostgreSQL is installed")
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        yield _written(Path(name), bin_folder)


def _written(folder: Path, bin_folder: Path) -> Path:
    """The server's csvlog. PostgreSQL refuses to run as root, so that its own account does."""
    account: dict[str, Any] = {}
    if os.getuid() == 0:
        own = pwd.getpwnam("postgres")
        account = {"user": own.pw_uid, "group": own.pw_gid}
        os.chown(folder, own.pw_uid, own.pw_gid)

    def run(program: str, *arguments: str, check: bool = True) -> None:
        subprocess.run(
            [str(bin_folder / program), *arguments], check=check, timeout=60, cwd=folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **account,
        )  # fmt: skip

    data = folder / "data"
    run("initdb", "-D", str(data), "-A", "trust", "-U", "owner", "--locale=C", "-E", "UTF8")
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(SETTINGS.format(folder=folder))
    run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "start"), "start")
    try:
        for query in QUERIES:  # two of them fail, and say so with the value in it
            run("psql", "-h", str(folder), "-U", "owner", "-c", query, "postgres", check=False)
    finally:
        run("pg_ctl", "-D", str(data), "-w", "stop")
    [written] = (data / "log").glob("*.csv")
    return written


def test_a_real_log_is_read_whole_and_without_its_statements(tmp_path: Path, log: Path) -> None:
    assert SECRET in log.read_text()
    wrote = datetime.fromtimestamp(log.stat().st_mtime, UTC)
    life = {"began": wrote.date().isoformat(), "ended": wrote.date().isoformat()}
    source = FileSource.make(
        tmp_path, "pgaudit", timezone="Europe/Riga", logs={"pg/postgresql.csv": life}
    )
    source.put(f"pg/{log.name}", log.read_bytes())
    after = (wrote + timedelta(days=1)).replace(hour=2)
    collection = source.collect(after.isoformat(), first=wrote.date().isoformat())
    receipt = source.commit(collection)
    assert receipt.quarantined == {}
    assert [basis for basis, *_ in stated(collection)] == ["sequence"]
    found = records(source, collection, "record")
    said = [str(record["message"]) for record in found]
    assert sum(text.startswith("connection authorized: user=owner") for text in said) == 4
    assert sum(text == "statement: ***masked***" for text in said) == 4
    assert {record["error_severity"] for record in found} >= {"LOG", "ERROR"}
    assert all(record["at"] for record in found)
    home = Path(source.settings.home.url)
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert SECRET.encode() not in stored
