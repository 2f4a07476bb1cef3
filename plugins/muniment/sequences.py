"""Numbered lines of a log: which numbers were seen, from when to when, and what is missing between.

Ranges are plain data, [lowest number, highest number, time of the lowest, time of the highest]
(times or days ISO 8601, or None), so that a listing can keep them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from muniment.collection import instant
from muniment.logspans import Span

Range = list[Any]


def merged(ranges: list[Range]) -> list[Range]:
    """The same in order, with those that touch or overlap made one."""
    found: list[Range] = []
    for low, high, began, ended in sorted(ranges, key=lambda item: (item[0], item[1])):
        if found and low <= found[-1][1] + 1:
            if high > found[-1][1]:
                found[-1] = [found[-1][0], high, found[-1][2], ended]
        else:
            found.append([low, high, began, ended])
    return found


def holes(ranges: list[Range]) -> list[tuple[int, int, date, date]]:
    """(first and last missing number, days between which they are missing) of `merged` ranges."""
    return [
        (before[1] + 1, after[0] - 1, _day(before[3]), _day(after[2]))
        for before, after in pairwise(ranges)
        if before[3] and after[2]
    ]


def spans(ranges: list[Range]) -> list[Span]:
    """From when to when numbers follow each other, so that silence is nothing lost."""
    return [
        Span(datetime.fromisoformat(began), datetime.fromisoformat(ended))
        for _, _, began, ended in ranges
        if began and ended and began <= ended
    ]


def islands(rows: str, group: str, number: str, time: str) -> str:
    """SQL: per group the ranges of numbers that follow each other in `rows`."""
    return (
        f"select grp, min(n), max(n), arg_min(t, n), arg_max(t, n) from (select *, "
        "n - row_number() over (partition by grp order by n) as island from ("
        f"select {group} as grp, {number} as n, min({time}) as t from ({rows}) "
        f"where {group} is not null and {number} is not null group by all)) "
        "group by grp, island order by grp, min(n)"
    )


def ranges_of(rows: list[tuple[Any, ...]]) -> list[tuple[str, Range]]:
    """(group, range) of each row of `islands`; DuckDB gives its times in UTC, without saying so."""
    return [
        (group, [low, high, _text(began), _text(ended)]) for group, low, high, began, ended in rows
    ]


def _text(moment: datetime | None) -> str | None:
    return instant(moment.replace(tzinfo=UTC)) if moment else None


def _day(moment: str) -> date:
    return datetime.fromisoformat(moment).date()
