"""Azure's activity log of the simulated company's one subscription.

On working days developers and the pipeline write to machines, disks and storage, each operation
told twice: started and succeeded. In each block a developer opens SSH to everybody for a day.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from muniment.sandbox.entra import TENANT_ID, Entra, Stored
from muniment.sandbox.entra_shapes import iso_ticks
from muniment.sandbox.people import Person
from muniment.sandbox.times import Block, at, blocks, days, dice

SUBSCRIPTION = "0b5e1f7a-7c1d-4d0e-8d57-4a7b0e11a2e5"
PIPELINE = "4f0a52c1-77aa-4d1b-9c58-de9107e2a11e"
RETENTION = timedelta(days=90)
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/production"
RULE = "Microsoft.Network/networkSecurityGroups/securityRules"
RULE_ID = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg-apps/securityRules/ssh"
OPEN_TO_ALL = (
    '{"properties":{"access":"Allow","direction":"Inbound","protocol":"Tcp",'
    '"sourceAddressPrefix":"*","destinationPortRange":"22","priority":100}}'
)
#: resource type -> the operations that ordinary days hold
USUAL = {
    "Microsoft.Compute/virtualMachines": ("write", "restart/action", "deallocate/action"),
    "Microsoft.Compute/disks": ("write", "delete"),
    "Microsoft.Storage/storageAccounts": ("write", "listKeys/action"),
    "Microsoft.Insights/diagnosticSettings": ("write",),
    "Microsoft.Authorization/roleAssignments": ("write",),
}
OPERATIONS_A_WORKDAY = 8
ID_CLAIM = "http://schemas.microsoft.com/identity/claims/objectidentifier"
Json = dict[str, Any]


@dataclass(frozen=True)
class Opened:
    """What is out of order in one block.

    opened: the day on which SSH is opened to all, until the next morning; late: a day one of whose
    entries is stored late; refused: the day in whose run the subscription may not be read.
    """

    opened: date
    late: date
    refused: date


@dataclass(frozen=True)
class Operation:
    """One operation on one resource."""

    at: datetime
    caller: str
    caller_id: str
    kind: str
    verb: str
    resource_id: str
    body: str | None = None


class AzureLog:
    """The log of one seed, made day by day when asked for."""

    def __init__(self, seed: int, entra: Entra) -> None:
        """`entra` knows the accounts."""
        self.seed, self.entra = seed, entra
        self.planted = [
            Opened(*map(dice(seed, "azure", block.index).choice, _choices(block)))
            for block in blocks()
        ]
        self._on = lru_cache(maxsize=64)(self._entries_on)

    def entries(self, first: date, last: date, now: datetime) -> list[Stored]:
        """What the log holds of these days, newest first."""
        found = [e for day in days(first, last + timedelta(days=1)) for e in self._on(day)]
        kept = [e for e in found if e.stored <= now and e.happened > now - RETENTION]
        return sorted(kept, key=lambda entry: (entry.happened, entry.native_id), reverse=True)

    def _entries_on(self, day: date) -> list[Stored]:
        found = [entry for operation in self._operations(day) for entry in self._told(operation)]
        if any(plant.late == day for plant in self.planted):
            held = found[0]  # becomes known more than a day later
            stored = held.happened + timedelta(hours=26)
            found[0] = Stored(held.happened, stored, held.native_id, held.record)
        return found

    def _operations(self, day: date) -> Iterator[Operation]:
        chance = dice(self.seed, "azure operations", day)
        if day.weekday() < 5:
            developers = [p for p in self.entra.company.developers if p.works_throughout(day)]
            for number in range(OPERATIONS_A_WORKDAY):
                kind = chance.choice(list(USUAL))
                moment = at(day, 8 + number, chance.randrange(60), chance.randrange(60))
                name = f"{kind.rpartition('/')[2].lower()}-{chance.randrange(1, 5)}"
                yield self._operation(
                    moment, chance.choice([None, *developers]), kind, chance.choice(USUAL[kind]),
                    f"{GROUP}/providers/{kind}/{name}",
                )  # fmt: skip
        for plant in self.planted:
            if plant.opened == day:
                person = self.entra.company.developers[3]
                yield self._operation(at(day, 16, 20), person, RULE, "write", RULE_ID, OPEN_TO_ALL)
            if plant.opened + timedelta(days=1) == day:
                person = self.entra.company.security_lead
                yield self._operation(at(day, 9, 5), person, RULE, "delete", RULE_ID)

    def _operation(
        self, moment: datetime, person: Person | None, kind: str, verb: str, resource_id: str,
        body: str | None = None,
    ) -> Operation:  # fmt: skip
        caller = person.email if person else PIPELINE
        caller_id = self.entra.user_id(person) if person else PIPELINE
        return Operation(moment, caller, caller_id, kind, verb, resource_id, body)

    def _told(self, operation: Operation) -> Iterator[Stored]:
        """Started, and two seconds later succeeded."""
        key = (self.seed, operation.resource_id, operation.verb, operation.at.isoformat())
        shared = str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, key))))
        for number, status in enumerate(("Started", "Succeeded")):
            name = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{shared}/{status}"))
            moment = operation.at + timedelta(seconds=2 * number, microseconds=123_456)
            stored = moment + timedelta(minutes=6)
            yield Stored(
                moment, stored, name, _record(operation, moment, stored, name, shared, status)
            )


def _record(
    operation: Operation, moment: datetime, stored: datetime, name: str, shared: str, status: str
) -> Json:
    action = f"{operation.kind}/{operation.verb}"
    sub_status = "" if status == "Started" else "Created" if operation.body else "OK"
    is_person = "@" in operation.caller
    return {
        "authorization": {
            "action": action, "scope": operation.resource_id, "role": "Contributor",
        },
        "caller": operation.caller,
        "channels": "Operation",
        "claims": {ID_CLAIM: operation.caller_id, "idtyp": "user" if is_person else "app"},
        "correlationId": shared,
        "description": "",
        "eventDataId": name,
        "eventName": _twice("BeginRequest" if status == "Started" else "EndRequest"),
        "category": _twice("Administrative"),
        "httpRequest": {
            "clientRequestId": shared, "clientIpAddress": "192.0.2.14", "method": "PUT"
        },
        "id": f"{operation.resource_id}/events/{name}/ticks/1",
        "level": "Informational",
        "resourceGroupName": "production",
        "resourceProviderName": _twice(operation.kind.partition("/")[0]),
        "resourceId": operation.resource_id,
        "resourceType": _twice(operation.kind),
        "operationId": shared,
        "operationName": _twice(action),
        "properties": {"requestbody": operation.body} if operation.body else {},
        "status": _twice(status),
        "subStatus": _twice(sub_status),
        "eventTimestamp": iso_ticks(moment),
        "submissionTimestamp": iso_ticks(stored),
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT_ID,
    }  # fmt: skip


def _choices(block: Block) -> tuple[list[date], ...]:
    """The days to choose from; what comes late has settled before anything is refused."""
    return block.workdays(3, 26), block.workdays(3, 14), block.workdays(18, 26)


def _twice(text: str) -> Json:
    """A text with its localised twin."""
    return {"value": text, "localizedValue": text}
