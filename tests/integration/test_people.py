"""Whose an account is: listed, suggested, confirmed by a person, counted from the next run on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from command_line import Done, command
from company import DAY, Company
from muniment.sandbox.people import Company as People
from muniment.sandbox.people import Person

FIRST = date(2026, 1, 12)
END = date(2026, 1, 15)
NOW = "2026-01-15T02:00:00Z"
MOVED = "moved.example"


class Office:
    """A company whose roster somebody keeps less well than the sandbox does."""

    def __init__(self, company: Company) -> None:
        self.company = company
        everybody = People(company.seed).developers
        #: the roster lacks this one's GitHub login, and knows another address
        self.moved = everybody[1]
        #: the roster lacks this one's GitHub login alone
        self.forgotten = everybody[2]
        #: two rows of the roster claim this one's GitHub login
        self.claimed, self.claiming = everybody[3], everybody[4]
        self.links = company.folder / "registers" / "links"

    def configure(self) -> None:
        """Own rosters and links instead of the sandbox's."""
        config = yaml.safe_load(self.company.config.read_text("utf-8"))
        for source in config["sources"]:
            if source["id"] == "roster":
                self._keep_roster(Path(source["location"]))
                source["location"] = str(self.company.folder / "registers" / "roster")
        config["sources"].append(
            {"id": "links", "kind": "register", "location": str(self.links),
             "options": {"schema": "links"}}
        )  # fmt: skip
        self.company.config.write_text(yaml.safe_dump(config), "utf-8")

    def _keep_roster(self, drop: Path) -> None:
        with (drop / "roster.csv").open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        for row in rows:
            if row["person_id"] == self.moved.person_id:
                row["work_email"] = row["work_email"].partition("@")[0] + f"@{MOVED}"
            if row["person_id"] in (self.moved.person_id, self.forgotten.person_id):
                row["logins"] = f"okta:{row['logins'].partition(':')[2].partition(';')[0]}"
            if row["person_id"] == self.claiming.person_id:
                row["logins"] += f";github:{self.claimed.github[0]}"
        own = self.company.folder / "registers" / "roster"
        own.mkdir(parents=True)
        self.links.mkdir(parents=True)
        (self.links / "links.csv").write_text("system,login,person_id,confirmed_by,confirmed_at\n")
        with (own / "roster.csv").open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)

    def ask(self, *words: str) -> Done:
        return command(self.company.config, "people", *words)

    def accounts(self) -> dict[str, dict[str, Any]]:
        done = self.ask("--format", "json")
        assert done.exit_code == 0, done.stderr
        found = json.loads(done.stdout)["accounts"]
        return {f"{row['system']}:{row['login']}": row for row in found}

    def waiting(self) -> set[tuple[str, str]]:
        """Test and unit of everything that waits for a person."""
        return set(
            self.company.query(
                "select test_id || '.' || leg_id, unit_key from marts.fct_test_results "
                "where outcome = 'NOT_TESTED' and reason_code = 'unresolved_person'"
            )
        )


def _github(person: Person) -> str:
    return f"github:{person.github[0]}"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with Company(tmp_path_factory.mktemp("people"), first_day=FIRST) as company:
        made = Office(company)
        company.run(FIRST)
        made.configure()
        company.collect_daily(FIRST, END)
        company.build(END)
        yield made


def test_each_account_says_by_which_rule_it_is_whose(office: Office) -> None:
    accounts = office.accounts()
    kept = People(office.company.seed).developers[5]
    assert accounts[_github(kept)]["rule"] == "roster.logins"
    forgotten = accounts[_github(office.forgotten)]
    assert forgotten["person_id"] == office.forgotten.person_id
    assert forgotten["rule"] == "commit_email"
    moved = accounts[_github(office.moved)]
    assert (moved["person_id"], moved["rule"], moved["candidates"]) == (None, None, [])


