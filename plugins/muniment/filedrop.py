"""File drops: the collector that all file kinds share.

The folder's listing is the manifest: it is kept with every run, and what it shows is what there
was. A file that an earlier receipt holds unchanged is not kept again, so that a folder may grow
for years; a file that could not be read comes again until somebody mends it. Where one file of
several is the statement (a register), its bytes are read every time: size and time of change can
be put back, and the others are listed and named as left aside.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from muniment.bronze import quarantine_path
from muniment.collecting import Ask
from muniment.collection import canonical, day_of
from muniment.database import connect
from muniment.droplisting import Drop, Listed, UnfitFile
from muniment.errors import EvidenceError, SourceError, TransientSourceError
from muniment.receipts import Receipt
from muniment.sources.spec import Shape

__all__ = [
    "MANIFEST", "Fit", "Listed", "Reduction", "UnfitFile", "collect", "fault", "keep_listing",
    "listing_before", "media_type", "proven_days",
]  # fmt: skip

#: the listing of one run: one document
MANIFEST = Shape("manifest", "document", "listing")

_MEDIA_TYPES = {
    ".json": "application/json", ".sarif": "application/sarif+json", ".csv": "text/csv",
    ".gz": "application/gzip",
}  # fmt: skip


@dataclass(frozen=True)
class _Kept:
    """A file as listed; SHA-256 of its bytes, and of what was stored of it (reduced, perhaps)."""

    listed: Listed
    sha256: str
    object_sha256: str

    def is_same(self, file: Listed, sha256: str) -> bool:
        """Whether a file was left alone since: its bytes, and the time that it bears."""
        return self.sha256 == sha256 and self.listed.modified_at == file.modified_at


@dataclass(frozen=True)
class Reduction:
    """What was reduced in one file before it was stored."""

    rule: str
    version: int
    paths: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Fit:
    """How one file is stored: its shape and body, and what was reduced.

    names_asset: whether its content may say which asset it is about.
    """

    shape: str
    body: bytes | Path
    reductions: tuple[Reduction, ...] = ()
    names_asset: bool = True


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
    gone = len(set(known) - {file.path for file in listed})
    if gone:
        ask.warn(f"{gone} files of the listing before are no longer in the folder.")
    chosen = listed if choose is None else choose(listed)
    stated = {file.path for file in chosen}
    aside = [file for file in listed if file.path not in stated]
    if aside:
        ask.warn(
            f"{len(aside)} other {suffixes[0]} files were left aside: only the one that was "
            "changed last is the statement. The listing names them all."
        )
    keeper = _Keeper(ask, drop, fit, asset, url, problems)
    for file in chosen:
        before = known.get(file.path)
        if choose is None and before is not None and before.listed == file:
            keeper.kept[file.path] = before
        else:
            keeper.keep(file, before)
    if keeper.nameless:
        ask.warn(
            f"{keeper.nameless} reports belong to no asset: they name none, lie in no sub-folder, "
            "and options.asset is not set. No asset counts as scanned by them."
        )
    _keep_manifest(ask, drop, keeper.files(chosen), aside)
    if problems:
        raise fault(ask, problems, len(listed))
    first, end = proven_days(ask)
    if first < end:
        said = f"{len(listed)} files listed, {keeper.count} of them new."
        ask.prove_all("file_manifest", first, end, reason=said)


def proven_days(ask: Ask) -> tuple[date, date]:
    """The window's days that a look at what is there now can speak for, end exclusive."""
    today = ask.started_at.date()
    end = ask.window.end_day if ask.window.mode == "snapshot" else min(ask.window.end_day, today)
    return ask.window.first_day, end


def _keep_manifest(ask: Ask, drop: Drop, files: list[dict[str, Any]], aside: list[Listed]) -> None:
    listing = {
        "reading": drop.reading, "files": files, "left_aside": [asdict(file) for file in aside],
    }  # fmt: skip
    keep_listing(ask, listing)


def keep_listing(ask: Ask, listing: dict[str, Any]) -> None:
    """Stores what one run found in the folder, and how it was read (`reading`, `files`)."""
    body = gzip.compress(canonical(listing), mtime=0)
    ask.keep(body, MANIFEST.name, media_type="application/gzip")


