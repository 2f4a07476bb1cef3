"""Made records: a home with one collection of Okta-shaped events, seeded, always the same.

Objects are gzip JSON lines, as the target of the index step is stated; the kind is the real
`okta_system_log`, so that the same records go on through commit and staging.
"""

from __future__ import annotations

import gzip
import json
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from muniment.collection import Collection, StoredObject, canonical
from muniment.locker import Locker, object_path
from muniment.settings import Settings, load
from muniment.sources import discover
from muniment.sources.spec import Connector, Shape
from muniment.storage import Store

OBJECT_RECORDS = 20_000
RECORD_BYTES = 1_100
PEOPLE = 5_000
KIND = "okta_system_log"
SOURCE, RECEIPT = "okta", "0" * 32
CONFIG = """
organisation: Bench
home: home
sandbox: true
sources:
  - {id: okta, kind: okta_system_log, connection: okta, system: okta}
"""
#: event type, credential type; a day of a tenant is mostly sign-ins
EVENTS = (
    ("user.session.start", "PASSWORD"), ("user.authentication.auth_via_mfa", "OTP"),
    ("user.authentication.sso", None), ("user.session.end", None),
    ("group.user_membership.add", None), ("system.import.complete", None),
)  # fmt: skip


def settings(folder: Path) -> Settings:
    """The made home's settings, with the kind set to read lines instead of pages."""
    connector = discover()[KIND]
    lines = Shape("lines", "lines", "event", native_id=("/uuid",), event_time="/published")
    spec = replace(connector.spec, shapes=(lines,))
    discover()[KIND] = Connector(spec, connector.collect)
    return load(folder / "muniment.yml")


def make(folder: Path, records: int) -> int:
    """Stores whole objects in `folder`, on two processes; returns the records in them."""
    count = max(1, records // OBJECT_RECORDS)
    with ProcessPoolExecutor(2) as pool:
        made = list(pool.map(partial(_store_object, str(folder)), range(count)))
    (folder / "objects.json").write_text(json.dumps(made))
    return count * OBJECT_RECORDS


def home(made: Path, folder: Path, records: int) -> None:
    """A home of its own over the first objects made (linked), as one collection to be indexed."""
    moment = "2026-01-02T00:00:00.000000Z"
    collection = Collection(
        RECEIPT, SOURCE, KIND, "Bench", "okta", 1, "", "", "", "2026-01-01", "2026-01-02",
        moment, moment, is_sandbox=True,
    )  # fmt: skip
    count = max(1, records // OBJECT_RECORDS)
    for page, (sha256, size) in enumerate(json.loads((made / "objects.json").read_text())[:count]):
        path = object_path(sha256)
        (folder / "home" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "home" / path).hardlink_to(made / path)
        collection.objects.append(StoredObject(sha256, size, "application/gzip", "lines", page + 1))
    Store(folder / "home").create(collection.path, canonical(collection.to_json()))
    (folder / "muniment.yml").write_text(CONFIG)


def objects(folder: Path) -> list[Path]:
    """The objects of a home, compressed."""
    return sorted(folder.glob("home/locker/objects/*/*"))


def _store_object(folder: str, number: int) -> tuple[str, int]:
    chance = random.Random(number)
    lines = b"".join(_record(chance, number) for _ in range(OBJECT_RECORDS))
    return Locker(Store(folder)).put(gzip.compress(lines, 6, mtime=0))


def _record(chance: random.Random, number: int) -> bytes:
    person = chance.randrange(PEOPLE)
    login = f"person{person}@example.com"
    event_type, credential = chance.choice(EVENTS)
    second = number * 1_700 % 86_400 + chance.randrange(1_700)
    clock = f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    event = {
        "actor": {"id": f"00u{person:017d}", "type": "User", "alternateId": login,
                  "displayName": f"Person {person}"},
        "client": {
            "userAgent": {"rawUserAgent": "PADDING", "os": "Linux", "browser": "CHROME"},
            "zone": "null", "device": "Computer",
            "ipAddress": f"10.{person % 250}.{chance.randrange(250)}.{chance.randrange(250)}",
            "geographicalContext": {"city": "Riga", "country": "LV", "postalCode": None},
        },
        "authenticationContext": {
            "authenticationStep": 0, "credentialType": credential,
            "externalSessionId": f"102{chance.getrandbits(88):022x}",
        },
        "displayMessage": "User login to Okta", "eventType": event_type,
        "outcome": {"result": chance.choice(("SUCCESS", "SUCCESS", "FAILURE")), "reason": None},
        "published": f"2026-01-01T{clock}.{chance.randrange(1000):03d}Z",
        "securityContext": {"asNumber": None, "isp": None, "isProxy": False}, "severity": "INFO",
        "debugContext": {"debugData": {"requestUri": "/", "factor": None}},
        "transaction": {"type": "WEB", "id": f"{chance.getrandbits(128):032x}", "detail": {}},
        "uuid": f"{chance.getrandbits(128):032x}", "version": "0",
        "target": [{"id": "0oa4github00000001x7", "type": "AppInstance",
                    "displayName": "GitHub", "alternateId": "GitHub"}],
    }  # fmt: skip
    text = json.dumps(event, separators=(",", ":"))
    padding = "Mozilla/5.0 (X11; Linux x86_64) " * 20
    missing = RECORD_BYTES - 1 - len(text) + len("PADDING")
    assert 0 <= missing <= len(padding), len(text)
    return text.replace("PADDING", padding[:missing], 1).encode() + b"\n"
