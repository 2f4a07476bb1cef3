"""The ledger as a calendar: a line a source and month, a character a day.

The worst verdict of a source's streams stands for its day, so that nothing hides behind a mean.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

#: verdict -> mark, worst first
MARKS = {
    "GAP": "✗",
    "NOT_PROVABLE": "?",
    "LATE": "◐",
    "COMPLETE": "●",
    "EMPTY_CONFIRMED": "○",
    "RETIRED": "-",
}
LEGEND = "● complete  ○ empty, confirmed  ◐ late  ? not provable  ✗ gap  - retired  · not asked"
#: no outside witness is connected (docs/limits.md)
WITNESS = "UNWITNESSED: signed by a key file on this machine, by nobody outside it"
STYLES = {
    "✗": "red", "?": "yellow", "◐": "cyan", "●": "green", "○": "green", "-": "dim", "·": "dim",
}  # fmt: skip


def lines(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(source, month, one mark a day of the month) of ledger rows, in order."""
    worst: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    order = list(MARKS)
    for row in rows:
        day = row["day"] if isinstance(row["day"], date) else date.fromisoformat(row["day"])
        marks = worst[(row["source_id"], f"{day:%Y-%m}")]
        known = marks.get(day.day)
        if known is None or order.index(row["verdict"]) < order.index(known):
            marks[day.day] = row["verdict"]
    return [
        (source, month, "".join(MARKS.get(marks.get(number, ""), "·") for number in range(1, 32)))
        for (source, month), marks in sorted(worst.items())
    ]


def print_calendar(rows: list[dict[str, Any]]) -> None:
    """Prints the calendar and what its marks mean."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(header_style="bold", box=None, pad_edge=False)
    for column in ("source", "month", "1   5    10   15   20   25   30"):
        table.add_column(column, no_wrap=True)
    for source, month, marks in lines(rows):
        text = Text()
        for mark in marks:
            text.append(mark, STYLES[mark])
        table.add_row(source, month, text)
    console.print(table)
    console.print(LEGEND, style="dim", highlight=False)
    console.print(WITNESS, style="dim", highlight=False)
