"""File drops: the collector that all file kinds share.

The folder's listing is the manifest: it is kept with every run, and what it shows is what there
was. A file that an earlier receipt holds unchanged is not kept again, so that a folder may grow
for years; a file that could not be read comes again until somebody mends it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from muniment.bronze import quarantine_path
from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.database import connect
from muniment.droplisting import Drop, Listed, UnfitFile
from muniment.errors import EvidenceError, SourceError, TransientSourceError
from muniment.receipts import Receipt
from muniment.sources.spec import Shape

__all__ = [
    "MANIFEST", "Fit", "Listed", "Reduction", "UnfitFile", "collect", "proven_days",
]  # fmt: skip

#: the listing of one run: one document
MANIFEST = Shape("manifest", "document", "listing")

_MEDIA_TYPES = {
    ".json": "application/json", ".sarif": "application/sarif+json", ".csv": "text/csv",
    ".gz": "application/gzip",
}  # fmt: skip


@dataclass(frozen=True)
class _Stored:
    """SHA-256 of a file's own bytes, and of what was stored of it (reduced, perhaps)."""

    sha256: str | None
    object_sha256: str | None


_NOT_STORED = _Stored(None, None)


@dataclass(frozen=True)
class Reduction:
    """What was reduced in one file before it was stored."""

    rule: str
    version: int
    paths: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Fit:
    """How one file is stored: its shape and body, and what was reduced."""

    shape: str
    body: bytes | Path
    reductions: tuple[Reduction, ...] = ()


#: looks at one file (a local copy, used up by keeping it), says how it is stored or UnfitFile
Fitting = Callable[[Path], Fit]
#: chooses among the listed files those that the source states today
Choice = Callable[[list[Listed]], list[Listed]]


def collect(
    ask: Ask, suffixes: tuple[str, ...], fit: Fitting, *, asset: str | None = None,
    choose: Choice | None = None, url: str | None = None,
) -> None:  # fmt: skip
    """Keeps every new file of the source's folder and proves the window's days by the listing.

    suffixes: of the names that count, in lower case. asset: the asset that the files belong to;
    else the first sub-folder's name. url: a constant name, where the newest file replaces the
    one before. Raises SourceError where the folder or a file cannot be read; the rest is kept.
    """
    drop = Drop(ask)
    listed, problems = drop.listing(suffixes)
    known = _known(ask, drop.reading)
    gone = len({file.path for file in known} - {file.path for file in listed})
    if gone:
        ask.warn(f"{gone} files of the listing before are no longer in the folder.")
    if choose is not None:
        listed = choose(listed)
    fresh = [file for file in listed if file not in known]
    stored = dict(known)
    for file in fresh:
        try:
            stored[file] = _keep(ask, drop, file, fit, asset, url)
        except UnfitFile as reason:
            problems.append(SourceError(f"{file.path!r}: {reason}"))
        except TransientSourceError as error:
            problems.append(error)
    files = [asdict(file) | asdict(stored.get(file, _NOT_STORED)) for file in listed]
    manifest = gzip.compress(canonical({"reading": drop.reading, "files": files}), mtime=0)
    ask.keep(manifest, MANIFEST.name, media_type="application/gzip")
    if problems:
        raise _fault(ask, problems, len(listed))
    first, end = proven_days(ask)
    if first < end:
        said = f"{len(listed)} files listed, {len(fresh)} of them new."
        ask.prove_all("file_manifest", first, end, reason=said)


def proven_days(ask: Ask) -> tuple[date, date]:
    """The window's days that a look at what is there now can speak for, end exclusive."""
    today = ask.started_at.date()
    end = ask.window.end_day if ask.window.mode == "snapshot" else min(ask.window.end_day, today)
    return ask.window.first_day, end


def _keep(
    ask: Ask, drop: Drop, file: Listed, fit: Fitting, asset: str | None, url: str | None
) -> _Stored:
    """Stores one file. Raises UnfitFile or TransientSourceError."""
    assert ask.home is not None  # every collection has one
    with ask.home.scratch() as folder:
        copy = folder / "copy"
        sha256 = drop.fetch(file, copy)
        fitted = fit(copy)
        folders = file.path.split("/")[:-1]
        owner = asset or (folders[0] if folders else None)
        context = {"path": file.path, "modified_at": file.modified_at}
        object_sha256 = ask.keep(
            fitted.body, fitted.shape, context=context | ({"asset_id": owner} if owner else {}),
            media_type=_MEDIA_TYPES.get(Path(file.path).suffix.lower(), "application/octet-stream"),
            url=url or file.path,
        )  # fmt: skip
    for item in fitted.reductions:
        ask.declare_reduction(item.rule, item.version, list(item.paths), item.count)
    return _Stored(sha256, object_sha256)


def _fault(ask: Ask, problems: list[SourceError], listed: int) -> SourceError:
    shown = "; ".join(str(problem) for problem in problems[:5])
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    is_transient = all(isinstance(problem, TransientSourceError) for problem in problems)
    kind = TransientSourceError if is_transient else SourceError
    return kind(
        f"{ask.source.id}: {len(problems)} of {listed} files in {ask.source.location} cannot be "
        f"kept: {shown}{more}. The others were kept. Mend or remove these and collect again."
    )


def _known(ask: Ask, reading: dict[str, Any]) -> dict[Listed, _Stored]:
    """Files that earlier receipts hold; not those in which something could not be read."""
    listings = (
        (receipt, item)
        for receipt in ask.earlier()
        for item in receipt.objects
        if item.shape == MANIFEST.name
    )
    receipt, manifest = next(listings, (None, None))
    if receipt is None or manifest is None:
        return {}
    try:
        listing = json.loads(gzip.decompress(ask.locker.read(manifest.sha256)))
    except (EvidenceError, OSError, ValueError) as error:
        ask.warn(f"The listing of the receipt before cannot be read; all files are kept: {error}")
        return {}
    if listing["reading"] != reading:
        return {}
    unread = _unread(ask, receipt)
    return {
        Listed(file["path"], file["size"], file["modified_at"]): _Stored(
            file["sha256"], file["object_sha256"]
        )
        for file in listing["files"]
        if file["sha256"] is not None and file["object_sha256"] not in unread
    }


def _unread(ask: Ask, receipt: Receipt) -> set[str]:
    """Objects of a receipt of which something lies in quarantine."""
    if not receipt.quarantined or ask.home is None:
        return set()
    path = ask.home.uri(quarantine_path(receipt.source_id, receipt.receipt_id))
    with connect() as connection:
        rows = connection.execute(
            "select distinct object_sha256 from read_parquet(?)", [path]
        ).fetchall()
    return {sha256 for (sha256,) in rows}
