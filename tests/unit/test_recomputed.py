"""What a release says is judged again from the receipts; its files are those that it sealed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from ledger_home import DAY, Home, at, events
from warehouse_file import TABLES

from muniment import build_inputs, pointer, publishing, releases, verdicts, verification
from muniment.database import connect
from muniment.errors import EvidenceError
from muniment.findings import Finding
from muniment.revision import code_revision
from muniment.warehouse import WAREHOUSE_PATH

D = date(2026, 1, 5)
OKTA = {"id": "okta", "kind": "okta_system_log", "connection": "okta"}
FORGED = "update ops.verdicts set verdict = 'COMPLETE', grade = 'proven' where verdict = 'GAP'"


def publish(folder: Path, forgery: str = "") -> Home:
    """One day complete, the next a gap, and a release that says so unless it is forged."""
    home = Home(folder, [OKTA], is_sandbox=True)
    receipt_id = home.collect("okta", D, D + DAY, events(D, 3), cursor=(None, "a"))
    home.assess(D + DAY)
    path = home.settings.home.local_path(WAREHOUSE_PATH)
    path.parent.mkdir()
    version = f"0:models:{build_inputs.fingerprint(home.settings)}"
    with connect(path) as connection:
        connection.execute(TABLES)
        connection.execute("update ops.warehouse set version = ?", [version])
        connection.execute(
            "insert into ops.run values (?, ?, 'run', ?, true, true)", [D + DAY, D, code_revision()]
        )
        connection.execute("insert into ops.receipts values (?, 'okta', 1, false)", [receipt_id])
        ledger = home.settings.home.local_path(verdicts.PATH)
        connection.execute(f"insert into ops.verdicts by name from '{ledger}'")
        connection.execute(forgery or "select 1")
        connection.execute(
            "insert into ops.built_verdicts select source_id, stream, day, verdict, grade "
            "from ops.verdicts"
        )
    publishing.publish(home.settings, at(D + 2 * DAY, 3))
    return home


def found(home: Home) -> list[Finding]:
    report = verification.verify(home.settings)
    return [finding for finding in report.findings if finding.subject == "release"]


def test_an_honest_release_comes_out_again_after_later_receipts_too(tmp_path: Path) -> None:
    home = publish(tmp_path)
    home.collect("okta", D + DAY, D + 2 * DAY, events(D + DAY, 2), cursor=("a", "b"))
    home.assess(D + DAY)
    assert found(home) == []
    assert verification.verify(home.settings).checked["verdicts"] == 8


def test_a_verdict_that_no_receipt_gives_is_named(tmp_path: Path) -> None:
    (finding,) = found(publish(tmp_path, FORGED))
    assert finding.name == "okta access_events.disable 2026-01-06"
    assert "says COMPLETE; judged again from the receipts it is GAP" in finding.message


def change_outcomes(home: Home) -> str:
    path = home.settings.home.local_path("expectations/outcomes.json")
    outcomes = json.loads(path.read_bytes())
    for outcome in outcomes.values():
        outcome["shortfalls"] = [{"stream": None, "reason": "rows are missing"}]
    path.write_text(json.dumps(outcomes))
    return "outcomes.json"


def change_pointer(home: Home) -> str:
    home.settings.home.replace(pointer.PATH, b"{}")
    return pointer.PATH


def change_file(pattern: str) -> Callable[[Home], str]:
    def change(home: Home) -> str:
        file = next(home.settings.home.local_path(".").glob(pattern))
        file.chmod(0o644)
        file.write_bytes(file.read_bytes() + b" ")
        return file.name

    return change


@pytest.mark.parametrize(
    "change",
    [
        change_outcomes,
        change_pointer,
        change_file("releases/*/results/verdicts.parquet"),
        change_file("frozen/results/*.parquet"),
        change_file("releases/*/data_docs/index.html"),
    ],
)
def test_what_was_changed_beside_the_database_is_named(
    tmp_path: Path, change: Callable[[Home], str]
) -> None:
    home = publish(tmp_path)
    name = change(home)
    (finding,) = found(home)
    assert name in f"{finding.name} {finding.message}"


def rewrite_ledger(home: Home, change: str) -> None:
    file = home.settings.home.local_path(verdicts.PATH)
    with connect() as connection:
        connection.execute(f"create table t as from '{file}'")
        connection.execute(change)
        connection.execute(f"copy t to '{file}' (format parquet)")


def test_a_ledger_file_that_says_otherwise_is_named_unless_a_receipt_has_come_since(
    tmp_path: Path,
) -> None:
    home = publish(tmp_path)
    rewrite_ledger(home, "update t set verdict = 'COMPLETE' where verdict = 'GAP'")
    (finding,) = found(home)
    assert finding.name == "okta access_events.disable 2026-01-06"
    assert finding.message.startswith("ledger/verdicts.parquet says COMPLETE; judged again")
    home.collect("okta", D + DAY, D + 2 * DAY, events(D + DAY, 2), cursor=("a", "b"))
    assert found(home) == []  # it says nothing of what came later
    home.assess(D + DAY)
    rewrite_ledger(home, "delete from t where stream like '%sign_in'")
    assert [item.name for item in found(home)] == ["okta access_events.sign_in 2026-01-05"]
    home.settings.home.replace(verdicts.PATH, b"no parquet")
    assert "cannot be read" in found(home)[0].message


def test_no_reader_answers_from_a_database_that_was_changed(tmp_path: Path) -> None:
    home = publish(tmp_path)
    releases.connect(home.settings).close()
    file = home.settings.home.local_path(f"{releases.folder(1)}/{releases.DATABASE}")
    file.chmod(0o644)
    with connect(file) as connection:
        connection.execute(FORGED)
    with pytest.raises(EvidenceError, match="not the one that its manifest names"):
        releases.connect(home.settings)
