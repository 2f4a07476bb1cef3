"""AWS Config's configuration snapshots, as they are delivered to S3: every recorded resource.

A snapshot does not say when it was taken; its file's name does. So it counts for that day, each
day is asked for in a window of its own, and of several snapshots of a place the last one is read.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import StringConstraints

from muniment import filedrop
from muniment.collecting import Ask
from muniment.collection import instant
from muniment.errors import SourceError, TransientSourceError
from muniment.sources.spec import Options, Shape, SourceSpec
from muniment.vendors import cloudtrail_layout, config_layout
from muniment.vendors.cloudtrail_bucket import Bucket, wanted
from muniment.vendors.cloudtrail_layout import Place

DAY = timedelta(days=1)
INVENTORY = "assets.inventory"
#: after this a snapshot that did not come is taken for lost: nobody asks again without being told
#: to (project choice)
FINAL_AFTER = timedelta(hours=48)
_SHOWN = 5
#: a document that is longer than this is not empty
_EMPTY_BYTES = 1 << 16
Account = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
Region = Annotated[str, StringConstraints(pattern=rf"^{cloudtrail_layout.REGION.pattern}$")]


class AwsConfigInventoryOptions(Options):
    """accounts, regions: declared ones; without them, those that the bucket shows."""

    accounts: tuple[Account, ...] = ()
    regions: tuple[Region, ...] = ()


def _look(ask: Ask) -> str:
    """What a check sees: accounts and regions."""
    seen, expected = _places(ask, Bucket(ask))
    for place in sorted(expected - seen):
        ask.warn(f"{place}: no such folder in the bucket, and options declare it.")
    return f"{len(seen)} regions of {len({place.folder for place in seen})} accounts"


SPEC = SourceSpec(
    kind="aws_config_inventory",
    title="AWS Config snapshots in S3",
    mode="event",
    needs="location",
    shapes=(
        Shape(
            "snapshot", "document", "item", ("/configurationItems/*",), rest="snapshot",
            native_id=("/resourceType", "/resourceId"),
            marks=(("/fileVersion", r"1\..*"), ("/configurationItems", r"\[.*\]")),
        ),
        filedrop.MANIFEST,
    ),
    feeds={"item": (INVENTORY,), "snapshot": (), "listing": ()},
    options=AwsConfigInventoryOptions,
    look=_look,
    basis=("file_manifest", "not_provable"),
    by_day=True,
    permissions=(
        "s3:ListBucket on the bucket and s3:GetObject on AWSLogs/*: the snapshots",
        "kms:Decrypt on the delivery channel's key, where the files are encrypted with one",
    ),
    limits=(
        "AWS Config delivers snapshots only where the delivery channel says how often "
        "(deliveryFrequency) or somebody asks for one: at least daily is needed here.",
        "A snapshot of more than 64 MiB unpacked (well above ten thousand resources) is set aside "
        "with a message, and its day is a gap.",
        "Every day is asked for in a window of its own, and has a receipt of its own.",
        "Retention is the bucket's own: its life cycle rules decide, and nothing here can tell.",
    ),
    blind_spots=(
        "Without `accounts` and `regions` those that the bucket shows are expected: one that never "
        "delivered is not missed, and one that was given up is missed until the others are "
        "declared.",
        "A snapshot lists what its recorder records: types that are left out of it, or that AWS "
        "Config does not know, are missing, and no file says so.",
        "A document states no number of its items: one that AWS wrote in part is not recognised "
        "as long as it is whole JSON.",
        "Of several snapshots of a day the last one is read; the listing names the others.",
        "Configuration histories (ConfigHistory) and what else lies beside are left aside and "
        "named in the listing.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class _Snapshot:
    """One file of the bucket, and when it was taken by its name."""

    place: Place
    path: str
    size: int
    taken_at: datetime


def collect(ask: Ask) -> None:
    """Keeps each place's last snapshot of the day, and states whether none is missing.

    Raises SourceError where the bucket or a snapshot cannot be read; the others are kept.
    """
    day = ask.window.first_day
    if ask.window.end_day - day != DAY:
        raise SourceError(
            f"{ask.source.id}: the records of a snapshot bear no time. Ask for one day at a time; "
            f"this window runs from {day} to {ask.window.end_day}."
        )
    bucket = Bucket(ask)
    seen, expected = _places(ask, bucket)
    chosen: list[_Snapshot] = []
    aside: list[str] = []
    for place in sorted(seen):
        found, others = _of_day(bucket, place, day)
        aside += [*others, *(item.path for item in found[:-1])]
        chosen += found[-1:]
    if aside:
        ask.warn(
            f"{len(aside)} files that are no snapshot, or not the day's last one of their region, "
            "were left aside. The listing names them."
        )
    read, problems = _keep(ask, bucket, chosen)
    filedrop.keep_listing(ask, {"files": read, "left_aside": sorted(aside)})
    if problems:
        raise filedrop.fault(ask, problems, len(chosen))
    _prove(ask, day, expected - {item.place for item in chosen}, read)


def _places(ask: Ask, bucket: Bucket) -> tuple[set[Place], set[Place]]:
    """The places that the bucket shows, and those of which a snapshot must be there."""
    options = ask.options
    assert isinstance(options, AwsConfigInventoryOptions)  # validated against SPEC.options
    seen, accounts, others = bucket.places((config_layout.FOLDER,))
    expected, _ = wanted(options.accounts, options.regions, seen, accounts)
    strange = sorted(map(str, seen - expected))
    if strange:
        ask.warn(
            f"{len(strange)} places that options do not declare deliver to this bucket too: "
            f"{', '.join(strange[:_SHOWN])}. They were read, and are not missed."
        )
    if others:
        ask.warn(
            f"{len(others)} folders are neither an account nor a region and were left aside: "
            f"{', '.join(sorted(others)[:_SHOWN])}."
        )
    tenants = {place.account for place in seen}
    if len(tenants) == 1:
        ask.set_tenant(tenants.pop())
    return seen, expected


def _of_day(bucket: Bucket, place: Place, day: date) -> tuple[list[_Snapshot], list[str]]:
    """The place's snapshots of a day, oldest first, and what else was delivered on it."""
    found: list[_Snapshot] = []
    others: list[str] = []
    for folder in config_layout.folders(place, day):
        for file in bucket.files(folder.path):
            moment = config_layout.taken_at(file["path"])
            if moment is None:
                others += [file["path"]] if folder.day == day else []
            elif moment.date() == day:
                found.append(_Snapshot(place, file["path"], file["size"], moment))
    return sorted(found, key=lambda item: (item.taken_at, item.path)), others


