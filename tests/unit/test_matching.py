"""Suggestions rest on what names share, say so, and never come out of nothing."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from muniment.matching import suggest


def person(name: str, email: str, *logins: str, person_id: str = "P1") -> dict[str, Any]:
    return {
        "person_id": person_id, "name": name, "work_email": email, "logins": list(logins),
        "name_hash": hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(),
    }  # fmt: skip


def account(login: str | None, email: str | None = None, units: int = 0) -> dict[str, Any]:
    return {
        "system": "github", "login": login, "account_id": "1", "email": email, "units": units,
        "tests": [],
    }  # fmt: skip


JOSE = person("José Álvarez Núñez", "jose.alvarez@corp.example", "okta:jnunez")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (account("jose.alvarez"), "login has the local part of the work email"),
        (account("x17", "Jose.Alvarez@home.example"), "address has the local part"),
        (account("nunez-jose"), "same name"),
        (account("jnunez-ops"), "initial and surname"),
        (account("josen"), "initial and surname"),
        (account("team-nunez"), "same surname"),
        (account("jnunez"), "is called so in okta"),
        (account("jose-alvarez-nunes"), "name spelt much alike"),
    ],
)
def test_a_likeness_is_named(found: dict[str, Any], reason: str) -> None:
    (made,) = suggest([found], [JOSE], {}, 3)
    assert any(told.startswith(reason) for told in made.reasons)
    assert 0 < made.score < 1


@pytest.mark.parametrize("login", ["release-bot", "j", "nu", "alvar", "octocat", None])
def test_what_shares_nothing_suggests_nobody(login: str | None) -> None:
    assert suggest([account(login)], [JOSE], {}, 3) == []


def test_commits_under_a_name_or_from_an_address() -> None:
    other = person("Ada Byron", "ada@corp.example", person_id="P2")
    committed = {
        ("github", "x17"): {
            "name_hashes": [JOSE["name_hash"]], "emails": ["jose.alvarez@home.example"]
        }
    }  # fmt: skip
    (made,) = suggest([account("x17")], [other, JOSE], committed, 3)
    assert made.person_id == JOSE["person_id"]
    assert made.reasons == (
        "commits under the person's name",
        "commits from an address with that local part",
    )


def test_more_reasons_weigh_more_and_only_so_many_are_told() -> None:
    cousins = [
        person("Ana Nunez", "ana.nunez@corp.example", person_id="P2"),
        person("Jo Nunez", "jo.nunez@corp.example", person_id="P3"),
        JOSE,
    ]
    made = suggest([account("ana.nunez")], cousins, {}, 2)
    assert len(made) == 2
    assert made[0].person_id == "P2"
    assert 1 > made[0].row()["score"] > made[1].row()["score"]


def test_the_accounts_keep_their_order() -> None:
    accounts = [account("jnunez", units=5), account("jose.alvarez", units=1)]
    assert [one.units for one in suggest(accounts, [JOSE], {}, 1)] == [5, 1]
