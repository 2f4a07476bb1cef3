"""Microsoft: Entra's logs and users through Graph, one subscription of Azure's activity log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from http_kinds import DAY, Conversation, HttpKind, InBody, Items
from http_source import Answer, Asked, HttpSource
from microsoft_host import TENANT, Microsoft

SIGNINS, AUDITS = "/v1.0/auditLogs/signIns", "/v1.0/auditLogs/directoryAudits"
USERS, ROLES = "/v1.0/users", "/v1.0/directoryRoles"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
ACTIVITIES = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"
)
GRAPH = InBody("value", "@odata.nextLink", "$skiptoken", has_address=True)
AZURE = InBody("value", "nextLink", "$skiptoken", has_address=True)


@dataclass
class Tenant:
    """`items` is the list that the matrix spoils."""

    host: Microsoft
    items: Items

    def reply(self, asked: Asked) -> Answer:
        return self.host.reply(asked)


def _event(kind: str, number: int) -> dict[str, Any]:
    time = f"{DAY}T0{number}:00:00.1234567Z"
    return {
        "entra_signins": {"id": f"s{number}", "createdDateTime": time, "status": {"errorCode": 0}},
        "entra_audit": {
            "id": f"d{number}", "activityDateTime": time, "result": "success",
            "activityDisplayName": "Add member to role",
        },
        "azure_activity": {
            "eventDataId": f"e{number}", "eventTimestamp": time,
            "operationName": {"value": "Microsoft.Compute/disks/write"},
        },
    }[kind]  # fmt: skip


def _log(source: HttpSource, kind: str, path: str, next_name: str = "@odata.nextLink") -> Tenant:
    items = [_event(kind, number) for number in range(5, 0, -1)]
    host = Microsoft(source, {path: items}, next_name=next_name)
    host.answers[f"/subscriptions/{SUBSCRIPTION}"] = Answer({"tenantId": TENANT})
    return Tenant(host, items)


def _users(source: HttpSource) -> Tenant:
    items = [
        {"id": f"u{n}", "userPrincipalName": f"u{n}@x.example", "accountEnabled": True}
        for n in range(5)
    ]
    lists: dict[str, Items] = {
        USERS: items,
        "/v1.0/directory/deletedItems/microsoft.graph.user": [],
        "/v1.0/reports/authenticationMethods/userRegistrationDetails": [
            {"id": "u1", "isMfaRegistered": True, "methodsRegistered": ["fido2"]}
        ],
        ROLES: [{"id": "r1", "displayName": "Global Reader", "roleTemplateId": "t1"}],
        f"{ROLES}/r1/members": [{"@odata.type": "#microsoft.graph.user", "id": "u1"}],
    }
    return Tenant(Microsoft(source, lists), items)


def _add(kind: str) -> Any:
    def add(tenant: Conversation) -> None:
        tenant.items.insert(0, _event(kind, 9))

    return add


KINDS = [
    HttpKind(
        kind="entra_signins",
        options={},
        start=lambda source: _log(source, "entra_signins", SIGNINS),
        path=SIGNINS,
        paging=GRAPH,
        stream="access_events.sign_in",
        late=_add("entra_signins"),
    ),
    HttpKind(
        kind="entra_audit",
        options={},
        start=lambda source: _log(source, "entra_audit", AUDITS),
        path=AUDITS,
        paging=GRAPH,
        stream="access_events.grant",
        late=_add("entra_audit"),
    ),
    HttpKind(
        kind="entra_users",
        options={},
        start=_users,
        path=USERS,
        paging=GRAPH,
        stream="identities.account",
        basis="total_count",
        mode="snapshot",
    ),
    HttpKind(
        kind="azure_activity",
        options={"subscriptions": [SUBSCRIPTION]},
        start=lambda source: _log(source, "azure_activity", ACTIVITIES, "nextLink"),
        path=ACTIVITIES,
        paging=AZURE,
        stream="change_events.infra_change",
        late=_add("azure_activity"),
    ),
]
