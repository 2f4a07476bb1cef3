"""The GitLab-shaped API of the simulated company: groups, projects, and everybody's level there.

Two groups, the second below the first, and three projects. Pages are numbered; totals stand in
headers. Developers, release managers and the seats of vendors are members; accounts of leavers go
when their Okta account goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from muniment.sandbox.answers import Answer, Question, array, document, text_of
from muniment.sandbox.people import ORGANISATION, Person
from muniment.sandbox.times import dice, iso_ms
from muniment.sandbox.world import World

Json = dict[str, Any]
HOST = "https://gitlab.harbourline.example"
#: GitLab's default and its most
_PAGE, _LARGEST = 20, 100
DEVELOPER, MAINTAINER, OWNER = 30, 40, 50
#: number -> full path; the second is below the first
GROUPS = {4: ORGANISATION, 5: f"{ORGANISATION}/analytics"}
PROJECTS = {
    11: f"{ORGANISATION}/claims-models", 12: f"{ORGANISATION}/analytics/reports",
    13: f"{ORGANISATION}/analytics/notebooks",
}  # fmt: skip


class GitLab:
    """Answers questions; knows the world, and the clock from each question."""

    def __init__(self, world: World) -> None:
        """`world` is the company that is asked about."""
        self.world = world

    def answer(self, question: Question) -> Answer:
        """The answer to one question, 404 where there is no such thing."""
        answer = self._route(question)
        answer.headers["RateLimit-Limit"] = "2000"
        answer.headers["RateLimit-Remaining"] = "1999"
        reset = question.now + timedelta(minutes=1)
        answer.headers["RateLimit-Reset"] = str(int(reset.timestamp()))
        return answer

    def refused(self) -> Answer:
        """The answer to a wrong or missing token."""
        return self.failed(401)

    def failed(self, status: int) -> Answer:
        """An error as GitLab writes it."""
        words = {401: "401 Unauthorized", 403: "403 Forbidden", 404: "404 Not Found"}
        return document({"message": words.get(status, f"{status} Error")}, status)

    def _route(self, question: Question) -> Answer:
        path = question.path.removeprefix("/api/v4")
        if path == "/groups":
            return _page(question, [_group(4)])
        found = re.fullmatch(r"/(groups|projects)/([\w-]+)(?:/([\w/]+))?", path)
        if found is None:
            return self.failed(404)
        kind, name, part = found.groups()
        known = GROUPS if kind == "groups" else PROJECTS
        numbers = [n for n, full_path in known.items() if name in (str(n), full_path)]
        if not numbers:
            return self.failed(404)
        if part == "members/all":
            return self._members(question, kind, numbers[0])
        lists: dict[tuple[str, str | None], Callable[[], Answer]] = {
            ("groups", None): lambda: document(_group(numbers[0])),
            ("groups", "descendant_groups"): lambda: _page(
                question, [_group(n) for n in GROUPS if n > numbers[0]]
            ),
            ("groups", "projects"): lambda: _page(question, [_project(n) for n in PROJECTS]),
        }
        answer = lists.get((kind, part))
        return answer() if answer else self.failed(404)

    def _members(self, question: Question, kind: str, number: int) -> Answer:
        """Everybody with their level; on a hidden day the credential is no member of a project."""
        hidden = self.world.plan.hidden["gitlab_members"]
        if kind == "projects" and number == 13 and question.now.date() in hidden:
            return self.failed(404)
        levels = self.levels(question.now)
        return _page(question, [_member(person, level) for person, level in levels])

    def levels(self, now: datetime) -> list[tuple[Person, int]]:
        """Who is a member then, and at which level."""
        company, accounts = self.world.company, self.world.accounts
        owners = {company.security_lead.person_id, company.administrator.person_id}
        if now.date() in self.world.plan.lent_rights:
            owners.add(company.staff[7].person_id)
        maintainers = {person.person_id for person in company.release_managers}
        members = {
            p.person_id
            for p in (*company.developers, *company.staff[1:3], company.staff[7], *company.seats)
        }
        found = []
        for person in accounts.existing(now):
            if person.person_id not in members | maintainers:
                continue
            if accounts.status(person, now)[0] != "DEPROVISIONED":
                level = MAINTAINER if person.person_id in maintainers else DEVELOPER
                found.append((person, OWNER if person.person_id in owners else level))
        return found


def account_id(person: Person) -> int:
    """GitLab's number of a person's account."""
    return 1000 + int(person.person_id[1:])


def _group(number: int) -> Json:
    path = GROUPS[number]
    return {
        "id": number, "name": path.rpartition("/")[2], "path": path.rpartition("/")[2],
        "full_path": path, "full_name": path, "parent_id": 4 if number == 5 else None,
        "web_url": f"{HOST}/groups/{path}", "visibility": "private", "membership_lock": False,
        "require_two_factor_authentication": True, "two_factor_grace_period": 48,
        "created_at": "2023-01-02T08:00:00.000Z",
    }  # fmt: skip


def _project(number: int) -> Json:
    path = PROJECTS[number]
    return {
        "id": number, "name": path.rpartition("/")[2], "path_with_namespace": path,
        "web_url": f"{HOST}/{path}", "default_branch": "main", "visibility": "private",
        "archived": False, "created_at": "2023-01-02T08:00:00.000Z",
        "last_activity_at": "2025-12-29T08:00:00.000Z",
    }  # fmt: skip


def _member(person: Person, level: int) -> Json:
    is_vendor = person.employer.vendor_id is not None
    end = dice("gitlab membership", person.person_id).randrange(1, 28)
    username = person.email.partition("@")[0]
    return {
        "id": account_id(person), "username": username, "name": person.name, "state": "active",
        "locked": False, "avatar_url": None, "web_url": f"{HOST}/{username}",
        "access_level": level, "membership_state": "active",
        "created_at": iso_ms(person.spells[0].account_from),
        "expires_at": f"2027-03-{end:02d}" if is_vendor else None,
    }  # fmt: skip


def _page(question: Question, items: list[Json]) -> Answer:
    """One numbered page, with the totals that GitLab puts into headers."""
    size = question.number("per_page", _PAGE, _LARGEST)
    page = question.number("page", 1, 10**9)
    pages = max(1, -(-len(items) // size))
    answer = array(text_of(item) for item in items[(page - 1) * size : page * size])
    answer.headers = {
        "X-Total": str(len(items)), "X-Total-Pages": str(pages), "X-Page": str(page),
        "X-Per-Page": str(size), "X-Next-Page": str(page + 1) if page < pages else "",
    }  # fmt: skip
    if page < pages:
        answer.links["next"] = question.url(page=str(page + 1))
    answer.links["first"] = question.url(page="1")
    answer.links["last"] = question.url(page=str(pages))
    return answer
