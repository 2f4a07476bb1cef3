"""The Graph-shaped API of the simulated company's Entra tenant."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from muniment.sandbox.answers import Answer, Question
from muniment.sandbox.entra import ROLES, TENANT_ID, Entra, Stored
from muniment.sandbox.microsoft_pages import failed, page, window
from muniment.sandbox.people import Person
from muniment.sandbox.times import iso_s
from muniment.sandbox.world import World

#: far below Graph's own, so that a small company has several pages
LOG_PAGE, LIST_PAGE = 12, 20
NEXT = "@odata.nextLink"
METADATA = "https://graph.microsoft.com/v1.0/$metadata#"
ROLE_IDS = {template: f"role-{template[:8]}" for template, _ in ROLES}
Json = dict[str, Any]


class GraphApi:
    """Answers questions; knows the world, and the clock from each question."""

    def __init__(self, world: World) -> None:
        """`world` is the company that is asked about."""
        self.world = world
        self._last_sign_ins = lru_cache(maxsize=2)(lambda now: world.entra.last_sign_ins(now))
        self._routes: dict[str, Callable[[Question], Answer]] = {
            "/v1.0/organization": self._organisation,
            "/v1.0/users": self._users,
            "/v1.0/directory/deletedItems/microsoft.graph.user": self._deleted,
            "/v1.0/reports/authenticationMethods/userRegistrationDetails": self._registrations,
            "/v1.0/directoryRoles": self._roles,
            "/v1.0/auditLogs/signIns": self._sign_ins,
            "/v1.0/auditLogs/directoryAudits": self._audits,
        }

    def answer(self, question: Question) -> Answer:
        """The answer to one question, 404 where there is no such thing."""
        found = re.fullmatch(r"/v1\.0/directoryRoles/([\w-]+)/members", question.path)
        if found:
            return self._members(question, found[1])
        route = self._routes.get(question.path)
        return route(question) if route else failed(404)

    def refused(self) -> Answer:
        """The answer to a wrong or missing token."""
        return failed(401)

    def failed(self, status: int) -> Answer:
        """An error as Graph writes it."""
        return failed(status)

    @property
    def _tenant(self) -> Entra:
        return self.world.entra

    def _organisation(self, question: Question) -> Answer:
        domains = [{"name": "harbourline.example", "isDefault": True}]
        listed = [{"id": TENANT_ID, "verifiedDomains": domains}]
        return page(question, listed, LIST_PAGE, NEXT, f"{METADATA}organization")

    def _users(self, question: Question) -> Answer:
        """Enabled and disabled ones; on some days the count says one more than the list holds."""
        found = [self._user(p, question.now, "") for p in self._in("enabled", "disabled", question)]
        day = question.now.date()
        if any(plant.miscounted == day for plant in self._tenant.planted):
            return self._miscounted(question, found)
        return page(question, _selected(question, found), LIST_PAGE, NEXT, f"{METADATA}users")

    def _miscounted(self, question: Question, found: list[Json]) -> Answer:
        answer = page(question, _selected(question, found), LIST_PAGE, NEXT, f"{METADATA}users")
        told, more = (f'"@odata.count":{len(found) + extra}'.encode() for extra in (0, 1))
        answer.body = answer.body.replace(told, more)
        return answer

    def _deleted(self, question: Question) -> Answer:
        found = [
            self._user(person, question.now, self._tenant.user_id(person).replace("-", ""))
            for person in self._in("deleted", "deleted", question)
        ]
        return page(question, _selected(question, found), LIST_PAGE, NEXT, f"{METADATA}users")

    def _in(self, one: str, other: str, question: Question) -> list[Person]:
        states = {p: self._tenant.state(p, question.now) for p in self._tenant.people}
        return [person for person, state in states.items() if state and state[0] in (one, other)]

    def _user(self, person: Person, now: datetime, prefix: str) -> Json:
        state = self._tenant.state(person, now)
        assert state is not None  # only who has an account is asked for
        last = self._last_sign_ins(now).get(self._tenant.user_id(person))
        return {
            "id": self._tenant.user_id(person),
            "userPrincipalName": prefix + person.email,
            "mail": person.email,
            "displayName": person.name,
            "accountEnabled": state[0] == "enabled",
            "userType": "Member",
            "creationType": None,
            "externalUserState": None,
            "onPremisesSyncEnabled": None,
            "createdDateTime": iso_s(person.spells[0].account_from),
            "deletedDateTime": iso_s(state[1]) if state[0] == "deleted" else None,
            "signInActivity": {"lastSignInDateTime": iso_s(last)} if last else None,
        }

    def _registrations(self, question: Question) -> Answer:
        """Of enabled users alone, as Graph's report has it."""
        now = question.now
        listed = [
            {
                "id": self._tenant.user_id(person),
                "userPrincipalName": person.email,
                "isMfaRegistered": True,
                "isMfaCapable": True,
                "isPasswordlessCapable": False,
                "methodsRegistered": ["microsoftAuthenticatorPush", "softwareOneTimePasscode"],
                "lastUpdatedDateTime": iso_s(now.replace(hour=0, minute=0, second=0)),
            }
            for person in self._in("enabled", "enabled", question)
        ]
        return page(question, listed, LIST_PAGE, NEXT, f"{METADATA}userRegistrationDetails")

    def _roles(self, question: Question) -> Answer:
        listed = [
            {"id": ROLE_IDS[template], "displayName": name, "roleTemplateId": template}
            for template, name in ROLES
        ]
        return page(question, listed, LIST_PAGE, NEXT, f"{METADATA}directoryRoles")

    def _members(self, question: Question, role_id: str) -> Answer:
        template = next((t for t, name in ROLE_IDS.items() if name == role_id), None)
        if template is None:
            return failed(404)
        listed = [
            {"@odata.type": "#microsoft.graph.user", "id": self._tenant.user_id(person)}
            for person in self._tenant.members(template, question.now)
        ]
        return page(question, listed, LIST_PAGE, NEXT, f"{METADATA}directoryObjects")

    def _sign_ins(self, question: Question) -> Answer:
        return self._log(question, "createdDateTime", self._tenant.sign_ins)

    def _audits(self, question: Question) -> Answer:
        """Refused in the run of some days."""
        day = question.now.date()
        if any(plant.refused == day for plant in self._tenant.planted):
            return failed(403)
        return self._log(question, "activityDateTime", self._tenant.audits)

    def _log(self, question: Question, name: str, read: Callable[..., list[Stored]]) -> Answer:
        asked = window(question, name)
        if asked is None:
            return failed(400)
        entries = read(asked.first.date(), asked.last.date(), question.now)
        listed = [entry.record for entry in entries if asked.holds(entry.happened)]
        size = min(question.number("$top", 1000, 1000), LOG_PAGE)
        return page(question, listed, size, NEXT, f"{METADATA}auditLogs")


def _selected(question: Question, items: list[Json]) -> list[Json]:
    """The properties that `$select` names."""
    names = question.query.get("$select", "")
    if not names:
        return items
    return [{name: item[name] for name in names.split(",") if name in item} for item in items]
