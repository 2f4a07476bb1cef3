"""Okta: what decides about access. Policies with their rules, groups and applications."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conversations.okta import ORGANISATION
from http_kinds import HttpKind, InHeader, Items
from http_source import Answer, Asked, HttpSource

RULES, GROUPS, APPS = "/api/v1/policies/00p1/rules", "/api/v1/groups", "/api/v1/apps"


@dataclass
class Tenant:
    """`spoiled`: the path whose items the matrix spoils; others answer with one page."""

    source: HttpSource
    spoiled: str
    items: Items
    others: dict[str, Any] = field(default_factory=dict)

    def reply(self, asked: Asked) -> Answer:
        if asked.path == "/.well-known/okta-organization":
            return Answer(ORGANISATION)
        if asked.path == self.spoiled:
            return InHeader().page(self.source, asked, self.items)
        if asked.path == "/api/v1/policies":
            wanted = asked.query["type"] == "OKTA_SIGN_ON"
            return Answer([{"id": "00p1", "status": "ACTIVE", "priority": 1}] if wanted else [])
        if asked.path == "/api/v1/iam/assignees/users":
            return Answer({"value": [{"id": "00u1"}], "_links": {}})
        return Answer([])


def state(kind: str, path: str, stream: str, items: Items, refusals: str) -> HttpKind:
    return HttpKind(
        kind=kind, options={}, start=lambda source: Tenant(source, path, list(items)), path=path,
        paging=InHeader(), stream=stream, basis="snapshot_count", mode="snapshot",
        refusals=refusals,
    )  # fmt: skip


KINDS = [
    state(
        "okta_policies", RULES, "access_policies",
        [{"id": f"0pr{number}", "status": "ACTIVE", "priority": number} for number in range(5)],
        "Okta refused",
    ),
    state(
        "okta_groups", GROUPS, "identities.role",
        [
            {"id": f"00g{number}", "type": "OKTA_GROUP", "profile": {"name": "x"}}
            for number in range(5)
        ],
        "Okta refused",
    ),
    state(
        "okta_apps", APPS, "assets.inventory", [{"id": f"0oa{number}"} for number in range(5)],
        "Okta refused",
    ),
]  # fmt: skip
