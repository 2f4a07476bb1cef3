"""What Graph's and Azure's simulated answers share: pages, time filters and errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from muniment.sandbox.answers import Answer, Question, document
from muniment.sandbox.paging import decode, encode

WITHIN = re.compile(r"(\w+) ge '?([\d:.TZ-]+)'? and \1 (le|lt) '?([\d:.TZ-]+)'?")
CODES = {
    400: ("BadRequest", "Invalid filter clause"),
    401: ("InvalidAuthenticationToken", "Access token is empty or invalid."),
    403: ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
    404: ("ResourceNotFound", "Resource could not be discovered."),
    429: ("TooManyRequests", "Too many requests from this identifier."),
    500: ("InternalServerError", "There was an internal server error."),
}
Json = dict[str, Any]


def failed(status: int) -> Answer:
    """An error as Microsoft writes it."""
    code, message = CODES.get(status, ("UnknownError", "An error has occurred."))
    return document({"error": {"code": code, "message": message}}, status)


@dataclass(frozen=True)
class Window:
    """The time that a `$filter` asks for; `is_closed`: `le`, its last instant too."""

    first: datetime
    last: datetime
    is_closed: bool

    def holds(self, moment: datetime) -> bool:
        """Whether an instant lies in it."""
        is_before = moment <= self.last if self.is_closed else moment < self.last
        return self.first <= moment and is_before


def window(question: Question, name: str) -> Window | None:
    """The window of the `$filter`; None where it asks for anything else."""
    found = WITHIN.fullmatch(question.query.get("$filter", ""))
    if found is None or found[1] != name:
        return None
    try:
        first, last = datetime.fromisoformat(found[2]), datetime.fromisoformat(found[4])
    except ValueError:
        return None
    return Window(first, last, found[3] == "le") if first.tzinfo and last.tzinfo else None


def page(
    question: Question, items: Sequence[Json], size: int, next_name: str, context: str | None = None
) -> Answer:
    """One page of a list, with the address of the next one under `next_name`.

    The place is kept in `$skiptoken`; a token that is not one of ours is refused.
    """
    start = 0
    if "$skiptoken" in question.query:
        place = decode(question.query["$skiptoken"])
        if place is None or not place.isdigit():
            return failed(400)
        start = int(place)
    body: Json = {"@odata.context": context} if context else {}
    if question.query.get("$count") == "true" and start == 0 and context:
        body["@odata.count"] = len(items)
    if start + size < len(items):
        body[next_name] = question.url(**{"$skiptoken": encode(str(start + size))})
    return document({**body, "value": list(items[start : start + size])})
