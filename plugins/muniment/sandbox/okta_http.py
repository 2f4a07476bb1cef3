"""The Okta-shaped API of the simulated company."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import islice

from muniment.sandbox.accounts import TENANT_ID, TENANT_URL
from muniment.sandbox.answers import Answer, Question, array, document, text_of
from muniment.sandbox.okta_access_http import OktaAccessPaths
from muniment.sandbox.okta_log import RETENTION, Entry
from muniment.sandbox.paging import decode, encode
from muniment.sandbox.people import Person
from muniment.sandbox.world import World

LIMIT_A_MINUTE = 600
LOG_PAGE, LOG_LARGEST, USERS_PAGE = 100, 1000, 200
DEFAULT_REACH = timedelta(days=7)
CLAUSE = re.compile(r'(\w+) eq "([^"]*)"')

OKTA_CODES = {
    401: ("E0000011", "Invalid token provided"),
    403: ("E0000006", "You do not have permission to perform the requested action"),
    404: ("E0000007", "Not found: Resource not found"),
    429: ("E0000047", "API call exceeded rate limit due to too many requests."),
    500: ("E0000009", "Internal Server Error"),
}


class Okta:
    """Answers questions; knows the world, and the clock from each question."""

    def __init__(self, world: World) -> None:
        """`world` is the company that is asked about."""
        self.world = world
        self._access = OktaAccessPaths(world.okta_access, self._user)
        self._asked = 0

    def answer(self, question: Question) -> Answer:
        """The answer to one question, 404 where there is no such thing (yet)."""
        self._asked += 1
        answer = self._route(question)
        answer.headers.update(self.limits(question.now))
        return answer

    def refused(self) -> Answer:
        """The answer to a wrong or missing token."""
        return error(401, "E0000011", "Invalid token provided")

    def failed(self, status: int) -> Answer:
        """The answer where something fails."""
        code, summary = OKTA_CODES.get(status, ("E0000001", "Api validation failed"))
        return error(status, code, summary)

    def limits(self, now: datetime) -> dict[str, str]:
        """The rate limit's headers. The simulation never runs dry by itself; faults see to that."""
        return {
            "X-Rate-Limit-Limit": str(LIMIT_A_MINUTE),
            "X-Rate-Limit-Remaining": str(LIMIT_A_MINUTE - self._asked % (LIMIT_A_MINUTE // 2)),
            "X-Rate-Limit-Reset": str(int((now + timedelta(minutes=1)).timestamp())),
        }

    def _route(self, question: Question) -> Answer:
        if question.path == "/.well-known/okta-organization":
            return self._organisation()
        if question.path == "/api/v1/logs":
            return self._logs(question)
        if question.path == "/api/v1/users":
            return self._users(question)
        about_access = self._access.answer(question)
        if about_access is not None:
            return about_access
        found = re.fullmatch(r"/api/v1/users/(\w+)(?:/(factors|roles))?", question.path)
        person = self.world.accounts.people.get(found[1]) if found else None
        if found is None or person is None or person.spells[0].account_from > question.now:
            return error(404, "E0000007", "Not found: Resource not found")
        if found[2] == "factors":
            return document(self.world.accounts.factors(person, question.now))
        if found[2] == "roles":
            return document(self.world.okta_access.user_roles(person, question.now))
        return Answer(200, self._user(person, question.now).encode())

    def _organisation(self) -> Answer:
        return document(
            {
                "id": TENANT_ID,
                "_links": {"organization": {"href": TENANT_URL}},
                "pipeline": "idx",
                "settings": {"analyticsCollectionEnabled": False, "bugReportingEnabled": False},
            }
        )

    def _logs(self, question: Question) -> Answer:
        """Polling (no `until`, ascending) by the time of storing; else bounded by `published`."""
        query, now = question.query, question.now
        try:
            oldest = now - RETENTION
            since = max(_instant(query.get("since")) or now - DEFAULT_REACH, oldest)
            until = _instant(query.get("until"))
        except ValueError:
            return error(400, "E0000001", "Api validation failed: timestamp")
        size = question.number("limit", LOG_PAGE, LOG_LARGEST)
        is_descending = query.get("sortOrder") == "DESCENDING"
        if until is None and not is_descending:
            return self._poll(question, since, size)
        return self._bounded(question, since, until or now, size, is_descending)

    def _poll(self, question: Question, since: datetime, size: int) -> Answer:
        cursor = (since, "")
        if "after" in question.query:
            place = _place(question.query["after"])
            if place is None:
                return error(400, "E0000031", "Invalid search criteria: after")
            cursor = place
        stored = self.world.log.stored_between(cursor[0] - timedelta(microseconds=1), question.now)
        entries = list(islice((e for e in stored if e.order > cursor), size))
        answer = array(entry.text for entry in entries)
        end = entries[-1].order if entries else cursor
        answer.links["self"] = question.url()
        answer.links["next"] = question.url(after=encode(f"{end[0].isoformat()}|{end[1]}"))
        return answer

    def _bounded(
        self, question: Question, since: datetime, until: datetime, size: int, is_descending: bool
    ) -> Answer:
        found: list[Entry] = self.world.log.published_between(since, until, question.now)
        if is_descending:
            found.reverse()
        start = 0
        if "after" in question.query:
            seen = decode(question.query["after"])
            names = [entry.uuid for entry in found]
            if seen not in names:
                return error(400, "E0000031", "Invalid search criteria: after")
            start = names.index(seen) + 1
        shown = found[start : start + size]
        answer = array(entry.text for entry in shown)
        answer.links["self"] = question.url()
        if start + size < len(found):
            answer.links["next"] = question.url(after=encode(shown[-1].uuid))
        return answer

    def _users(self, question: Question) -> Answer:
        """Without filter or search, deprovisioned accounts are left out, as Okta does."""
        accounts, now = self.world.accounts, question.now
        condition = question.query.get("filter") or question.query.get("search")
        people = accounts.existing(now)
        if condition is None:
            people = [p for p in people if accounts.status(p, now)[0] != "DEPROVISIONED"]
        else:
            clauses = [CLAUSE.fullmatch(part) for part in condition.split(" or ")]
            wanted = {clause[2] for clause in clauses if clause and clause[1] == "status"}
            if len(wanted) != len(clauses):
                return error(400, "E0000031", "Invalid search criteria.")
            people = [p for p in people if accounts.status(p, now)[0] in wanted]
        size = question.number("limit", USERS_PAGE, USERS_PAGE)
        after = decode(question.query.get("after", "")) or ""
        left = [person for person in people if person.okta_id > after]
        answer = array(self._user(person, now) for person in left[:size])
        answer.links["self"] = question.url()
        if len(left) > size:
            answer.links["next"] = question.url(after=encode(left[size - 1].okta_id))
        return answer

    def _user(self, person: Person, now: datetime) -> str:
        last_login = self.world.log.last_login(person, now)
        return text_of(self.world.accounts.user(person, now, last_login))


def error(status: int, code: str, summary: str) -> Answer:
    """An error as Okta writes it."""
    return document(
        {
            "errorCode": code, "errorSummary": summary, "errorLink": code,
            "errorId": f"oae{code}harbourline", "errorCauses": [],
        },
        status,
    )  # fmt: skip


def _instant(text: str | None) -> datetime | None:
    """An ISO 8601 instant of the query. Raises ValueError where it has no zone."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text}: no zone")
    return moment


def _place(cursor: str) -> tuple[datetime, str] | None:
    """The place in the log that a polling cursor names."""
    moment, bar, name = (decode(cursor) or "").partition("|")
    try:
        return (datetime.fromisoformat(moment), name) if bar else None
    except ValueError:
        return None
