"""An Okta tenant as its contract has it, for tests: lists in pages of two, refusals where told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from http_source import Answer, Asked, HttpSource, serving

PAGE = 2
ASSIGNEES = "/api/v1/iam/assignees/users"


@dataclass
class Tenant:
    """lists: path -> items; policies: type -> items; refused: path -> status."""

    source: HttpSource
    pipeline: str = "idx"
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    policies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def reply(self, asked: Asked) -> Answer:
        if asked.path == "/.well-known/okta-organization":
            return Answer({"id": "00o1", "pipeline": self.pipeline})
        if asked.path in self.refused:
            return Answer({"errorSummary": "no"}, self.refused[asked.path])
        if asked.path == ASSIGNEES:
            return self._assignees(asked)
        if asked.path in self.documents:
            return Answer(self.documents[asked.path])
        items = self.lists.get(asked.path, [])
        if asked.path == "/api/v1/policies":
            items = self.policies.get(asked.query["type"], [])
        start = int(asked.query.get("after", 0))
        headers = []
        if start + PAGE < len(items):
            headers = [("Link", f'<{self._next(asked, start)}>; rel="next"')]
        return Answer(items[start : start + PAGE], headers=headers)

    def _assignees(self, asked: Asked) -> Answer:
        """This list says in its body where the next page is."""
        items = self.lists.get(ASSIGNEES, [])
        start = int(asked.query.get("after", 0))
        links = {}
        if start + PAGE < len(items):
            links = {"next": {"href": self._next(asked, start)}}
        return Answer({"value": items[start : start + PAGE], "_links": links})

    def _next(self, asked: Asked, start: int) -> str:
        query = urlencode({**asked.query, "after": start + PAGE})
        return f"{self.source.url}{asked.path}?{query}"


@contextmanager
def tenant() -> Iterator[Tenant]:
    """The tenant, served."""
    with serving() as source:
        found = Tenant(source)
        source.reply = found.reply
        yield found
