"""Great Expectations over new receipts, and what they found, kept and used again.

Suites are data (`expectations/*.yml`): one a kind and two shared ones. Every receipt is checked
once; its outcome is kept beside the full results, so that judging a year runs nothing again.
Deleting `expectations/outcomes.json` makes the next `assess` check every receipt anew.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from muniment.batches import lay_out, subjects
from muniment.claims import Shortfall
from muniment.collection import canonical
from muniment.receipts import Receipt
from muniment.settings import Settings
from muniment.storage import Store

SUITES = Path(__file__).resolve().parents[2] / "expectations"
OUTCOMES = "expectations/outcomes.json"


class Check(BaseModel):
    """One expectation of a suite.

    expectation: the class in Great Expectations; arguments: its own. stream: the Bronze stream
    that it is about; absent, the whole batch. weight: a failed `gap` makes the receipt's days GAP,
    a `note` is shown with the verdict, and what is merely `shown` the ledger judges by itself.
    says: the reason in words; `{failed}` stands for the number of rows, `{column}` for the field.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    expectation: str
    arguments: dict[str, Any]
    says: str
    weight: Literal["gap", "note", "shown"] = "gap"
    stream: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns that it names."""
        named = (self.arguments.get(name) for name in ("column", "column_A", "column_B"))
        return [str(column) for column in named if column is not None]


class Suite(BaseModel):
    """The checks of one batch: a kind's records, `accounts` or `proofs` (see `batches`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch: str
    checks: list[Check]

    @property
    def pointers(self) -> set[str]:
        """The JSON pointers that its checks name as columns."""
        columns = {column for check in self.checks for column in check.columns}
        return {column for column in columns if column.startswith("/")}


@dataclass(frozen=True)
class Findings:
    """What the expectations found, by receipt id; a receipt without an entry is sound."""

    shortfalls: dict[str, list[Shortfall]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)


def suites() -> list[Suite]:
    """Every suite, by listing the folder."""
    files = sorted(SUITES.glob("*.yml"))
    return [Suite.model_validate(yaml.safe_load(file.read_text("utf-8"))) for file in files]


def kept(store: Store) -> Findings:
    """What earlier runs found; nothing is run."""
    findings = Findings()
    for receipt_id, outcome in _outcomes(store).items():
        if outcome["shortfalls"]:
            findings.shortfalls[receipt_id] = [Shortfall(**item) for item in outcome["shortfalls"]]
        if outcome["notes"]:
            findings.notes[receipt_id] = outcome["notes"]
    return findings


def check(settings: Settings, as_of: date, chains: dict[str, list[Receipt]]) -> Findings:
    """Checks the receipts that were never checked, with those of the same as_of for one report.

    Writes results and Data Docs under expectations/<as_of>/ and returns all findings kept.
    """
    store = settings.home
    outcomes = _outcomes(store)
    ids = {receipt.receipt_id for chain in chains.values() for receipt in chain}
    if ids - set(outcomes):
        again = {name for name in ids & set(outcomes) if outcomes[name]["as_of"] == str(as_of)}
        outcomes |= _run(settings, as_of, chains, (ids - set(outcomes)) | again)
        store.replace(OUTCOMES, canonical(outcomes))
    return kept(store)


def is_checked(store: Store, receipt_ids: set[str]) -> bool:
    """Whether the outcome of each of these receipts is kept."""
    return receipt_ids <= set(_outcomes(store))


def digest(store: Store, receipt_ids: set[str]) -> str:
    """SHA-256 (hex) of what was found of these receipts; not of the day on which it was."""
    found = {
        receipt_id: [outcome["shortfalls"], outcome["notes"]]
        for receipt_id, outcome in _outcomes(store).items()
        if receipt_id in receipt_ids
    }
    return hashlib.sha256(canonical(found)).hexdigest()


def _outcomes(store: Store) -> dict[str, dict[str, Any]]:
    if not store.exists(OUTCOMES):
        return {}
    loaded: dict[str, dict[str, Any]] = json.loads(store.read(OUTCOMES))
    return loaded


def _run(
    settings: Settings, as_of: date, chains: dict[str, list[Receipt]], ids: set[str]
) -> dict[str, dict[str, Any]]:
    """The outcome of each of these receipts; failed collections have nothing to check."""
    found = subjects(settings, chains, ids)
    outcomes: dict[str, dict[str, Any]] = {
        name: {"as_of": str(as_of), "shortfalls": [], "notes": []} for name in ids
    }
    if not found:
        return outcomes
    from muniment.gx_runner import Runner  # Great Expectations takes seconds to import

    every = suites()
    with settings.home.scratch() as folder:
        database = folder / "batches.duckdb"
        fields = {suite.batch: suite.pointers for suite in every}
        rows = lay_out(database, settings.home, found, fields)
        runner = Runner(folder, database)
        for suite in every:
            if suite.batch in rows:
                for receipt_id, failed, text in runner.run(suite, rows[suite.batch]):
                    _note(outcomes[receipt_id], failed, text)
        runner.save(settings.home, f"expectations/{as_of}")
    return outcomes


def _note(outcome: dict[str, Any], failed: Check, text: str) -> None:
    if failed.weight == "gap":
        outcome["shortfalls"].append({"stream": failed.stream, "reason": text})
    elif failed.weight == "note":
        outcome["notes"].append(text)
