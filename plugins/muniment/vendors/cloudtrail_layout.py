"""How CloudTrail lays out a bucket: what the folders and the names of files say.

    AWSLogs/[o-<organisation>/]<account>/CloudTrail/<region>/<Y>/<M>/<D>/
        <account>_CloudTrail_<region>_<YYYYMMDDTHHmmZ>_<random>.json.gz
    AWSLogs/[o-<organisation>/]<account>/CloudTrail-Digest/<region>/<Y>/<M>/<D>/
        <account>_CloudTrail-Digest_<region>_<trail>_<home region>_<YYYYMMDDTHHmmssZ>.json.gz

Days and times in a path are those of the delivery, not of the events.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

ROOT = "AWSLogs"
LOGS, DIGESTS = "CloudTrail", "CloudTrail-Digest"
ACCOUNT = re.compile(r"\d{12}")
ORGANISATION = re.compile(r"o-[a-z0-9]{10,32}")
REGION = re.compile(r"[a-z]{2,3}(-[a-z]+)+-\d{1,2}")
_LOG = re.compile(r"\d{12}_CloudTrail_[a-z0-9-]+_(\d{8}T\d{4}Z)_[^/]+\.json(\.gz)?")
_DIGEST = re.compile(
    r"\d{12}_CloudTrail-Digest_[a-z0-9-]+_(?P<trail>.+)_[a-z0-9-]+_(?P<end>\d{8}T\d{6}Z)"
    r"\.json(\.gz)?"
)


@dataclass(frozen=True, order=True)
class Place:
    """One account and region, whose deliveries make chains of their own. folder: of the account."""

    folder: str
    region: str

    @property
    def account(self) -> str:
        """Its id, twelve digits."""
        return self.folder.rpartition("/")[2]

    def __str__(self) -> str:
        """For messages."""
        return f"{self.account}/{self.region}"

    def day(self, kind: str, day: date) -> str:
        """The folder of the log files or digests that were delivered on a day."""
        return f"{self.folder}/{kind}/{self.region}/{day:%Y/%m/%d}"


def delivered_at(path: str) -> datetime | None:
    """The minute at which a log file was delivered; None for another name."""
    found = _LOG.fullmatch(path.rpartition("/")[2])
    return _instant(found[1], "%Y%m%dT%H%MZ") if found else None


def digest_of(path: str) -> tuple[str, datetime] | None:
    """(trail, end of the delivery interval) of a digest; None for another name."""
    found = _DIGEST.fullmatch(path.rpartition("/")[2])
    end = _instant(found["end"], "%Y%m%dT%H%M%SZ") if found else None
    return (found["trail"], end) if found and end else None


def digest_end(path: str) -> datetime | None:
    """The end of the delivery interval of a digest; None for another name."""
    found = digest_of(path)
    return found[1] if found else None


def _instant(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
