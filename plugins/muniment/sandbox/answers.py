"""A question to the simulated APIs and its answer, before faults and HTTP come to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

Json = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """One request: `path` without the vendor's base path, `root` the address before it."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    root: str
    now: datetime
    method: str = "GET"
    body: bytes = b""

    @property
    def token(self) -> str:
        """The credential, from whichever header the vendors take it; of AWS's, the key's id."""
        header = self.headers.get("authorization", "")
        if header.startswith("AWS4-HMAC-SHA256 "):
            return header.partition("Credential=")[2].partition("/")[0]
        bearer = header.rpartition(" ")[2]
        return bearer or self.headers.get("private-token", "")

    def json(self) -> Json:
        """The body, a JSON object. Raises ValueError."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise ValueError("no object")
        return value

    def form(self) -> dict[str, str]:
        """The body, a form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def number(self, name: str, default: int, largest: int) -> int:
        """A whole number of the query, at least 1 and at most `largest`."""
        text = self.query.get(name, "")
        return min(max(int(text), 1), largest) if text.isdigit() else default

    def url(self, path: str | None = None, **changes: str) -> str:
        """The address of this question with some parameters changed, or of another path."""
        query = {**self.query, **changes}
        tail = f"?{urlencode(query)}" if query else ""
        return f"{self.root}{self.path if path is None else path}{tail}"


@dataclass
class Answer:
    """Status, body and headers; `links` are the Link relations, in order."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


Handler = Callable[..., Answer]


class Vendor(Protocol):
    """One vendor's API. `failed(status)`, where it has one, writes an error as the vendor does."""

    def answer(self, question: Question) -> Answer:
        """The answer to one question that bore the right token."""

    def refused(self) -> Answer:
        """The answer to a wrong or missing token."""


def text_of(value: Any) -> str:
    """JSON as the vendors write it: no spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def document(value: Any, status: int = 200) -> Answer:
    """An answer that holds one JSON value."""
    return Answer(status, text_of(value).encode())


def array(items: Iterable[str]) -> Answer:
    """An answer that holds a JSON array of items that are JSON text already."""
    return Answer(200, f"[{','.join(items)}]".encode())
