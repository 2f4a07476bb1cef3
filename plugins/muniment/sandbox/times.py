"""The simulated year, its working days, and chance that depends on nothing but the seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

YEAR_START = date(2026, 1, 1)
YEAR_END = date(2027, 1, 1)
#: code, deployments and sign-ins begin a little earlier, so that the year has a yesterday
HISTORY_START = date(2025, 12, 29)
#: scans begin three weeks before the year, so that findings fall due in its first days
SCANS_START = date(2025, 12, 8)
DEFAULT_CLOCK = datetime(2026, 1, 31, 2, tzinfo=UTC)
BLOCK_DAYS = 30


@dataclass(frozen=True)
class Block:
    """Thirty days of the plan: each holds every kind of deviation."""

    index: int
    start: date

    def day(self, offset: int) -> date:
        """The day so many days after the block's first."""
        return self.start + timedelta(days=offset)

    def workdays(self, first: int = 0, last: int = BLOCK_DAYS) -> list[date]:
        """Working days of the block, offsets first (inclusive) to last (exclusive)."""
        return workdays(self.day(first), self.day(last))


def blocks() -> list[Block]:
    """The year's whole blocks of thirty days, in order."""
    count = (YEAR_END - YEAR_START).days // BLOCK_DAYS
    return [Block(n, YEAR_START + timedelta(days=BLOCK_DAYS * n)) for n in range(count)]


def beside_the_year(moment: datetime) -> str | None:
    """What a person is told whose simulated clock lies outside the year; None within it."""
    day = moment.astimezone(UTC).date()
    if YEAR_START <= day < YEAR_END:
        return None
    return (
        f"Note: {day} lies outside the simulated year ({YEAR_START} to "
        f"{YEAR_END - timedelta(days=1)}): no code is changed or deployed then and nothing is "
        "planted; at most, people sign in and scans repeat themselves."
    )


def days(start: date, end: date) -> Iterator[date]:
    """Every day of the half-open interval."""
    for offset in range((end - start).days):
        yield start + timedelta(days=offset)


def workdays(start: date, end: date) -> list[date]:
    """Mondays to Fridays of the half-open interval; the company keeps no holidays."""
    return [day for day in days(start, end) if day.weekday() < 5]


def previous_workday(day: date) -> date:
    """The working day before this one."""
    day -= timedelta(days=1)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """An instant of a UTC day."""
    return datetime.combine(day, time(hour, minute, second), UTC)


def iso_s(moment: datetime) -> str:
    """As GitHub writes an instant: whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_ms(moment: datetime) -> str:
    """As Okta writes an instant: milliseconds."""
    moment = moment.astimezone(UTC)
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{moment.microsecond // 1000:03d}Z"


def dice(*keys: object) -> random.Random:
    """Chance for one purpose: the same keys always fall the same way, whatever was drawn before."""
    return random.Random("/".join(map(str, keys)))  # noqa: S311  # a simulation, no secret