def test_an_account_that_two_claim_is_nobodys_and_said_so(office: Office) -> None:
    disputed = office.accounts()[_github(office.claimed)]
    assert disputed["is_conflict"] is True
    assert disputed["person_id"] is None
    assert set(disputed["candidates"]) == {office.claimed.person_id, office.claiming.person_id}
    done = office.ask()
    assert office.claimed.github[0] in done.stdout
    counted = {
        row["system"]: row for row in json.loads(office.ask("--format", "json").stdout)["systems"]
    }
    assert counted["github"]["conflicts"] == 1
    listed = list(csv.DictReader(io.StringIO(office.ask("--format", "csv").stdout)))
    assert sum(row["accounts"] for row in counted.values()) == len(listed)


def test_suggestions_have_reasons_and_come_by_what_they_unlock(office: Office) -> None:
    done = office.ask("match", "--format", "json")
    assert done.exit_code == 0, done.stderr
    made = json.loads(done.stdout)
    assert [one["units"] for one in made] == sorted((one["units"] for one in made), reverse=True)
    best = next(one for one in made if one["login"] == office.moved.github[0])
    assert best["person_id"] == office.moved.person_id
    assert "commits under the person's name" in best["reasons"]
    assert "initial and surname" in best["reasons"]
    assert best["units"] > 0
    assert office.claimed.github[0] not in {one["login"] for one in made}, "a person must mend it"


@pytest.mark.parametrize(
    ("account", "person", "by", "said"),
    [
        ("github:nobody-at-all", "{moved}", "{by}", "knows no account"),
        ("{moved_login}", "P999", "{by}", "no person 'P999'"),
        ("{moved_login}", "{moved}", "somebody", "--by"),
        ("{moved_login}", "{moved}", "{moved}", "an account of their own"),
        ("{claimed_login}", "{claimed}", "{by}", "is disputed"),
        ("{forgotten_login}", "{moved}", "{by}", "belongs to"),
        ("moved", "{moved}", "{by}", "SYSTEM:LOGIN"),
    ],
)
def test_what_cannot_be_confirmed_is_refused_and_nothing_written(
    office: Office, account: str, person: str, by: str, said: str
) -> None:
    names = {
        "moved": office.moved.person_id, "by": office.claiming.person_id,
        "claimed": office.claimed.person_id, "moved_login": _github(office.moved),
        "claimed_login": _github(office.claimed), "forgotten_login": _github(office.forgotten),
    }  # fmt: skip
    before = (office.links / "links.csv").read_bytes()
    words = [word.format(**names) for word in (account, person, by)]
    done = office.ask("confirm", words[0], words[1], "--by", words[2], "--now", NOW)
    assert done.exit_code == 2
    assert said in done.stderr
    assert (office.links / "links.csv").read_bytes() == before


def test_what_a_person_confirms_counts_from_the_next_run_on(office: Office) -> None:
    account, person = _github(office.moved), office.moved.person_id
    before, waited = office.accounts(), office.waiting()
    assert waited
    done = office.ask("confirm", account, person, "--by", office.claiming.person_id, "--now", NOW)
    assert done.exit_code == 0, done.stderr
    assert office.accounts() == before, "the release is what it was"
    with (office.links / "links.csv").open(encoding="utf-8", newline="") as handle:
        assert list(csv.DictReader(handle)) == [
            {"system": "github", "login": office.moved.github[0], "person_id": person,
             "confirmed_by": office.claiming.person_id,
             "confirmed_at": "2026-01-15T02:00:00.000000Z"}
        ]  # fmt: skip
    office.company.collect(END, END + DAY)
    office.company.build(END + DAY)
    linked = office.accounts()[account]
    assert (linked["person_id"], linked["rule"]) == (person, "confirmed_link")
    incremental = office.waiting()
    assert len(waited - incremental) > 0, "days of before are judged again"
    office.company.build(END + DAY, full_refresh=True)
    assert office.waiting() == incremental
