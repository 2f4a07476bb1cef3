"""The ledger, judged again: whether the newest release says what receipts and settings say.

Only what the release was made of is judged: its receipts, under the same code and configuration.
Where code or configuration have changed since, there is nothing to compare with until the next
release, and the report's counts say that no verdict was recomputed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from muniment import build_inputs, database, expectations, former, ledger, releases, sealing
from muniment.errors import EvidenceError, UsageError
from muniment.findings import Finding, VerifyReport
from muniment.revision import code_revision
from muniment.settings import Settings

_COLUMNS = (
    "source_id", "stream", "day", "verdict", "grade", "basis", "expected", "received",
    "quarantined",
)  # fmt: skip
Rows = dict[tuple[str, str, date], tuple[Any, ...]]


def check(settings: Settings, report: VerifyReport) -> None:
    """Adds to `report` the first verdict of the newest release that does not come out again.

    Trusts receipts and manifests, which are checked on their own, and compares what the
    expectations found with what was sealed.
    """
    numbers = releases.sealed_numbers(settings.home)
    if not numbers:
        return
    name = releases.folder(numbers[-1])
    try:
        manifest = releases.manifest_of(settings.home, numbers[-1])
        if not _is_comparable(settings, manifest):
            return
        stated, receipt_ids = _stated(settings, numbers[-1])
        outcomes = expectations.digest(settings.home, receipt_ids)
        if outcomes != manifest["inputs"]["outcomes_sha256"]:
            message = f"holds other outcomes than those that {name} was made of"
            report.findings.append(Finding("release", expectations.OUTCOMES, message))
            return
        judged = _judged(settings, manifest)
    except (EvidenceError, UsageError, KeyError, TypeError, ValueError):
        return  # what cannot be read is a finding of its own already
    report.checked["verdicts"] = len(stated)
    last = date.fromisoformat(manifest["as_of"])
    owed = {key for key in judged if key[2] <= last} | set(stated)
    for key in sorted(owed):
        if stated.get(key) != judged.get(key):
            found, again = (rows.get(key, (None,))[0] for rows in (stated, judged))
            message = f"{name} says {found}; judged again from the receipts it is {again}"
            report.findings.append(Finding("release", f"{key[0]} {key[1]} {key[2]}", message))
            return


def _is_comparable(settings: Settings, manifest: dict[str, Any]) -> bool:
    version = str(manifest["inputs"]["warehouse_version"])
    is_same_code = manifest["code_revision"] == code_revision()
    return is_same_code and version.endswith(f":{build_inputs.fingerprint(settings)}")


def _chains(settings: Settings, inputs: dict[str, Any]) -> ledger.Chains:
    """The receipts that a build has read."""
    ends = {item["source_id"]: item["sequence"] for item in inputs["receipts"]}
    return {
        source_id: [receipt for receipt in chain if receipt.sequence <= ends.get(source_id, 0)]
        for source_id, chain in ledger.read_chains(settings).items()
    }


def _judged(settings: Settings, manifest: dict[str, Any]) -> Rows:
    every = former.included(settings)
    as_of = date.fromisoformat(manifest["as_of"])
    now = datetime.fromisoformat(manifest["published_at"]).astimezone(UTC)
    chains = _chains(every, manifest["inputs"])
    verdicts = ledger.judge(every, as_of, now, chains, expectations.kept(settings.home))
    rows = [tuple(getattr(verdict, name) for name in _COLUMNS) for verdict in verdicts]
    return {row[:3]: row[3:] for row in rows}


def _stated(settings: Settings, number: int) -> tuple[Rows, set[str]]:
    """The verdicts of a release, and the ids of the receipts that it was made of."""
    path = releases.database_path(settings, number)
    with database.connect(path, is_read_only=True) as connection:
        rows = connection.execute(f"select {', '.join(_COLUMNS)} from ops.verdicts").fetchall()
        ids = {row[0] for row in connection.execute(sealing.RECEIPT_IDS).fetchall()}
    return {(row[0], row[1], row[2]): row[3:] for row in rows}, ids
