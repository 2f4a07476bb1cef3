"""Real Google Workspace activities through connector, index and staging, each accounted for.

The file holds detection tests' events as Panther hands them on: each event on its own, with its
activity's id and actor beside it, parameters as a mapping, times in UTC without a zone. They are
put back into the form of the Reports API (one event an activity) and asked for over HTTP.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from collector import collector
from http_source import Answer, Asked, HttpSource, serving
from muniment.collection import canonical
from muniment.database import connect
from muniment.sources.google_workspace_activity import FEEDS
from muniment.vendors.google import REPORTS
from muniment.warehouse import WAREHOUSE_PATH
from staged import staged

KIND_OF_SAMPLES = "google_workspace_reports"
#: of the 72, the tests of these applications; the other applications are not collected
APPLICATIONS = {"admin": 24, "login": 9, "token": 3, "drive": 8}
#: tests that say of their activity nothing but its application: no time, so they count for the
#: last day of the window, and nothing tells a repetition of them
UNDATED = {"admin": 2, "drive": 4, "login": 9}


def samples(shared: Path) -> list[dict[str, Any]]:
    (file,) = [path for path in (shared / "samples" / KIND_OF_SAMPLES).iterdir() if path.is_file()]
    with (shared / "samples" / "PROVENANCE.csv").open(newline="") as handle:
        (row,) = [row for row in csv.DictReader(handle) if row["kind"] == KIND_OF_SAMPLES]
    found = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(found) == int(row["records"])
    return found


def activity(event: dict[str, Any]) -> dict[str, Any]:
    """One event in the form of the API."""
    known = dict(event["id"])
    if "time" in known:
        day, time = known["time"].split(" ")
        known["time"] = f"{day}T{time[:12]}Z"
    rebuilt = {"kind": "admin#reports#activity", "id": known}
    rebuilt |= {name: event[name] for name in ("actor", "ipAddress") if name in event}
    parameters = [
        {"name": name, **typed(value)} for name, value in (event.get("parameters") or {}).items()
    ]
    named = {name: event[name] for name in ("type", "name") if name in event}
    return {**rebuilt, "events": [{**named, "parameters": parameters}]}


def typed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, list):
        return {"multiValue": value}
    return {} if value is None else {"value": value if isinstance(value, str) else str(value)}


@pytest.fixture
def server() -> Any:
    with serving() as source:
        yield source


def test_every_recorded_activity_reaches_staging(
    shared: Path, server: HttpSource, tmp_path: Path
) -> None:
    events = samples(shared)
    mine = [event for event in events if event["id"]["applicationName"] in FEEDS]
    found = Counter(event["id"]["applicationName"] for event in mine)
    assert found == APPLICATIONS
    activities = [activity(event) for event in mine]

    def reply(asked: Asked) -> Answer:
        name = asked.path.removeprefix(REPORTS.path)
        items = [one for one in activities if one["id"]["applicationName"] == name]
        return Answer({"kind": REPORTS.kind, "items": items})

    server.reply = reply
    run = collector(tmp_path, server, "google_workspace_activity", {})
    # one window over all the years of the recordings, which no tenant would give
    result = run.collect("2022-12-01", "2025-12-01", "2025-12-02T02:00:00Z")
    assert result.failure is None
    receipt = run.commit(result)
    assert receipt.records["activity"] == len(mine)
    assert receipt.quarantined == {}
    same = len(mine) - len({canonical(one) for one in activities})
    assert receipt.duplicates.get("activity", 0) == same
    undated = Counter(e["id"]["applicationName"] for e in mine if "time" not in e["id"])
    assert undated == UNDATED
    dated = Counter(event["id"]["time"][:10] for event in mine if "time" in event["id"])
    hours = Counter[str]()
    for hour, count in receipt.event_hours["activity"].items():
        hours[hour[:10]] += count
    assert {day: hours[day] for day in dated} == dict(dated)
    assert staged(run.settings, "2025-12-01")["activity"] == (len(mine), len(mine), 0)
    _assert_told(run.settings.home.local_path(WAREHOUSE_PATH), mine)


def _assert_told(warehouse: Path, events: list[dict[str, Any]]) -> None:
    with connect(warehouse, is_read_only=True) as built:
        rows = built.execute(
            "select application, event_name, actor_login, json_array_length(json_keys(parameters)) "
            "from staging.stg_google__activity_event"
        ).fetchall()
        streams = dict(
            built.execute(
                "select stream, count(*) from intermediate.int_access_events group by stream"
            ).fetchall()
        )
    told = Counter((app, name, login) for app, name, login, _ in rows)
    wanted = Counter(
        (
            event["id"]["applicationName"], event.get("name"),
            (event.get("actor") or {}).get("email", "").lower() or None,
        )
        for event in events
    )  # fmt: skip
    assert told == wanted
    assert sum(streams.values()) == len(events)
    # three authorised applications and one assigned role; three sign-ins that succeeded and one
    # that did not, a warning of type account_warning beside them; one account disabled
    assert {name: streams.get(name) for name in ("grant", "sign_in", "disable")} == {
        "grant": 4, "sign_in": 3, "disable": 1
    }  # fmt: skip
