"""Events of a bounded read: each counts for its UTC day, and for none without a zone."""

from __future__ import annotations

from datetime import date

import pytest

from muniment.settling import Found


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-05T09:00:00.123Z", date(2026, 1, 5)),
        ("2026-01-05T23:30:00-02:00", date(2026, 1, 6)),
        ("2026-01-05T00:30:00+05:30", date(2026, 1, 4)),
        ("2026-01-05T09:00:00.1234567Z", date(2026, 1, 5)),
        ("2026-01-05T09:00:00", None),
        ("2026-01-05", None),
        ("None", None),
        ("", None),
    ],
)
def test_an_event_counts_for_its_utc_day(text: str, day: date | None) -> None:
    found = Found()
    found.note("id", text)
    days = [date(2026, 1, number) for number in range(1, 10)]
    assert [one for one in days if found.on(one)] == ([] if day is None else [day])


def test_an_event_that_is_read_twice_is_one() -> None:
    found = Found()
    found.note_all([("a", "2026-01-05T09:00:00Z"), ("a", "2026-01-05T09:00:00Z")])
    found.note("b", "2026-01-05T10:00:00Z")
    assert found.on(date(2026, 1, 5)) == {"a", "b"}
