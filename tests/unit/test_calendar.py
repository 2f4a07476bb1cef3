"""The calendar shows a source's worst stream, so that nothing hides behind a mean."""

from __future__ import annotations

from datetime import date

from muniment.calendar import lines


def test_the_worst_verdict_stands_for_the_day_and_unasked_days_are_dots() -> None:
    rows = [
        {"source_id": "okta", "day": date(2026, 1, 2), "verdict": "COMPLETE"},
        {"source_id": "okta", "day": date(2026, 1, 2), "verdict": "GAP"},
        {"source_id": "okta", "day": date(2026, 1, 3), "verdict": "EMPTY_CONFIRMED"},
        {"source_id": "okta", "day": date(2026, 2, 1), "verdict": "LATE"},
    ]
    assert lines(rows) == [
        ("okta", "2026-01", "·✗○" + "·" * 28),
        ("okta", "2026-02", "◐" + "·" * 30),
    ]
