"""The export of the development subscription's activity log: one file for each hour with entries.

Azure Policy looks twice a day, just after midnight and at noon, and three times on working days
somebody changes something. In each block one day's export is lost, and somebody opens a network.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from muniment.sandbox.azure import ID_CLAIM, OPEN_TO_ALL
from muniment.sandbox.entra import TENANT_ID
from muniment.sandbox.entra_shapes import iso_ticks
from muniment.sandbox.people import Person
from muniment.sandbox.times import YEAR_END, YEAR_START, at, blocks, days, dice
from muniment.sandbox.world import World

SUBSCRIPTION = "D3E1F00D-1C2B-4A3D-8E4F-4A7B0E11DE7A"
ROOT = f"/SUBSCRIPTIONS/{SUBSCRIPTION}"
CONTAINER = f"insights-activity-logs/resourceId={ROOT}"
RULE_ID = f"{ROOT}/RESOURCEGROUPS/DEV/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/NSG-DEV"
UPN_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
EXPORT_START = YEAR_START - timedelta(days=2)
#: a file can be read so long after its first entry
WRITTEN_AFTER = timedelta(minutes=10)
Json = dict[str, Any]


def lost_days(seed: int) -> list[date]:
    """Days of which no file ever comes, one in each block."""
    return [dice(seed, "azure export lost", b.index).choice(b.workdays(4, 24)) for b in blocks()]


def opened_days(seed: int) -> list[date]:
    """Days on which the network of development is opened to everybody, one in each block."""
    lost = set(lost_days(seed))
    chosen = (
        [day for day in block.workdays(3, 26) if day not in lost] for block in blocks()
    )  # fmt: skip
    return [dice(seed, "azure export opened", n).choice(found) for n, found in enumerate(chosen)]


class AzureDrop:
    """`<drop>/azure/`, kept in step with the simulated clock."""

    def __init__(self, world: World, folder: Path) -> None:
        """`folder` is created when something is written."""
        self.world, self.folder = world, folder / "azure"
        self._lost, self._opened = set(lost_days(world.seed)), set(opened_days(world.seed))
        self._written: dict[Path, datetime] = {}

    def advance(self, now: datetime) -> None:
        """Writes the hours that have come to exist and takes away those that do not yet."""
        for path in [path for path, since in self._written.items() if since > now]:
            path.unlink()
            del self._written[path]
        for day in days(EXPORT_START, min(now.date() + timedelta(days=1), YEAR_END)):
            if day not in self._lost:
                self._write(day, now)

    def _write(self, day: date, now: datetime) -> None:
        for hour, entries in self._hours(day).items():
            path = self.folder / CONTAINER / f"y={day:%Y}/m={day:%m}/d={day:%d}/h={hour:02d}/m=00"
            path, since = path / "PT1H.json", at(day, hour, 59) + WRITTEN_AFTER
            if since > now or path in self._written:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(json.dumps(item).encode() + b"\r\n" for item in entries))
            os.utime(path, (since.timestamp(), since.timestamp()))
            self._written[path] = since

    def _hours(self, day: date) -> dict[int, list[Json]]:
        found: dict[int, list[Json]] = {}
        for moment, item in self._entries(day):
            found.setdefault(moment.hour, []).append({"time": iso_ticks(moment), **item})
        return found

    def _entries(self, day: date) -> Iterator[tuple[datetime, Json]]:
        for hour in (0, 12):
            looked = "MICROSOFT.AUTHORIZATION/POLICIES/AUDIT/ACTION"
            yield at(day, hour, 5), _entry(looked, "Policy", f"{ROOT}/RESOURCEGROUPS/DEV", None)
        chance = dice(self.world.seed, "azure export", day)
        people = [p for p in self.world.company.developers if p.works_throughout(day)]
        for hour in (9, 11, 15) if day.weekday() < 5 else ():
            resource = f"{ROOT}/RESOURCEGROUPS/DEV/PROVIDERS/MICROSOFT.COMPUTE/DISKS/D{hour}"
            moment, person = at(day, hour, chance.randrange(60)), chance.choice(people)
            yield moment, self._by(person, "MICROSOFT.COMPUTE/DISKS/WRITE", resource)
        if day in self._opened:
            rule = "MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/SECURITYRULES/WRITE"
            person = self.world.company.developers[5]
            yield (
                at(day, 17, 40),
                self._by(person, rule, f"{RULE_ID}/SECURITYRULES/ANY", OPEN_TO_ALL),
            )

    def _by(self, person: Person, operation: str, resource: str, body: str | None = None) -> Json:
        claims = {UPN_CLAIM: person.email, ID_CLAIM: self.world.entra.user_id(person)}
        item = _entry(operation, "Administrative", resource, {"claims": claims})
        return {**item, "properties": {"requestbody": body} if body else {}}


def _entry(operation: str, category: str, resource: str, identity: Json | None) -> Json:
    return {
        "resourceId": resource,
        "operationName": operation,
        "category": category,
        "resultType": "Success",
        "resultSignature": "Succeeded.Created" if operation.endswith("/WRITE") else "Succeeded.OK",
        "durationMs": "0",
        "callerIpAddress": "192.0.2.14",
        "correlationId": f"{operation}/{resource}".lower(),
        "identity": identity,
        "level": "Information",
        "location": "global",
        "properties": {},
        "tenantId": TENANT_ID,
    }
