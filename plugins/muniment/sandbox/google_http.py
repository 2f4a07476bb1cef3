"""The Google-shaped APIs of the simulated company: activity reports and the directory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

from muniment.sandbox.answers import Answer, Json, Question, document
from muniment.sandbox.google_shapes import CUSTOMER
from muniment.sandbox.google_workspace import quota_days
from muniment.sandbox.paging import decode, encode
from muniment.sandbox.world import World

REPORT = re.compile(r"/admin/reports/v1/activity/users/all/applications/(\w+)")
USERS = "/admin/directory/v1/users"
RETENTION = timedelta(days=180)
APPLICATIONS = ("login", "admin", "drive", "token", "saml")
REASONS = {401: "authError", 403: "forbidden", 404: "notFound", 429: "rateLimitExceeded"}


class Google:
    """Answers questions; knows the world, and the clock from each question."""

    def __init__(self, world: World) -> None:
        """`world` is the company that is asked about."""
        self.workspace = world.google
        self._quota_days = frozenset(quota_days(world.seed))

    def answer(self, question: Question) -> Answer:
        """The answer to one question; nothing but a refusal on a day without quota."""
        if question.now.date() in self._quota_days:
            return error(403, "Quota exceeded for quota metric 'Queries'.", "quotaExceeded")
        found = REPORT.fullmatch(question.path)
        if question.method == "GET" and found and found[1] in APPLICATIONS:
            return self._report(question, found[1])
        if question.method == "GET" and question.path == USERS:
            return self._users(question)
        return error(404, "Resource Not Found", "notFound")

    def refused(self) -> Answer:
        """The answer to a wrong or missing token."""
        return error(401, "Request had invalid authentication credentials.", "authError")

    def failed(self, status: int) -> Answer:
        """The answer where something fails."""
        return error(status, HTTPStatus(status).phrase, REASONS.get(status, "backendError"))

    def _report(self, question: Question, application: str) -> Answer:
        try:
            start = _instant(question.query.get("startTime")) or question.now - RETENTION
            end = _instant(question.query.get("endTime")) or question.now
        except ValueError:
            return error(400, "Invalid time.", "invalid")
        if start < question.now - RETENTION or start >= end:
            return error(400, "Start time must be within the last 180 days.", "invalid")
        items = self.workspace.reported(application, start, end, question.now)
        page = {"kind": "admin#reports#activities", "etag": '"harbourline"'}
        keys = [f"{item.happened.isoformat()}|{item.qualifier}" for item in items]
        return _page(question, page, "items", [item.record for item in items], keys, 1000)

    def _users(self, question: Question) -> Answer:
        if question.query.get("customer") not in ("my_customer", CUSTOMER):
            return error(400, "Bad Request", "badRequest")
        is_deleted = question.query.get("showDeleted") == "true"
        users = self.workspace.users(question.now, is_deleted=is_deleted)
        page = {"kind": "admin#directory#users", "etag": '"harbourline"'}
        return _page(question, page, "users", users, [user["id"] for user in users], 500)


def _page(
    question: Question, page: Json, name: str, items: Sequence[Json], keys: Sequence[str],
    largest: int,
) -> Answer:  # fmt: skip
    """One page after the item that the token names; an empty list is left out, as Google does."""
    size, start = question.number("maxResults", 100, largest), 0
    if "pageToken" in question.query:
        seen = decode(question.query["pageToken"])
        if seen not in keys:
            return error(400, "Invalid Input: pageToken", "invalid")
        start = keys.index(seen) + 1
    shown = list(items[start : start + size])
    answer = {**page, name: shown} if shown else page
    if start + size < len(items):
        answer = {**answer, "nextPageToken": encode(keys[start + size - 1])}
    return document(answer)


def error(status: int, message: str, reason: str) -> Answer:
    """An error as Google writes it."""
    detail = {"message": message, "domain": "global", "reason": reason}
    return document({"error": {"code": status, "message": message, "errors": [detail]}}, status)


def _instant(text: str | None) -> datetime | None:
    """An RFC 3339 instant of the query. Raises ValueError where it has no zone."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text}: no zone")
    return moment
