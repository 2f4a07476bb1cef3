"""Registers: what the company itself states, as CSV: its people, assets, waivers, controls
and links between people and accounts.

The newest file of the folder is the statement. A register speaks for days before it was first
received too; that is the owner's word (asserted).
"""

from __future__ import annotations

import csv
import gzip
import zlib
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field

from muniment import filedrop
from muniment.collecting import Ask
from muniment.errors import SourceError
from muniment.sources.spec import Options, Shape, SourceSpec

SchemaName = Literal["roster", "assets", "waivers", "controls", "links"]

#: schema -> Bronze stream, ledger stream
_STREAMS: dict[str, tuple[str, str]] = {
    "roster": ("roster", "roster"),
    "assets": ("asset", "assets.asset"),
    "waivers": ("waiver", "waivers"),
    "controls": ("control", "controls"),
    "links": ("link", "links"),
}
#: columns without which a missing value could read as a pass; `entity` may be left out always
REQUIRED: dict[str, tuple[str, ...]] = {
    "roster": (
        "person_id", "work_email", "employer", "vendor_id", "manager_id", "start_at", "end_at",
        "logins",
    ),
    "assets": (
        "asset_id", "type", "native_id", "environment", "criticality", "scanner_types", "in_scope",
    ),
    "waivers": ("waiver_id", "test_id", "scope", "approver", "approved_at", "expires_at"),
    "controls": ("control_id", "statement", "criteria", "tests", "valid_from", "valid_to"),
    "links": ("system", "login", "person_id", "confirmed_by", "confirmed_at"),
}  # fmt: skip
OPTIONAL: dict[str, tuple[str, ...]] = {
    "roster": ("name", "role", "country"),
    "assets": (
        "name", "owner", "data_class", "os_name", "os_version", "scope_reason", "scope_approver",
    ),
    "waivers": ("owner", "reason", "compensating_control"),
    "controls": ("owner", "frequency", "scope"),
    "links": (),
}  # fmt: skip
#: a company has people and things: without a row the file is broken, not empty
_NEVER_EMPTY = ("roster", "assets")
_GZIP = b"\x1f\x8b"


class RegisterOptions(Options):
    """schema: which register; columns: our name -> the file's, where they differ."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_name: SchemaName = Field(alias="schema")
    columns: dict[str, str] = Field(default_factory=dict)


def _feeds_of(options: Options) -> tuple[str, ...]:
    assert isinstance(options, RegisterOptions)
    return (_STREAMS[options.schema_name][1],)


SPEC = SourceSpec(
    kind="register",
    title="Registers of the company (CSV)",
    mode="register",
    needs="location",
    shapes=(
        *(Shape(name, "csv", stream) for name, (stream, _) in _STREAMS.items()),
        filedrop.MANIFEST,
    ),
    feeds={**{stream: (fed,) for stream, fed in _STREAMS.values()}, "listing": ()},
    options=RegisterOptions,
    basis=("file_manifest",),
    blind_spots=("What the company does not write down.",),
    feeds_of=_feeds_of,
)


def collect(ask: Ask) -> None:
    """Keeps the newest file of the register, if it is new. Raises SourceError for a bad header."""
    options = ask.options
    assert isinstance(options, RegisterOptions)

    def fit(path: Path) -> filedrop.Fit:
        _check(ask, path, options)
        return filedrop.Fit(options.schema_name, path)

    def newest(listed: list[filedrop.Listed]) -> list[filedrop.Listed]:
        if not listed:
            raise SourceError(
                f"{ask.source.id}: no .csv file in {ask.source.location}. Put the register "
                f"'{options.schema_name}' there."
            )
        return [max(listed, key=lambda file: (file.modified_at, file.path))]

    filedrop.collect(ask, (".csv", ".csv.gz"), fit, choose=newest, url=options.schema_name)


def _check(ask: Ask, path: Path, options: RegisterOptions) -> None:
    header, is_empty = _header(path)
    named = {name: options.columns.get(name, name) for name in _columns(options.schema_name)}
    unknown = sorted(set(options.columns) - set(named) - {"entity"})
    if unknown:
        raise filedrop.UnfitFile(
            f"options.columns renames {', '.join(unknown)}, which register "
            f"'{options.schema_name}' does not have"
        )
    missing = [named[name] for name in REQUIRED[options.schema_name] if named[name] not in header]
    if missing:
        raise filedrop.UnfitFile(
            f"columns missing: {', '.join(missing)}; found: {', '.join(header) or 'none'}. Add "
            "them (cells may be empty), or name them in options.columns"
        )
    absent = [named[name] for name in OPTIONAL[options.schema_name] if named[name] not in header]
    if absent:
        ask.warn(f"Register '{options.schema_name}' has no column {', '.join(absent)}.")
    if is_empty and options.schema_name in _NEVER_EMPTY:
        raise filedrop.UnfitFile("a header and no row: taken for a broken export")


def _columns(schema: str) -> tuple[str, ...]:
    return (*REQUIRED[schema], *OPTIONAL[schema])


def _header(path: Path) -> tuple[list[str], bool]:
    """The names of the first row, and whether nothing follows it."""
    with path.open("rb") as body:
        opened = gzip.open if body.read(len(_GZIP)) == _GZIP else open
    try:
        with opened(
            path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline=""
        ) as handle:
            rows = (row for row in csv.reader(handle) if row)
            header = [cell.strip() for cell in next(rows, [])]
            is_empty = next(rows, None) is None
    except csv.Error as error:
        raise filedrop.UnfitFile(f"not CSV: {error}") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise filedrop.UnfitFile(f"gzip is damaged: {error}") from error
    if any("\0" in cell for cell in header):
        raise filedrop.UnfitFile("not UTF-8: save it as 'CSV UTF-8'")
    return header, is_empty
