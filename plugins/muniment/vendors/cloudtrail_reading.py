"""One account and region of a CloudTrail bucket: its digests and log files, kept and hashed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from muniment.collecting import Ask
from muniment.collection import canonical, instant
from muniment.errors import SourceError
from muniment.vendors import cloudtrail_layout as layout
from muniment.vendors.cloudtrail_bucket import Bucket, days
from muniment.vendors.cloudtrail_digest import Digest, parse, plain_sha256
from muniment.vendors.cloudtrail_layout import Place

#: by place and trail: the end of the first digest that was seen (`instant`)
Trails = dict[str, dict[str, str]]


@dataclass
class Read:
    """What one place holds of the window.

    digests: by trail; unread: (path, end, why) of those that are none; logs: SHA-256 of the plain
    bytes by path, None where they do not unpack.
    """

    listed: list[dict[str, Any]] = field(default_factory=list)
    digests: dict[str, list[Digest]] = field(default_factory=lambda: defaultdict(list))
    unread: list[tuple[str, datetime, str]] = field(default_factory=list)
    logs: dict[str, str | None] = field(default_factory=dict)


def read(
    ask: Ask, bucket: Bucket, place: Place, start: datetime, end: datetime,
    problems: list[SourceError],
) -> Read:  # fmt: skip
    """Lists, keeps and hashes one place's files of the deliveries from `start` to `end`.

    Files that cannot be fetched go into `problems`. Raises SourceError where nothing can be listed.
    """
    # up to the digest that reaches `end`; one covers an hour, a trail's first perhaps less
    digests = _listed(
        ask, bucket, place, layout.DIGESTS, start, end + timedelta(hours=1), layout.digest_end
    )
    logs = _listed(ask, bucket, place, layout.LOGS, start, end, layout.delivered_at)
    found = Read([*digests, *logs])
    for path, body in bucket.bodies(digests):
        if isinstance(body, SourceError):
            problems.append(body)
        else:
            _keep_digest(ask, bucket, path, body, found)
    for path, body in bucket.bodies(logs):
        if isinstance(body, SourceError):
            problems.append(body)
            continue
        ask.keep(body, "log", url=path, media_type="application/gzip")
        try:
            found.logs[path] = plain_sha256(body)
        except ValueError:  # index says what is wrong with it, and puts it into quarantine
            found.logs[path] = None
    return found


def keep_listing(ask: Ask, found: dict[Place, Read]) -> Trails:
    """Keeps what the bucket listed of the window; every trail that it ever showed.

    A trail whose logs and digests are all gone leaves nothing behind but what was seen before.
    """
    trails = _trails_before(ask)
    for place, read in found.items():
        known = trails.setdefault(str(place), {})
        for trail, digests in read.digests.items():
            first = instant(min(digest.end for digest in digests))
            known[trail] = min(first, known.get(trail, first))
    listing = {str(place): own.listed for place, own in found.items()}
    body = canonical({"places": listing, "trails": trails})
    ask.keep(body, "listing", media_type="application/json")
    return trails


def _trails_before(ask: Ask) -> Trails:
    """What the newest earlier receipt with a listing knows."""
    listings = (
        item for receipt in ask.earlier() for item in receipt.objects if item.shape == "listing"
    )
    newest = next(listings, None)
    if newest is None:
        return {}
    trails: Trails = json.loads(ask.locker.read(newest.sha256)).get("trails", {})
    return trails


def summary(found: dict[Place, Read], start: datetime, end: datetime) -> str:
    """What a sound chain rests on, for the deliveries of [start, end)."""
    digests = [
        digest
        for read in found.values()
        for own in read.digests.values()
        for digest in own
        if digest.end > start and digest.start < end
    ]
    files = sum(
        start <= (layout.delivered_at(path) or start) < end
        for read in found.values()
        for path in read.logs
    )
    return (
        f"{len(digests)} signed digests of {len(found)} account-regions follow each other without "
        f"a gap, and {files} log files are as they list them."
    )


def _listed(
    ask: Ask, bucket: Bucket, place: Place, kind: str, start: datetime, end: datetime,
    time_of: Callable[[str], datetime | None],
) -> list[dict[str, Any]]:  # fmt: skip
    """The files of one kind whose names' times lie in [start, end)."""
    folders = [place.day(kind, day) for day in days(start.date(), end.date())]
    files = [file for folder in folders for file in bucket.files(folder)]
    named = [(file, time_of(file["path"])) for file in files]
    others = sum(time is None for _, time in named)
    if others:
        ask.warn(f"{place}: {others} files have no name that CloudTrail gives: left aside.")
    return [file for file, time in named if time is not None and start <= time < end]


def _keep_digest(ask: Ask, bucket: Bucket, path: str, body: bytes, found: Read) -> None:
    signature = bucket.signature(path)
    context = {"signature": signature} if signature else {}
    ask.keep(body, "digest", url=path, context=context, media_type="application/gzip")
    named = layout.digest_of(path)
    assert named is not None  # only digests are asked for
    try:
        found.digests[named[0]].append(parse(path, body, signature))
    except ValueError as why:
        found.unread.append((path, named[1], f"cannot be read: {why}"))
