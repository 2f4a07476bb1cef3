"""The ledger, judged again: whether it says what receipts and settings say.

Of the newest release, only what it was made of is judged: its receipts, under the same code and
configuration. Where code or configuration have changed since, there is nothing to compare with
until the next release, and the report's counts say that no verdict was recomputed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import duckdb

from muniment import (
    build_inputs,
    database,
    expectations,
    former,
    ledger,
    releases,
    sealing,
    verdicts,
)
from muniment.claims import DAY
from muniment.errors import EvidenceError, UsageError
from muniment.findings import Finding, VerifyReport
from muniment.ledger import Chains
from muniment.revision import code_revision
from muniment.settings import Settings
from muniment.verdicts import Verdict

_COLUMNS = (
    "source_id", "stream", "day", "verdict", "grade", "basis", "expected", "received",
    "quarantined",
)  # fmt: skip
Rows = dict[tuple[str, str, date], tuple[Any, ...]]


def check(settings: Settings, report: VerifyReport) -> None:
    """Adds to `report` the first verdict of release and ledger file that does not come out again.

    Trusts receipts and manifests, which are checked on their own, and compares what the
    expectations found with what was sealed.
    """
    numbers = releases.sealed_numbers(settings.home)
    if not numbers:
        return
    try:
        manifest = releases.manifest_of(settings.home, numbers[-1])
        if _is_comparable(settings, manifest) and _check_release(settings, manifest, report):
            _check_file(former.included(settings), report)
    except (EvidenceError, UsageError, KeyError, TypeError, ValueError) as error:
        if not report.findings:  # what cannot be read is a finding of its own already
            message = f"could not be judged again ({error!r}), and nothing else says why"
            report.findings.append(Finding("ledger", verdicts.PATH, message))


def _is_comparable(settings: Settings, manifest: dict[str, Any]) -> bool:
    version = str(manifest["inputs"]["warehouse_version"])
    is_same_code = manifest["code_revision"] == code_revision()
    return is_same_code and version.endswith(f":{build_inputs.fingerprint(settings)}")


def _check_release(settings: Settings, manifest: dict[str, Any], report: VerifyReport) -> bool:
    """What the release says, against what its own receipts say; False where outcomes changed."""
    number, inputs = int(manifest["number"]), manifest["inputs"]
    name = releases.folder(number)
    stated, receipt_ids = _stated(settings, number)
    outcomes = expectations.digest(settings.home, receipt_ids)
    if outcomes != inputs["outcomes_sha256"]:
        message = f"holds other outcomes than those that {name} was made of"
        report.findings.append(Finding("release", expectations.OUTCOMES, message))
        return False
    every, last = former.included(settings), date.fromisoformat(manifest["as_of"])
    now = datetime.fromisoformat(manifest["published_at"]).astimezone(UTC)
    judged = _judged(every, _read_by(every, inputs), now.date() - DAY, now)
    # a build takes a state source's newest snapshot too, which may be of the day after
    owed = {key for key in judged if key[2] <= last} | set(stated)
    report.checked["verdicts"] = len(stated)
    _compare(name, {key: stated.get(key) for key in owed}, judged, report)
    return True


def _check_file(every: Settings, report: VerifyReport) -> None:
    """The ledger's file, where no receipt has come since that it does not know."""
    try:
        rows = verdicts.read(every.home)
    except duckdb.Error as error:
        message = f"cannot be read ({str(error).splitlines()[0]}); `muniment assess` writes it anew"
        report.findings.append(Finding("release", verdicts.PATH, message))
        return
    chains = ledger.read_chains(every)
    ids = {receipt.receipt_id for chain in chains.values() for receipt in chain}
    if not rows or not expectations.is_checked(every.home, ids):
        return
    newest = {row.source_id: row.day for row in sorted(rows, key=lambda row: row.day)}
    as_of = min(newest.values())  # what is read as it stands may have a later day of its own
    judged = _judged(every, chains, as_of, datetime.combine(as_of + DAY, datetime.min.time(), UTC))
    stated: dict[tuple[str, str, date], tuple[Any, ...] | None] = {**_rows(rows)}
    _compare(verdicts.PATH, dict.fromkeys(judged) | stated, judged, report)


def _compare(
    name: str, stated: dict[tuple[str, str, date], tuple[Any, ...] | None], judged: Rows,
    report: VerifyReport,
) -> None:  # fmt: skip
    for key in sorted(stated):
        found, again = stated[key], judged.get(key)
        if found != again:
            was, now = (row[0] if row else None for row in (found, again))
            message = f"{name} says {was}; judged again from the receipts it is {now}"
            report.findings.append(Finding("release", f"{key[0]} {key[1]} {key[2]}", message))
            return


def _read_by(settings: Settings, inputs: dict[str, Any]) -> Chains:
    """The receipts that a build has read."""
    ends = {item["source_id"]: item["sequence"] for item in inputs["receipts"]}
    return {
        source_id: [receipt for receipt in chain if receipt.sequence <= ends.get(source_id, 0)]
        for source_id, chain in ledger.read_chains(settings).items()
    }


def _judged(settings: Settings, chains: Chains, as_of: date, now: datetime) -> Rows:
    """Verdicts of these receipts; the columns compared do not depend on `now`."""
    return _rows(ledger.judge(settings, as_of, now, chains, expectations.kept(settings.home)))


def _rows(found: list[Verdict]) -> Rows:
    rows = [tuple(getattr(verdict, name) for name in _COLUMNS) for verdict in found]
    return {row[:3]: row[3:] for row in rows}


def _stated(settings: Settings, number: int) -> tuple[Rows, set[str]]:
    """The verdicts of a release, and the ids of the receipts that it was made of."""
    path = releases.database_path(settings, number)
    with database.connect(path, is_read_only=True) as connection:
        rows = connection.execute(f"select {', '.join(_COLUMNS)} from ops.verdicts").fetchall()
        ids = {row[0] for row in connection.execute(sealing.RECEIPT_IDS).fetchall()}
    return {(row[0], row[1], row[2]): row[3:] for row in rows}, ids
