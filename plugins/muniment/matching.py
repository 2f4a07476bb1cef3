"""Suggestions whose an account may be, each with its reasons; a suggestion changes nothing.

Only what names share is compared: spelling of logins, addresses and names, and under which name
and address an account's commits stand. A person decides, and says so in the register `links`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

#: how much each likeness speaks for a person, of 1 (project defaults; they only order a list)
_COMMITS_AS = 0.95
_SAME_LOCAL_PART = 0.9
_SAME_ELSEWHERE = 0.85
_SAME_NAME = 0.85
_COMMITS_FROM = 0.8
_INITIALS = 0.75
_SURNAME = 0.5
_SPELLING = 0.6
#: however many reasons there are, they are reasons, no proof
_MOST = 0.99
#: below this two spellings are two names
_LEAST_RATIO = 0.8
#: a surname or login this short is shared by too many
_LEAST_LETTERS = 3


@dataclass(frozen=True)
class Suggestion:
    """One person who may be behind one account. score: 0 to 1, orders the suggestions alone.

    units: results that wait for somebody to be found for the account; tests: whose they are.
    """

    system: str
    login: str
    person_id: str
    name: str
    score: float
    reasons: tuple[str, ...]
    units: int
    tests: tuple[str, ...]

    def row(self) -> dict[str, Any]:
        """Plain data, in the order in which a person reads it."""
        return {
            "units": self.units, "system": self.system, "login": self.login,
            "person_id": self.person_id, "name": self.name, "score": round(self.score, 2),
            "reasons": list(self.reasons), "tests": list(self.tests),
        }  # fmt: skip


COLUMNS = ("units", "system", "login", "person_id", "name", "score", "reasons", "tests")


def suggest(
    accounts: list[dict[str, Any]], people: list[dict[str, Any]],
    committed: dict[tuple[str, str], dict[str, Any]], most: int,
) -> list[Suggestion]:  # fmt: skip
    """At most `most` suggestions an account, the accounts in the order given, the likeliest first.

    accounts, people and committed: as `muniment.people` gives them. An account that nobody is like
    has no suggestion.
    """
    made: list[Suggestion] = []
    for account in accounts:
        named = account["login"] or account["email"] or account["account_id"]
        commits = committed.get((account["system"], account["login"]), {})
        found = []
        for person in people:
            likenesses = list(_likenesses(account, person, commits))
            if likenesses:
                found.append(
                    Suggestion(
                        account["system"], named, person["person_id"], person["name"] or "",
                        _together([score for score, _ in likenesses]),
                        tuple(reason for _, reason in sorted(likenesses, reverse=True)),
                        account["units"], tuple(account["tests"]),
                    )
                )  # fmt: skip
        found.sort(key=lambda one: (-one.score, one.person_id))
        made.extend(found[:most])
    return made


def _likenesses(
    account: dict[str, Any], person: dict[str, Any], commits: dict[str, Any]
) -> Iterator[tuple[float, str]]:
    """Each way in which the account is like the person, with its weight."""
    work_local = _local(person["work_email"])
    for said, text in (("login", account["login"]), ("address", account["email"])):
        if text and work_local and _local(text) == work_local:
            yield _SAME_LOCAL_PART, f"{said} has the local part of the work email"
            break
    yield from _spelt_alike(account, _words(person["name"]))
    for login in person["logins"] or ():
        system, _, other = login.partition(":")
        if account["login"] and _local(other) == _local(account["login"]):
            yield _SAME_ELSEWHERE, f"is called so in {system}"
            break
    if person["name_hash"] in (commits.get("name_hashes") or ()):
        yield _COMMITS_AS, "commits under the person's name"
    if work_local and work_local in {_local(email) for email in commits.get("emails") or ()}:
        yield _COMMITS_FROM, "commits from an address with that local part"


def _spelt_alike(account: dict[str, Any], name: list[str]) -> Iterator[tuple[float, str]]:
    """At most one likeness of spelling: the strongest."""
    if len(name) < 2:
        return
    first, surname = name[0], name[-1]
    initials = {first[0] + surname, surname + first[0], first + surname[0]}
    best: tuple[float, str] | None = None
    for text in (account["login"], account["email"]):
        words = _words(_local(text))
        for likeness in _of_words(words, name, initials, surname):
            best = max(best, likeness) if best else likeness
    if best:
        yield best


def _of_words(
    words: list[str], name: list[str], initials: set[str], surname: str
) -> Iterator[tuple[float, str]]:
    joined = "".join(words)
    if {name[0], surname} <= set(words) or joined in (name[0] + surname, surname + name[0]):
        yield _SAME_NAME, "same name"
    if initials & {*words, joined, "".join(words[:2])}:
        yield _INITIALS, "initial and surname"
    if surname in words and len(surname) > _LEAST_LETTERS:
        yield _SURNAME, "same surname"
    if len(joined) > _LEAST_LETTERS:
        ratio = SequenceMatcher(None, joined, "".join(name), autojunk=False).ratio()
        if ratio >= _LEAST_RATIO:
            yield _SPELLING * ratio, "name spelt much alike"


def _together(scores: list[float]) -> float:
    """Reasons that each leave a doubt leave less of it together."""
    doubt = 1.0
    for score in scores:
        doubt *= 1 - score
    return min(1 - doubt, _MOST)


def _local(text: str | None) -> str:
    return (text or "").lower().partition("@")[0]


def _words(text: str | None) -> list[str]:
    """Runs of letters, without accents, in lower case."""
    plain = unicodedata.normalize("NFKD", text or "").encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z]+", plain)
