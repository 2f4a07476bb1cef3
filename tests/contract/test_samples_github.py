"""Audit-log events as others collected them, through connector, index and staging; all told."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import collector
from http_source import Answer, Asked, HttpSource, serving
from muniment.collection import canonical
from muniment.database import connect
from muniment.warehouse import WAREHOUSE_PATH
from staged import staged

AUDIT = "github_audit_log"


@pytest.fixture
def server() -> Iterator[HttpSource]:
    with serving() as source:
        yield source


def recorded(shared: Path) -> list[dict[str, Any]]:
    """Every event of every sample file, their number checked against the samples' own list."""
    with (shared / "samples/PROVENANCE.csv").open(newline="", encoding="utf-8") as handle:
        listed = {
            r["file"]: int(r["records"]) for r in csv.DictReader(handle) if r["kind"] == AUDIT
        }
    found: list[dict[str, Any]] = []
    for file in sorted((shared / "samples" / AUDIT).iterdir()):
        events = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        assert len(events) == listed.pop(f"{AUDIT}/{file.name}")
        found += events
    assert listed == {}
    return found


def test_every_sample_event_is_staged_or_marked(
    shared: Path, server: HttpSource, tmp_path: Path
) -> None:
    """These were exported, not answered by the API: most lack its id, all lack `@timestamp`."""
    events = recorded(shared)

    def reply(asked: Asked) -> Answer:
        if asked.path == "/orgs/my-org":
            return Answer({"login": "my-org", "id": 1})
        start = int(asked.query.get("after", 0))
        more = f'<{server.url}{asked.path}?after={start + 20}>; rel="next"'
        links = [("Link", more)] if start + 20 < len(events) else []
        return Answer(events[start : start + 20], headers=links)

    server.reply = reply
    run = collector(tmp_path, server, AUDIT, {"organisation": "my-org"})
    result = run.collect("2026-01-05", "2026-01-06", "2026-01-06T02:00:00Z")
    assert result.failure is None
    receipt = run.commit(result)
    assert receipt.quarantined == {}
    assert receipt.records["audit_event"] == len(events)
    same = len(events) - len({canonical(event) for event in events})
    assert receipt.duplicates.get("audit_event", 0) == same
    assert staged(run.settings, "2026-01-05")["audit_event"] == (len(events), len(events), 0)
    with connect(run.settings.home.local_path(WAREHOUSE_PATH), is_read_only=True) as built:
        rows = built.execute(
            "select action, actor_login, coalesce(repository, ''), happened_at is not null "
            "from staging.stg_github__audit_event"
        ).fetchall()
        streams = dict(
            built.execute(
                "select event_type, any_value(stream) from intermediate.int_access_events "
                "where stream is not null group by all"
            ).fetchall()
        )
    assert sorted(row[:3] for row in rows) == sorted(
        (
            e["action"],
            e.get("actor", "").lower() or None,
            e.get("repo") or e.get("repository") or "",
        )
        for e in events
    )
    # milliseconds since 1970 alone are exact; the exports' own texts bear no zone
    assert sum(row[3] for row in rows) == sum(
        isinstance(e.get("created_at"), int | float) for e in events
    )
    assert streams == {
        "org.add_member": "grant", "org.remove_member": "disable", "org.update_member": "grant",
        "team.add_repository": "grant", "team.promote_maintainer": "grant",
        "business.add_admin": "grant", "organization_moderators.add_user": "grant",
        "organization_moderators.remove_user": "revoke", "team.destroy": "revoke",
    }  # fmt: skip
