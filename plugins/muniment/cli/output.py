"""Printing of answers: readable tables, JSON alone on standard output, or CSV."""

from __future__ import annotations

import csv
import json
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from muniment.cli.options import Format
from muniment.plain import cell, plain

if TYPE_CHECKING:
    from muniment.queries import Answer


def print_json(data: object) -> None:
    """One JSON document on standard output."""
    json.dump(data, sys.stdout, indent=2, ensure_ascii=False, default=plain)
    sys.stdout.write("\n")


def print_answer(answer: Answer, output: Format, *, title: str | None = None) -> None:
    """Prints rows as asked; JSON is a list of objects."""
    if output is Format.json:
        print_json(answer.rows)
    elif output is Format.csv:
        print_csv(answer.columns, answer.rows)
    else:
        print_table(answer, title)


def print_csv(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    """RFC 4180 rows; lists and objects as JSON text; see `plain.cell` for spreadsheets."""
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row[column]) for column in columns])


def print_table(answer: Answer, title: str | None = None) -> None:
    """A table as wide as the terminal; long texts fold, nothing is cut."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    for column in answer.columns:
        table.add_column(column, overflow="fold")
    for row in answer.rows:
        table.add_row(*[_shown(row[column]) for column in answer.columns])
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    if not answer.rows:
        console.print("(no rows)")


def _shown(value: object) -> str:
    from rich.markup import escape

    if value is None:
        return "-"
    if isinstance(value, (list, tuple)):
        return escape("\n".join(str(item) for item in value))
    if isinstance(value, dict):
        return escape("\n".join(f"{key}: {item}" for key, item in value.items()))
    return escape(str(plain(value)) if isinstance(value, (date, datetime, bytes)) else str(value))
