"""Bills of materials and osquery's log of the simulated company, as their tools write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from muniment.sandbox.cluster import REGISTRY, released, uid
from muniment.sandbox.people import ORGANISATION
from muniment.sandbox.scans import IMAGES
from muniment.sandbox.times import YEAR_START, at, blocks, days, dice, iso_s
from muniment.sandbox.world import World

Json = dict[str, Any]
#: hours of the day (UTC) at which the bills of a day are made
CYCLONEDX_H, SPDX_H = 4, 5
#: an image built upon a release that is not supported any more: the planted deviation
OLD_IMAGE, OLD_DEBIAN, DEBIAN = "benefits-batch", "11.11", "12.11"
REPOSITORIES = ("claims-api", "member-portal")
#: hosts that log their queries, and how often each does
HOSTS = ("bastion-1", "bastion-2", "build-1")
#: a day before the year, so that the year has a line from before it
START = YEAR_START - timedelta(days=1)
#: minute of the hour at which hosts log
FIRST_MINUTE = 10
#: path below the drop, what makes its body, since when it is so, whether it stays so from now on
File = tuple[str, Callable[[], bytes], datetime, bool]


def files(world: World, now: datetime) -> Iterator[File]:
    """Every file that exists at an instant."""
    lost = {kind: set(lost_days(world.seed, kind)) for kind in ("cyclonedx", "spdx")}
    for day in days(START, now.date() + timedelta(days=1)):
        made = at(day, CYCLONEDX_H)
        if day >= YEAR_START and made <= now and day not in lost["cyclonedx"]:
            for name in IMAGES:
                make = partial(_cyclonedx, world, name, made)
                yield f"cyclonedx/img-{name}/{day}.cdx.json", make, made, True
        made = at(day, SPDX_H)
        if day >= YEAR_START and made <= now and day not in lost["spdx"]:
            for name in REPOSITORIES:
                make = partial(_spdx, world, name, made)
                yield f"spdx/repo-{name}/{day}.spdx.json", make, made, True
        first = at(day, 0, FIRST_MINUTE)
        if first <= now:
            is_whole = day + timedelta(days=1) < now.date()
            make = partial(_log, world.seed, day, now)
            yield f"osquery/osqueryd.results-{day}.log", make, min(now, at(day, 18, 10)), is_whole


def lost_days(seed: int, kind: str) -> list[date]:
    """Days of which a kind's files, or one of its results, never came: one a block."""
    return [dice(seed, kind, block.index).choice(block.workdays(4, 28)) for block in blocks()]


def _text(document: Json) -> bytes:
    return (json.dumps(document, indent=1) + "\n").encode()


def _log(seed: int, day: date, now: datetime) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in _results(seed, day, now))


def _cyclonedx(world: World, name: str, made: datetime) -> bytes:
    system = OLD_DEBIAN if name == OLD_IMAGE else DEBIAN
    inner = {"bom-ref": "inner", "type": "library", "name": "zlib", "version": "1.3"}
    app = {
        "bom-ref": "app", "type": "application", "name": name, "components": [inner],
    }  # fmt: skip
    document = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": f"urn:uuid:{uid('bom', name, made)}",
        "metadata": {
            "timestamp": iso_s(made),
            "component": {
                "bom-ref": "root", "type": "container",
                "name": f"{REGISTRY}/{name}", "version": released(world, name, made)[:12],
            },
        },
        "components": [
            {"bom-ref": "os", "type": "operating-system", "name": "debian", "version": system},
            app,
            {"bom-ref": "ssl", "type": "library", "name": "openssl", "version": "3.0.15",
             "purl": f"pkg:deb/debian/openssl@3.0.15?distro=debian-{system}"},
        ],
        "dependencies": [
            {"ref": "root", "dependsOn": ["app", "ssl"]}, {"ref": "app", "dependsOn": ["inner"]},
            {"ref": "inner", "dependsOn": ["app"]},
        ],
    }  # fmt: skip
    return _text(document)


def _spdx(world: World, name: str, made: datetime) -> bytes:
    revision = world.repositories[name].tip(made)
    packages = [
        {"SPDXID": "SPDXRef-root", "name": f"{ORGANISATION}/{name}", "versionInfo": revision[:12],
         "downloadLocation": "NOASSERTION", "licenseConcluded": "NOASSERTION"},
        {"SPDXID": "SPDXRef-requests", "name": "requests", "versionInfo": "2.32.3",
         "downloadLocation": "NOASSERTION", "licenseConcluded": "Apache-2.0",
         "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                           "referenceLocator": "pkg:pypi/requests@2.32.3"}]},
    ]  # fmt: skip
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{ORGANISATION}/{name}",
        "documentNamespace": f"https://harbourline.example/spdx/{name}/{made.date()}",
        "creationInfo": {"created": iso_s(made), "creators": ["Tool: simulated"]},
        "packages": packages,
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
             "relatedSpdxElement": "SPDXRef-root"},
            {"spdxElementId": "SPDXRef-root", "relationshipType": "DEPENDS_ON",
             "relatedSpdxElement": "SPDXRef-requests"},
        ],
    }  # fmt: skip
    return _text(document)


def _results(seed: int, day: date, now: datetime) -> Iterator[Json]:
    """A result every six hours and host, numbered on; on a lost day one number never comes."""
    is_lost = day in lost_days(seed, "osquery_results")
    for slot in range(4):
        for place, host in enumerate(HOSTS):
            moment = at(day, 6 * slot, FIRST_MINUTE, place)
            if moment > now or (is_lost and host == HOSTS[0] and slot == 1):
                continue
            number = (day - START).days * 4 + slot
            yield {
                "name": "os_version", "hostIdentifier": host,
                "calendarTime": moment.strftime("%a %b %e %H:%M:%S %Y UTC"),
                "unixTime": int(moment.timestamp()), "epoch": 0, "counter": number,
                "numerics": False, "action": "added",
                "columns": {
                    "name": "Ubuntu", "version": "22.04", "major": "22", "minor": "04",
                    "platform": "ubuntu", "codename": "jammy",
                },
            }  # fmt: skip
