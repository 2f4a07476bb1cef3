"""Okta: the System Log in bounded reads, and the users with their factors."""

from __future__ import annotations

from dataclasses import dataclass

from http_kinds import DAY, Conversation, HttpKind, InHeader, Items
from http_source import Answer, Asked, HttpSource

ORGANISATION = {
    "id": "00o1", "pipeline": "idx", "_links": {"organization": {"href": "https://a.okta.com"}},
}  # fmt: skip
LOGS, USERS = "/api/v1/logs", "/api/v1/users"


@dataclass
class Tenant:
    source: HttpSource
    items: Items

    def reply(self, asked: Asked) -> Answer:
        if asked.path == "/.well-known/okta-organization":
            return Answer(ORGANISATION)
        if asked.path == LOGS:
            since, until = asked.query["since"], asked.query["until"]
            found = [item for item in self.items if since <= item["published"] < until]
            return InHeader().page(self.source, asked, found)
        if asked.path == USERS:
            living = self.items if "filter" not in asked.query else []
            return InHeader().page(self.source, asked, living)
        user_id = asked.path.split("/")[4]
        return Answer([{"id": f"f-{user_id}", "factorType": "push", "status": "ACTIVE"}])


def event(number: int) -> dict[str, str]:
    return {"uuid": f"e{number}", "published": f"{DAY}T0{number}:00:00.000Z"}


def add_event(tenant: Conversation) -> None:
    tenant.items.append(event(9))


KINDS = [
    HttpKind(
        kind="okta_system_log",
        options={"page_size": 2},
        start=lambda source: Tenant(source, [event(number) for number in range(5)]),
        path=LOGS,
        paging=InHeader(),
        stream="access_events.grant",
        late=add_event,
    ),
    HttpKind(
        kind="okta_users",
        options={},
        start=lambda source: Tenant(
            source, [{"id": f"00u{number}", "status": "ACTIVE"} for number in range(5)]
        ),
        path=USERS,
        paging=InHeader(),
        stream="identities.account",
        basis="snapshot_count",
        mode="snapshot",
    ),
]
