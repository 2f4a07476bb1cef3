"""What the fault matrix needs of every kind that is asked over HTTP: one entry a kind.

Entries stand in `tests/conversations/<system>.py`, in a list KINDS; a module is found by itself. An
entry makes a small sound conversation, written from the vendor's contract, with at least two pages
of one list (where the vendor has pages); the matrix then spoils the answers for that list.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlencode

import conversations
from http_source import Answer, Asked, HttpSource
from muniment.collecting import Mode

Items = list[Any]
#: a day that has settled when it is asked for; the clock; a late event happens on this day
DAY, END, NOW = "2026-01-05", "2026-01-06", "2026-01-16T02:00:00Z"


class Conversation(Protocol):
    """A vendor that answers as it should. `items`: of the list that the matrix spoils."""

    items: Items

    def reply(self, asked: Asked) -> Answer: ...


class Paging(Protocol):
    """How a vendor says where the next page is. `size`: items a page of the sound conversation."""

    #: whether the answer holds an address, which could lead elsewhere
    has_address: bool

    def page(self, source: HttpSource, asked: Asked, items: Items, size: int = 2) -> Answer: ...

    def items(self, answer: Answer) -> Items: ...

    def with_items(self, answer: Answer, items: Items) -> Answer: ...

    def leading_to(self, answer: Answer, url: str) -> Answer:
        """The answer with this address (or, without addresses, this token) for the next page."""


@dataclass(frozen=True)
class InHeader:
    """A Link header; the body is an array. `param`: where the link keeps the place."""

    param: str = "after"
    has_address: bool = True

    def page(self, source: HttpSource, asked: Asked, items: Items, size: int = 2) -> Answer:
        start = int(asked.query.get(self.param, "0"))
        answer = Answer(items[start : start + size])
        if start + size < len(items):
            query = urlencode({**asked.query, self.param: str(start + size)})
            answer = self.leading_to(answer, f"{source.url}{asked.path}?{query}")
        return answer

    def items(self, answer: Answer) -> Items:
        return list(answer.body)

    def with_items(self, answer: Answer, items: Items) -> Answer:
        return replace(answer, body=items)

    def leading_to(self, answer: Answer, url: str) -> Answer:
        others = [(name, value) for name, value in answer.headers if name != "Link"]
        return replace(answer, headers=[*others, ("Link", f'<{url}>; rel="next"')])


@dataclass(frozen=True)
class InBody:
    """The next page's address, or its token, in the body.

    listed, following: dotted names of the list and of the address or token; param: where a request
    puts it. `around`: what else stands in the body.
    """

    listed: str
    following: str
    param: str
    has_address: bool = False
    around: dict[str, Any] = field(default_factory=dict)

    def page(self, source: HttpSource, asked: Asked, items: Items, size: int = 2) -> Answer:
        start = int(asked.query.get(self.param, "0"))
        answer = self.with_items(Answer(dict(self.around)), items[start : start + size])
        if start + size < len(items):
            place = str(start + size)
            query = urlencode({**asked.query, self.param: place})
            url = f"{source.url}{asked.path}?{query}"
            answer = self.leading_to(answer, url if self.has_address else place)
        return answer

    def items(self, answer: Answer) -> Items:
        found = answer.body
        for name in _names(self.listed):
            found = found.get(name, [])
        return list(found)

    def with_items(self, answer: Answer, items: Items) -> Answer:
        return replace(answer, body=_with(answer.body, _names(self.listed), items))

    def leading_to(self, answer: Answer, url: str) -> Answer:
        return replace(answer, body=_with(answer.body, _names(self.following), url))


@dataclass(frozen=True)
class HttpKind:
    """One kind in the matrix.

    start: a fresh sound conversation; path: a pattern that matches the whole path of the list that
    is spoiled; paging None: the list has no pages. stream: the ledger stream that the list feeds;
    basis: what a sound collection states of it. late: adds an event to DAY that the source had not
    delivered before; for event kinds that filter by when something happened. refusals: what the
    kind says where the list is refused with 403 or 404 and it goes on without it; None: it fails.
    """

    kind: str
    options: dict[str, Any]
    start: Callable[[HttpSource], Conversation]
    path: str
    paging: Paging | None
    stream: str
    basis: str = "cursor_exhausted"
    mode: Mode = "window"
    login: str = ""
    late: Callable[[Conversation], None] | None = None
    refusals: str | None = None
    method: str = "GET"

    def is_list(self, asked: Asked) -> bool:
        """Whether this request is one for the list that is spoiled."""
        return asked.method == self.method and bool(re.fullmatch(self.path, asked.path))


def kinds() -> dict[str, HttpKind]:
    """Every entry by kind."""
    found: dict[str, HttpKind] = {}
    for module in pkgutil.iter_modules(conversations.__path__):
        for entry in importlib.import_module(f"conversations.{module.name}").KINDS:
            found[entry.kind] = entry
    return dict(sorted(found.items()))


def _names(dotted: str) -> list[str]:
    """`metadata.continue` in parts; a name that begins with @ has dots of its own."""
    return [dotted] if dotted.startswith("@") else dotted.split(".")


def _with(body: Any, names: list[str], value: Any) -> dict[str, Any]:
    """A copy of the body with one value set."""
    inner = value if len(names) == 1 else _with(body.get(names[0], {}), names[1:], value)
    return {**body, names[0]: inner}