def _keep(
    ask: Ask, bucket: Bucket, chosen: list[_Snapshot]
) -> tuple[list[dict[str, Any]], list[SourceError]]:
    """Stores the snapshots; says of each what it is, and what could not be read."""
    assert ask.home is not None  # every collection has one
    read: list[dict[str, Any]] = []
    problems: list[SourceError] = []
    for item in chosen:
        with ask.home.scratch() as folder:
            copy = folder / "copy"
            try:
                bucket.fetch(item.path, copy)
                size = copy.stat().st_size
                if size != item.size:
                    raise TransientSourceError(
                        f"{item.path!r}: {size} bytes came, {item.size} were listed."
                    )
            except SourceError as error:
                problems.append(error)
                continue
            about = {
                "path": item.path, "account_id": item.place.account, "region": item.place.region,
                "taken_at": instant(item.taken_at),
            }  # fmt: skip
            is_empty = _is_empty(copy)
            sha256 = ask.keep(
                copy, "snapshot", context=about, url=item.path,
                media_type="application/gzip" if item.path.endswith(".gz") else "application/json",
            )  # fmt: skip
            read.append({**about, "size": size, "object_sha256": sha256, "is_empty": is_empty})
    return read, problems


def _is_empty(path: Path) -> bool:
    """Whether the document lists no resource. What cannot be read is judged at index."""
    try:
        with path.open("rb") as file:
            is_zipped = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if is_zipped else path.open("rb") as source:
            text = source.read(_EMPTY_BYTES + 1)
        document = json.loads(text) if len(text) <= _EMPTY_BYTES else None
    except (EOFError, OSError, ValueError, RecursionError, zlib.error):
        return False
    return isinstance(document, dict) and document.get("configurationItems") == []


def _prove(ask: Ask, day: date, missing: set[Place], read: list[dict[str, Any]]) -> None:
    is_old = ask.started_at >= datetime.combine(day + DAY, time(), UTC) + FINAL_AFTER
    reason = None
    if missing or not read:
        named = sorted(map(str, missing))
        more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
        reason = f"No snapshot of {day} from {', '.join(named[:_SHOWN]) or 'any region'}{more}."
    elif all(item["is_empty"] for item in read):
        reason = f"The snapshots of {day} list no resource at all: nothing is recorded."
    said = f"A snapshot of {day} from each of {len(read)} regions of accounts."
    ask.prove(
        INVENTORY, "not_provable" if reason else "file_manifest", day, day + DAY,
        reason=reason or said, is_final=bool(reason) and is_old,
    )  # fmt: skip
