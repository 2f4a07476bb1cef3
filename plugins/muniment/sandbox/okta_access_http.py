"""The addresses of the Okta-shaped API that tell who may get in: policies, groups, applications."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from muniment.sandbox.answers import Answer, Question, array, document, text_of
from muniment.sandbox.okta_access import OktaAccess
from muniment.sandbox.okta_policies import policies, rules
from muniment.sandbox.paging import decode, encode
from muniment.sandbox.people import Person

Json = dict[str, Any]
#: smaller than Okta's own, so that a company of fifty has pages to follow
_PAGE = 20
#: what a kind cannot see on its hidden days
_HIDDEN = {
    "okta_policies": re.compile(r"/api/v1/policies/\w+/rules"),
    "okta_groups": re.compile(r"/api/v1/iam/assignees/users"),
    "okta_apps": re.compile(r"/api/v1/apps/\w+/users"),
}


class OktaAccessPaths:
    """Answers for policies, groups and applications; None for every other path."""

    def __init__(self, access: OktaAccess, user_text: Callable[[Person, datetime], str]) -> None:
        """`user_text`: how the API writes one user."""
        self._access, self._user_text = access, user_text

    def answer(self, question: Question) -> Answer | None:
        """The answer to one question about access."""
        if self._is_hidden(question):
            return document({"errorCode": "E0000006", "errorSummary": "You do not have permission "
                             "to access the feature you are requesting"}, 403)  # fmt: skip
        parts = question.path.removeprefix("/api/v1/").split("/")
        routes = {
            "policies": self._policies, "groups": self._groups, "apps": self._applications,
            "iam": self._assignees,
        }  # fmt: skip
        route = routes.get(parts[0]) if question.path.startswith("/api/v1/") else None
        return route(question, parts[1:]) if route else None

    def _is_hidden(self, question: Question) -> bool:
        hidden = self._access.plan.hidden
        return any(
            question.now.date() in hidden[kind] and pattern.fullmatch(question.path)
            for kind, pattern in _HIDDEN.items()
        )

    def _policies(self, question: Question, parts: list[str]) -> Answer | None:
        if not parts:
            return _document_page(question, policies(question.query.get("type", "")))
        is_weak = self._access.is_weak(question.now)
        found = rules(parts[0], is_weak) if parts[1:] == ["rules"] else None
        return None if found is None else _document_page(question, found)

    def _groups(self, question: Question, parts: list[str]) -> Answer | None:
        access = self._access
        if not parts:
            return _document_page(question, [access.group(one) for one in sorted(access.groups)])
        if parts[0] not in access.groups:
            return None
        if parts[1:] == ["users"]:
            members = access.members(access.groups[parts[0]], question.now)
            texts = [(p.okta_id, self._user_text(p, question.now)) for p in members]
            return _page(question, texts)
        answers = {
            (): lambda: document(access.group(parts[0])),
            ("roles",): lambda: document(access.group_roles(parts[0])),
        }
        found = answers.get(tuple(parts[1:]))
        return found() if found else None

    def _applications(self, question: Question, parts: list[str]) -> Answer | None:
        access = self._access
        if not parts:
            shown = [access.application(one) for one in sorted(access.applications)]
            return _document_page(question, shown)
        if parts[0] not in access.applications:
            return None
        if parts[1:] == ["users"]:
            found = access.application_users(parts[0], question.now)
            return _page(question, [(name, text_of(item)) for name, item in found])
        if parts[1:] == ["groups"]:
            return _document_page(question, access.application_groups(parts[0]))
        return None

    def _assignees(self, question: Question, parts: list[str]) -> Answer | None:
        """This list alone says in its body where the next page is."""
        if parts != ["assignees", "users"]:
            return None
        everybody = [p.okta_id for p in self._access.administrators(question.now)]
        after = decode(question.query.get("after", "")) or ""
        left = [okta_id for okta_id in everybody if okta_id > after]
        links: Json = {"self": {"href": question.url()}}
        if len(left) > 1:
            links["next"] = {"href": question.url(after=encode(left[0]))}
        return document({"value": [{"id": left[0]}] if left else [], "_links": links})


def _document_page(question: Question, items: list[Json]) -> Answer:
    return _page(question, [(str(place), text_of(item)) for place, item in enumerate(items)])


def _page(question: Question, items: list[tuple[str, str]]) -> Answer:
    """One page of items (key, text) after the one that the cursor names."""
    after = decode(question.query.get("after", "")) or ""
    keys = [key for key, _ in items]
    start = keys.index(after) + 1 if after in keys else 0
    size = question.number("limit", _PAGE, _PAGE)
    shown = items[start : start + size]
    answer = array(text for _, text in shown)
    answer.links["self"] = question.url()
    if start + size < len(items):
        answer.links["next"] = question.url(after=encode(shown[-1][0]))
    return answer
