"""Homes of file sources, and the commands that are run on them: no network, real files."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from command_line import Done, command
from muniment import committing, verdicts
from muniment.settings import Settings, load
from muniment.verdicts import Verdict

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

    @classmethod
    def make(cls, folder: Path) -> Home:
        """Three sources, each with one sound file."""
        made = cls(folder)
        made.write_config(SOURCES)
        for source in SOURCES:
            (folder / source["location"]).mkdir(parents=True)
        made.put("sast/sound.sarif", report("sound"))
        found = {"VulnerabilityID": "CVE-2026-1", "PkgName": "lib", "Severity": "HIGH"}
        results = [{"Target": "image", "Vulnerabilities": [found]}]
        made.put(
            "images/image.json", {"SchemaVersion": 2, "ArtifactName": "image", "Results": results}
        )
        made.put("roster/people.csv", table(person("P-1"), person("P-2")))
        return made

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

    def lose_a_pending_object(self, source_id: str) -> tuple[str, str]:
        """Collects and goes no further, then loses a file of one source; receipt id and object."""
        assert self.collect().exit_code == 0
        [receipt_id] = committing.pending(self.settings.home, source_id)
        waiting = committing.pending_collection(self.settings.home, source_id, receipt_id)
        body = next(item.sha256 for item in waiting.objects if item.shape != "requests")
        (self.folder / f".muniment/locker/objects/{body[:2]}/{body}").unlink()
        return receipt_id, body

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
