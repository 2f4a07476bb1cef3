"""The rows of a scenario's ground truth: deviations, days that are missing, what sources hold."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

Json = dict[str, Any]
DAY = timedelta(days=1)


def deviation(
    leg: str, attributes: Json, description: str, effective_on: date, visible_from: date,
    certain_from: date | None = None, reason_code: str | None = None, outcome: str = "EXCEPTION",
) -> Json:  # fmt: skip
    """One deviation; `leg` is TEST.leg."""
    test_id, _, leg_id = leg.partition(".")
    return {
        "test_id": test_id,
        "leg_id": leg_id,
        "attributes": attributes,
        "outcome": outcome,
        "reason_code": reason_code,
        "description": description,
        "effective_on": effective_on.isoformat(),
        "visible_from": visible_from.isoformat(),
        "visible_to": None,
        "certain_from": (certain_from or visible_from).isoformat(),
    }


def gap(kind: str, day: date, verdict: str, description: str, heals_on: date | None = None) -> Json:
    """What the ledger must show of one day of a kind's source.

    verdict: of the day, after its own run; heals_on: the day whose run makes it COMPLETE.
    """
    return {
        "source_kind": kind,
        "day": day.isoformat(),
        "description": description,
        "verdict": verdict,
        "heals_on": heals_on.isoformat() if heals_on else None,
    }


def content(
    kind: str, native_id: str | None, description: str, first: date, end: date | None = None
) -> Json:
    """What a kind's source shows from `first` on, until `end` (exclusive; one day by default)."""
    return {
        "source_kind": kind,
        "native_id": native_id,
        "description": description,
        "first_day": first.isoformat(),
        "end_day": (end or first + DAY).isoformat(),
    }