@dataclass
class _Keeper:
    """Stores files; counts those it stored, and those that nothing assigns to an asset."""

    ask: Ask
    drop: Drop
    fit: Fitting
    asset: str | None
    url: str | None
    problems: list[SourceError]
    kept: dict[str, _Kept] = field(default_factory=dict)
    count: int = 0
    nameless: int = 0

    def keep(self, file: Listed, before: _Kept | None) -> None:
        """Stores one file, unless its bytes are those that an earlier receipt holds of it."""
        assert self.ask.home is not None  # every collection has one
        try:
            with self.ask.home.scratch() as folder:
                copy = folder / "copy"
                sha256 = self.drop.fetch(file, copy)
                if before is not None and before.is_same(file, sha256):
                    self.kept[file.path] = _Kept(file, sha256, before.object_sha256)
                else:
                    self.kept[file.path] = _Kept(file, sha256, self._store(file, self.fit(copy)))
        except UnfitFile as reason:
            self.problems.append(SourceError(f"{file.path!r}: {reason}"))
        except TransientSourceError as error:
            self.problems.append(error)

    def files(self, chosen: list[Listed]) -> list[dict[str, Any]]:
        """What the listing says of each: without digests where it could not be kept."""
        kept = [self.kept.get(file.path) for file in chosen]
        return [
            {
                **asdict(file),
                "sha256": was.sha256 if was else None,
                "object_sha256": was.object_sha256 if was else None,
            }
            for file, was in zip(chosen, kept, strict=True)
        ]

    def _store(self, file: Listed, fitted: Fit) -> str:
        folders = file.path.split("/")[:-1]
        owner = self.asset or (folders[0] if folders else None)
        self.nameless += owner is None and not fitted.names_asset
        self.count += 1
        for item in fitted.reductions:
            self.ask.declare_reduction(item.rule, item.version, list(item.paths), item.count)
        context = {"path": file.path, "modified_at": file.modified_at}
        return self.ask.keep(
            fitted.body, fitted.shape, context=context | ({"asset_id": owner} if owner else {}),
            media_type=media_type(file), url=self.url or file.path,
        )  # fmt: skip


def media_type(file: Listed) -> str:
    """By the name's ending."""
    return _MEDIA_TYPES.get(Path(file.path).suffix.lower(), "application/octet-stream")


def fault(ask: Ask, problems: list[SourceError], listed: int) -> SourceError:
    """What is said of the files that could not be kept; transient where all of them may heal."""
    shown = "; ".join(str(problem) for problem in problems[:5])
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    is_transient = all(isinstance(problem, TransientSourceError) for problem in problems)
    kind = TransientSourceError if is_transient else SourceError
    return kind(
        f"{ask.source.id}: {len(problems)} of {listed} files in {ask.source.location} cannot be "
        f"kept: {shown}{more}. The others were kept. Mend or remove these and collect again."
    )


def _known(ask: Ask, reading: dict[str, Any]) -> dict[str, _Kept]:
    """Files that earlier receipts hold, by path; not those in which something was unreadable."""
    listing = listing_before(ask, reading)
    files = [
        _Kept(
            Listed(file["path"], file["size"], file["modified_at"], file.get("changed_at")),
            file["sha256"], file["object_sha256"],
        )
        for file in (listing["files"] if listing else ())
    ]  # fmt: skip
    return {file.listed.path: file for file in files}


def listing_before(ask: Ask, reading: dict[str, Any]) -> dict[str, Any] | None:
    """The newest listing that an earlier receipt holds, if the folder was read in the same way.

    Of its files those that were kept and in which nothing was unreadable; `unread` holds the
    others that were kept, with the days (`first`, `end`) that they leave in doubt.
    """
    listings = (
        (receipt, item)
        for receipt in ask.earlier()
        for item in receipt.objects
        if item.shape == MANIFEST.name
    )
    receipt, manifest = next(listings, (None, None))
    if receipt is None or manifest is None:
        return None
    try:
        listing: dict[str, Any] = json.loads(gzip.decompress(ask.locker.read(manifest.sha256)))
    except (EvidenceError, OSError, ValueError) as error:
        ask.warn(f"The listing of the receipt before cannot be read; all files are kept: {error}")
        return None
    if listing["reading"] != reading:
        return None
    unread = _unread(ask, receipt)
    kept = [file for file in listing["files"] if file["sha256"] is not None]
    listing["files"] = [file for file in kept if file["object_sha256"] not in unread]
    first = min([receipt.window_start, *(proof.first_day for proof in receipt.proofs)])
    end = max([receipt.window_end, *(proof.end_day for proof in receipt.proofs)])
    days = {"first": day_of(first).isoformat(), "end": day_of(end).isoformat()}
    listing["unread"] = [file | days for file in kept if file["object_sha256"] in unread]
    return listing


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
