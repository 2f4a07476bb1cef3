"""Real answers of Microsoft Graph and real exports of its logs: every record accounted for.

Expected counts come from the samples' own list (`PROVENANCE.csv`).
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from collector import collector, proofs
from file_source import FileSource
from http_source import serving
from microsoft_host import Microsoft
from muniment.database import connect
from muniment.warehouse import WAREHOUSE_PATH
from staged import staged

SIGNINS = "/v1.0/auditLogs/signIns"


@pytest.fixture
def promised(shared: Path) -> dict[str, int]:
    with (shared / "samples" / "PROVENANCE.csv").open(newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["kind"].startswith(("entra", "azure"))]
    return {row["file"]: int(row["records"]) for row in rows}


def test_a_page_of_sign_ins_passes_through_the_connector(
    shared: Path, promised: dict[str, int], tmp_path: Path
) -> None:
    """The page's own next link leads to Graph; the replay's pages are cut anew."""
    name = "entra_signin/graph_docs_signins_page.json"
    page = json.loads((shared / "samples" / name).read_bytes())
    count, day = promised[name], page["value"][0]["createdDateTime"][:10]
    assert len(page["value"]) == count == 1
    with serving() as source:
        host = Microsoft(source, {SIGNINS: page["value"]}, page_size=1)
        source.reply = host.reply
        run = collector(tmp_path, source, "entra_signins", {})
        result = run.collect(day, "2020-03-14", "2020-03-16T02:00:00Z")
        assert result.failure is None
        receipt = run.commit(result)
    assert receipt.records["sign_in"] == count
    assert receipt.event_hours["sign_in"] == {"2020-03-13T19": 1}
    assert receipt.quarantined == {}
    assert proofs(result, "access_events.sign_in") == [("cursor_exhausted", day, "2020-03-14")]
    assert staged(run.settings, day)["sign_in"] == (count, count, 0)
    with connect(run.settings.home.local_path(WAREHOUSE_PATH), is_read_only=True) as built:
        rows = built.execute(
            "select outcome, actor_login, country, is_mfa, type_uid, unmapped ->> '$.application' "
            "from intermediate.int_access_events"
        ).fetchall()
    assert rows == [("SUCCESS", "testaccount1@contoso.com", "US", None, 300201, "Graph explorer")]


def test_exported_entries_of_every_log_are_accounted_for(
    shared: Path, promised: dict[str, int], tmp_path: Path
) -> None:
    """Detection tests' events in the form of an export; some bear no time, or none with a zone."""
    names = [name for name in promised if name.endswith(".ndjson")]
    holds = ["activity", "sign_ins", "audits"]
    source = FileSource.make(tmp_path, "azure_diagnostic_logs", holds=holds)
    for name in names:
        source.put(name, (shared / "samples" / name).read_bytes())
    receipt = source.run()
    total = sum(promised[name] for name in names)
    assert total == 211
    assert receipt.failure is None
    assert (receipt.records["entry"], receipt.quarantined) == (total, {})
    assert staged(source.settings, "2026-01-05")["entry"] == (total, total, 0)
    entries = [
        json.loads(line)
        for name in names
        for line in (shared / "samples" / name).read_text("utf-8").splitlines()
    ]
    dated = [item for item in entries if str(item.get("time")).endswith("Z")]
    assert 0 < len(dated) < total
    assert sum(receipt.event_hours["entry"].values()) == len(dated)
    with connect(source.settings.home.local_path(WAREHOUSE_PATH), is_read_only=True) as built:
        access = built.execute(
            "select stream, event_type, count(*) from intermediate.int_access_events group by all"
        ).fetchall()
        changes = built.execute(
            "select event_type, stream, setting from intermediate.int_config_changes"
        ).fetchall()
    assert sum(count for *_, count in access) + len(changes) == total
    signed = [item for item in entries if str(item.get("category")).endswith("SignInLogs")]
    assert sum(count for stream, _, count in access if stream == "sign_in") == len(signed)
    permanent = "Add member to role in PIM completed (permanent)"
    assert ("grant", permanent, 1) in access
    assert (None, permanent.replace("completed", "requested"), 1) in access
    groups = [row for row in changes if "networksecuritygroups" in (row[0] or "").lower()]
    written = [row for row in groups if not row[0].lower().endswith("/read")]
    assert written
    assert {row[1] for row in written} == {"config_change"}
    assert {row[1] for row in changes if str(row[0]).lower().endswith(("/read", "blob"))} == {None}
