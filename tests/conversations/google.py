"""Google Workspace: one application's activity report, and the users of the directory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from http_kinds import DAY, Conversation, HttpKind, InBody, Items
from http_source import Answer, Asked, HttpSource

LOGIN = "/admin/reports/v1/activity/users/all/applications/login"
USERS = "/admin/directory/v1/users"
ACTIVITIES = InBody(
    "items", "nextPageToken", "pageToken", around={"kind": "admin#reports#activities"}
)
DIRECTORY = InBody("users", "nextPageToken", "pageToken", around={"kind": "admin#directory#users"})


@dataclass
class Workspace:
    """`items` are the sign-ins or the users; nobody was deleted and no other report has entries."""

    source: HttpSource
    items: Items
    deleted: Items = field(default_factory=list)

    def reply(self, asked: Asked) -> Answer:
        if asked.path == USERS:
            assert asked.query["customer"] == "my_customer"
            is_deleted = asked.query["showDeleted"] == "true"
            return DIRECTORY.page(self.source, asked, self.deleted if is_deleted else self.items)
        if asked.path != LOGIN:
            return Answer({"kind": "admin#reports#activities", "etag": '"e"'})
        since, until = asked.query["startTime"], asked.query["endTime"]
        found = [item for item in self.items if since <= item["id"]["time"] < until]
        return ACTIVITIES.page(self.source, asked, found)


def sign_in(hour: int, day: str = DAY, name: str = "login_success") -> dict[str, Any]:
    return {
        "kind": "admin#reports#activity",
        "id": {
            "time": f"{day}T{hour:02}:00:00.000Z", "uniqueQualifier": str(7000 + hour),
            "applicationName": "login", "customerId": "C03az79cb",
        },
        "actor": {"callerType": "USER", "email": "bo@acme.example", "profileId": "1131"},
        "ipAddress": "203.0.113.7",
        "events": [{"type": "login", "name": name, "parameters": [
            {"name": "login_type", "value": "google_password"},
            {"name": "login_challenge_method", "multiValue": ["password", "google_prompt"]},
        ]}],
    }  # fmt: skip


def user(number: int, **more: Any) -> dict[str, Any]:
    return {
        "kind": "admin#directory#user", "id": str(1130 + number), "customerId": "C03az79cb",
        "primaryEmail": f"user{number}@acme.example", "suspended": False, "isAdmin": False,
        "isDelegatedAdmin": False, "isEnrolledIn2Sv": True, "isEnforcedIn2Sv": False,
        "creationTime": "2024-01-02T09:00:00.000Z", "lastLoginTime": "1970-01-01T00:00:00.000Z",
        **more,
    }  # fmt: skip


def add_sign_in(workspace: Conversation) -> None:
    workspace.items.append(sign_in(9))


KINDS = [
    HttpKind(
        kind="google_workspace_activity",
        options={},
        start=lambda source: Workspace(source, [sign_in(hour) for hour in range(5, 0, -1)]),
        path=LOGIN,
        paging=ACTIVITIES,
        stream="access_events.sign_in",
        late=add_sign_in,
    ),
    HttpKind(
        kind="google_workspace_users",
        options={},
        start=lambda source: Workspace(source, [user(number) for number in range(5)]),
        path=USERS,
        paging=DIRECTORY,
        stream="identities.account",
        basis="snapshot_count",
        mode="snapshot",
    ),
]
