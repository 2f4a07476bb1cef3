"""How AWS Config lays out a bucket: what the folders and the names of files say.

    AWSLogs/[o-<organisation>/]<account>/Config/<region>/<Y>/<M>/<D>/ConfigSnapshot/
        <account>_Config_<region>_ConfigSnapshot_<YYYYMMDDTHHMMSSZ>_<id>.json.gz

Month and day are written without a leading zero. The time in a name is that of the snapshot, which
the document itself does not state; the folder's is that of the delivery.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from muniment.vendors.cloudtrail_layout import Place

FOLDER = "Config"
_SNAPSHOT = re.compile(r"\d{12}_Config_[a-z0-9-]+_ConfigSnapshot_(\d{8}T\d{6}Z)_[^/]+\.json(\.gz)?")


@dataclass(frozen=True)
class Folder:
    """What was delivered on one day of one place."""

    path: str
    day: date


def folders(place: Place, day: date) -> list[Folder]:
    """Where the snapshots of a day lie: one of the last minute is delivered on the next day.

    Copies of a bucket are found with leading zeros too.
    """
    root = f"{place.folder}/{FOLDER}/{place.region}"
    found: dict[str, Folder] = {}
    for delivered in (day, day + timedelta(days=1)):
        names = f"{delivered.year}/{delivered.month}/{delivered.day}", f"{delivered:%Y/%m/%d}"
        for name in names:
            found.setdefault(name, Folder(f"{root}/{name}", delivered))
    return list(found.values())


def taken_at(path: str) -> datetime | None:
    """When a snapshot was taken, by its name; None for another file."""
    found = _SNAPSHOT.fullmatch(path.rpartition("/")[2])
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
