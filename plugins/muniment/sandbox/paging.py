"""How each vendor cuts a list into pages and says where the next one is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from muniment.sandbox.answers import Answer, Question, array, document

T = TypeVar("T")
GITHUB_PAGE, GITHUB_LARGEST = 30, 100
#: time_period of the activity feed -> days
TIMES = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366, "ever": 9999}


def numbered(question: Question, items: Sequence[T], text: Callable[[T], str], path: str) -> Answer:
    """GitHub's numbered pages. `path`: where the links lead, by the repository's number."""
    size = question.number("per_page", GITHUB_PAGE, GITHUB_LARGEST)
    page = question.number("page", 1, 10**9)
    last = max(1, -(-len(items) // size))
    answer = array(text(item) for item in items[(page - 1) * size : page * size])
    if page > 1:
        answer.links["prev"] = question.url(path, page=str(page - 1))
    if page < last:
        answer.links["next"] = question.url(path, page=str(page + 1))
        answer.links["last"] = question.url(path, page=str(last))
    if page > 1:
        answer.links["first"] = question.url(path, page="1")
    return answer


def by_cursor(
    question: Question, items: Sequence[T], text: Callable[[T], str], key: Callable[[T], int],
    path: str,
) -> Answer:  # fmt: skip
    """GitHub's cursor pages: `after` names the last item that was seen; the list may grow."""
    size = question.number("per_page", GITHUB_PAGE, GITHUB_LARGEST)
    start = 0
    if "after" in question.query:
        keys = [str(key(item)) for item in items]
        seen = decode(question.query["after"])
        if seen not in keys:
            return document({"message": "Invalid cursor", "status": "422"}, 422)
        start = keys.index(seen) + 1
    shown = items[start : start + size]
    answer = array(text(item) for item in shown)
    if start + size < len(items):
        answer.links["next"] = question.url(path, after=encode(str(key(shown[-1]))))
    return answer


def encode(text: str) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str) -> str | None:
    """What an opaque cursor holds; None where it is not one of ours."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
