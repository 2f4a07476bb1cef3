"""What changed about the past is shown to every user: withdrawn exceptions, retroactive edits."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from company import FIRST_DAY, Company, clock_of
from muniment import briefing

SOURCES = ("okta", "okta_users", "roster", "assets", "controls", "waivers")
END = FIRST_DAY + timedelta(days=3)
PERIOD = ("--from", FIRST_DAY.isoformat(), "--to", END.isoformat())
NEW_EMAIL = "somebody.else@harbourline.example"


@dataclass
class Rewritten:
    """A company whose second run says less of the past than its first."""

    company: Company
    found: list[dict[str, Any]]  # what release 1 found of the source that is no longer required
    old_email: str
    person_id: str
    told: str  # what the second run said

    def csv(self, files: dict[str, str], name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(files[f"pack/data/{name}.csv"])))


def edit(path: Path, row_id: str, **fields: str) -> dict[str, str]:
    """Changes one row of a register, as its owner would; returns the row as it was."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    (row,) = [row for row in rows if next(iter(row.values())) == row_id]
    before = dict(row)
    row.update(fields)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return before


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rewritten]:
    with Company(tmp_path_factory.mktemp("past")) as company:
        config = yaml.safe_load(company.config.read_text("utf-8"))
        config["sources"] = [item for item in config["sources"] if item["id"] in SOURCES]
        company.config.write_text(yaml.safe_dump(config), "utf-8")
        last = END - timedelta(days=1)
        company.collect(FIRST_DAY, last)  # nobody looked at okta_users on the first day
        company.build(last)
        exceptions = ("--test", "LOG-01.collector", "--outcome", "EXCEPTION")
        found = [
            row for row in company.json("results", *exceptions)
            if row["attributes"]["source_id"] == "okta_users"
        ]  # fmt: skip
        company.sandbox.set_clock(clock_of(END))
        registers = company.folder / "drop" / "registers"
        edit(registers / "assets" / "assets.csv", "github", in_scope="false")
        with (registers / "roster" / "roster.csv").open(encoding="utf-8") as handle:
            person_id = next(csv.DictReader(handle))["person_id"]
        before = edit(registers / "roster" / "roster.csv", person_id, work_email=NEW_EMAIL)
        for source in config["sources"]:
            source["required"] = source["id"] != "okta_users"
        company.config.write_text(yaml.safe_dump(config), "utf-8")
        done = company.cli("run", *PERIOD, "--now", clock_of(END).isoformat())
        assert "release 2 is current" in done.stderr
        yield Rewritten(company, found, before["work_email"], person_id, done.stderr)


def test_an_exception_that_a_configuration_took_away_stays_listed(past: Rewritten) -> None:
    assert past.found  # independent of what is listed: release 1 said so
    rows = past.company.json(
        "sql",
        "select unit_key, attributes, outcome, first_release, last_release, now_outcome, "
        "now_reason from marts.fct_withdrawn_exceptions where test_id = 'LOG-01' order by unit_key",
    )
    assert sorted(row["unit_key"] for row in rows) == sorted(row["unit_key"] for row in past.found)
    for row in rows:
        assert (row["outcome"], row["first_release"], row["last_release"]) == ("EXCEPTION", 1, 1)
        assert row["now_outcome"] is None
        assert row["now_reason"] == "No longer a unit of this test."


def test_an_edit_of_a_register_is_listed_field_by_field(past: Rewritten) -> None:
    rows = past.company.json(
        "sql",
        "select register, row_id, field, value_before, value_after from marts.fct_register_edits "
        "order by all",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("assets", "github", "in_scope", "true", "false"),
        ("roster", past.person_id, "work_email", past.old_email, NEW_EMAIL),
    ]


def test_the_run_and_the_briefing_count_both(
    past: Rewritten, capsys: pytest.CaptureFixture[str]
) -> None:
    line = (
        f"{len(past.found)} exceptions of earlier releases are not found any more "
        "(marts.fct_withdrawn_exceptions), 2 register edits speak for days before "
        "(marts.fct_register_edits)"
    )
    assert line in past.told
    briefing.show(past.company.settings, FIRST_DAY, END)
    assert line in " ".join(capsys.readouterr().out.split())


def test_the_pack_lists_both_and_names_nobody(past: Rewritten, tmp_path: Path) -> None:
    out = tmp_path / "pack.zip"
    done = past.company.cli("pack", "build", "--framework", "soc2", *PERIOD, "--out", str(out))
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(out) as archive:
        files = {
            name: archive.read(name).decode() for name in archive.namelist()
            if name.endswith((".csv", ".html", "pack.json"))
        }  # fmt: skip
    withdrawn = past.csv(files, "withdrawn_exceptions")
    assert {row["unit_key"] for row in past.found} <= {row["unit_key"] for row in withdrawn}
    edits = past.csv(files, "register_edits")
    assert [(row["register"], row["field"]) for row in edits] == [
        ("assets", "in_scope"), ("roster", "work_email"),
    ]  # fmt: skip
    assert edits[1]["row_id"] == edits[1]["person_id"] != past.person_id
    page = files["pack/data/index.html"]
    section = page.partition('id="past"')[2].partition('id="check"')[0]
    assert "okta_users" in section
    assert "in_scope" in section
    assert f"({len(withdrawn) + len(edits)})" in page
    for text in files.values():
        assert past.old_email not in text
        assert NEW_EMAIL not in text
