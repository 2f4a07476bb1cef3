"""A server that answers as Microsoft Graph and Azure Resource Manager document it: pages by next
links with an opaque token, times filtered with `ge` and `le`, counts where they are asked for.

It knows nothing of the sandbox company.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from http_source import Answer, Asked, HttpSource

TENANT = "84841066-274d-4ec0-a5c1-276be684bdd3"
_WITHIN = re.compile(r"(\w+) ge '?([^' ]+)'? and \1 le '?([^' ]+)'?(?: and (.*))?")
Json = dict[str, Any]


@dataclass
class Microsoft:
    """lists: path -> items; `pages` items a page; `answers` stand before any list."""

    source: HttpSource
    lists: dict[str, list[Json]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    page_size: int = 2
    next_name: str = "@odata.nextLink"

    def reply(self, asked: Asked) -> Answer:
        if asked.path in self.answers:
            return self.answers[asked.path]
        if asked.path == "/v1.0/organization":
            return Answer({"value": [{"id": TENANT}]})
        if asked.path not in self.lists:
            return Answer({"error": {"code": "ResourceNotFound", "message": "not there"}}, 404)
        items = self.lists[asked.path]
        found = _WITHIN.fullmatch(asked.query.get("$filter", ""))
        if found:
            name, first, last, more = found.groups()
            items = [item for item in items if first <= str(item[name]) <= last]
            items = [item for item in items if not more or item["type"] in more]
        return self._page(asked, items)

    def _page(self, asked: Asked, items: list[Json]) -> Answer:
        start = int(asked.query.get("$skiptoken", "0"))
        body: Json = {"value": items[start : start + self.page_size]}
        if asked.query.get("$count") == "true" and not start:
            assert asked.headers["ConsistencyLevel"] == "eventual"
            body["@odata.count"] = len(items)
        if start + self.page_size < len(items):
            query = {**asked.query, "$skiptoken": str(start + self.page_size)}
            body[self.next_name] = f"{self.source.url}{asked.path}?{urlencode(query)}"
        return Answer(body)
