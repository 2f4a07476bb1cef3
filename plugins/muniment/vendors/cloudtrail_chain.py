"""The chain of one trail's digests in one account and region: what it proves, and where it breaks.

A span of deliveries is proven where signed digests follow each other without a gap, each names the
one before as it is, every log file that they list is there with the bytes that they state, and no
log file is there that none of them lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from muniment.vendors.cloudtrail_digest import HASH_ALGORITHM, Digest, unsigned_because
from muniment.vendors.cloudtrail_layout import Place, delivered_at

#: how many breaks a reason names; the others are counted
SHOWN_BREAKS = 5
#: how long after the minute in its name a log file may still be counted to the next digest
_STRADDLE = timedelta(minutes=5)


@dataclass(frozen=True, order=True)
class Break:
    """Where a chain does not hold: the deliveries in [start, end).

    is_pending: nothing is wrong yet; the digest may still come. is_mendable: asking again may help.
    """

    start: datetime
    end: datetime
    place: Place
    text: str
    is_pending: bool = False
    is_mendable: bool = False

    def __str__(self) -> str:
        """The hour first, since that is what a reader looks for."""
        form = "%Y-%m-%d %H:%M"
        end = f"{self.end:%H:%M}" if self.end.date() == self.start.date() else f"{self.end:{form}}"
        return f"{self.start:{form}}-{end} {self.place}: {self.text}"


@dataclass
class Chain:
    """What was read of one place: digests by trail, log files with the hash of their plain bytes.

    logs: SHA-256 by key, None where the bytes do not unpack. keys: public keys, DER by fingerprint;
    None where no digest can be shown to be signed (a local folder). bucket: None likewise. root:
    what stands in the bucket before our paths. unread: digests that are none (path, why). known:
    trails that were seen before, and since when; in `digests` too, though none may be left.
    """

    place: Place
    bucket: str | None
    root: str
    digests: dict[str, list[Digest]]
    logs: Mapping[str, str | None]
    keys: Mapping[str, bytes] | None
    unread: list[tuple[str, datetime, str]] = field(default_factory=list)
    known: Mapping[str, datetime] = field(default_factory=dict)

    def breaks(self, start: datetime, end: datetime, pending_from: datetime) -> list[Break]:
        """Everything that keeps the deliveries of [start, end) from being proven.

        pending_from: digests of what was delivered later may still come.
        """
        found = [
            self._break(stamp - timedelta(hours=1), stamp, f"the digest {_name(path)} {why}")
            for path, stamp, why in self.unread
        ]
        if not self.digests and not found:
            text = (
                "no digest: log file validation is off for this trail, or its digests were deleted"
            )
            is_pending = start >= pending_from
            return [Break(start, end, self.place, text, is_pending=is_pending)]
        for trail, digests in self.digests.items():
            if not digests:
                text = f"no digest of the trail {trail}: it was given up, or they were deleted"
                since = max(start, self.known.get(trail, start))
                is_pending = since >= pending_from
                found.append(Break(since, end, self.place, text, is_pending=is_pending))
                continue
            ordered = sorted(digests, key=lambda digest: (digest.start, digest.end))
            found += self._own(ordered)
            found += self._links(ordered)
            found += self._edges(ordered, start, end, pending_from)
            found += self._listed(ordered, start, end)
        found += self._unlisted(start, end)
        return sorted(set(found))

    def _own(self, digests: Iterable[Digest]) -> Iterable[Break]:
        for digest in digests:
            place = f"{self.root}{digest.key}"
            if digest.object != place or self.bucket not in (None, digest.bucket):
                text = f"the digest lies elsewhere than it says ({digest.bucket}/{digest.object})"
                yield self._break(digest.start, digest.end, text)
            if self.keys is None:
                continue
            why = unsigned_because(digest, self.keys)
            if why is not None:
                text = f"the digest {_name(digest.key)} is not proven: {why}"
                yield self._break(digest.start, digest.end, text)

    def _links(self, digests: list[Digest]) -> Iterable[Break]:
        for before, after in pairwise(digests):
            if after.previous_object is None:
                text = (
                    f"the chain starts again at {after.start:%H:%M}: validation or logging was off "
                    "before, and nothing ties the digests together"
                )
                first = min(before.end, after.start - timedelta(minutes=1))
                yield self._break(first, after.start, text)
                continue
            if after.start > before.end:
                if not self._is_unread(after.previous_object):
                    yield self._break(before.end, after.start, _missing(after))
                continue
            if after.start < before.end:
                text = f"the digest {_name(after.key)} begins before the one before it ends"
                yield self._break(after.start, before.end, text)
            if after.previous_sha256 != before.sha256:
                text = (
                    f"the digest {_name(before.key)} is not the one that the next digest names: "
                    "its SHA-256 differs"
                )
                yield self._break(before.start, before.end, text)
            elif self.keys is not None and after.previous_signature != before.signature:
                text = f"the signature of {_name(before.key)} is not the one that the next names"
                yield self._break(before.start, before.end, text)

    def _is_unread(self, path: str) -> bool:
        """Whether a digest is there and said to be unreadable already."""
        return any(f"{self.root}{unread}" == path for unread, _, _ in self.unread)

    def _edges(
        self, digests: list[Digest], start: datetime, end: datetime, pending_from: datetime
    ) -> Iterable[Break]:
        first, last = digests[0], max(digests, key=lambda digest: digest.end)
        if first.start > start:
            text = "the chain only begins here" if first.previous_object is None else ""
            yield self._break(start, min(first.start, end), text or _missing(first))
        if last.end < end:
            is_pending = last.end >= pending_from
            text = "no digest after this: it was not delivered, or was deleted"
            yield Break(max(last.end, start), end, self.place, text, is_pending=is_pending)

    def _listed(self, digests: Iterable[Digest], start: datetime, end: datetime) -> Iterable[Break]:
        for digest in digests:
            for file in digest.files:
                stamp = delivered_at(file.key)
                if stamp is not None and not start <= stamp < end:
                    continue  # delivered on a day that was not asked for
                key = file.key.removeprefix(self.root)
                if key not in self.logs:
                    text = f"the log file {_name(key)} is listed and absent"
                elif file.algorithm != HASH_ALGORITHM:
                    text = f"the log file {_name(key)} is hashed with {file.algorithm!r}"
                elif self.logs[key] != file.sha256:
                    text = f"the log file {_name(key)} is not as it was delivered: SHA-256 differs"
                else:
                    continue
                yield self._break(digest.start, digest.end, text)

    def _unlisted(self, start: datetime, end: datetime) -> Iterable[Break]:
        """Where digests are missing, nothing can be known to be unlisted."""
        everything = [digest for digests in self.digests.values() for digest in digests]
        listed = {file.key.removeprefix(self.root) for item in everything for file in item.files}
        for key in self.logs:
            stamp = delivered_at(key)
            if stamp is None or key in listed or not start <= stamp < end:
                continue
            own = next((d for d in everything if d.start <= stamp < d.end), None)
            if own and any(d.start <= stamp + _STRADDLE < d.end for d in everything):
                text = f"no digest lists the log file {_name(key)}: CloudTrail did not deliver it"
                yield self._break(own.start, own.end, text)

    def _break(self, start: datetime, end: datetime, text: str) -> Break:
        return Break(start, end, self.place, text)


def told(breaks: list[Break]) -> str:
    """Every break with its hour; those for which one only has to wait come last."""
    firm = [item for item in breaks if not item.is_pending]
    shown = "; ".join(str(item) for item in (firm or breaks)[:SHOWN_BREAKS])
    more = len(firm or breaks) - SHOWN_BREAKS
    tail = f"; and {more} more" if more > 0 else ""
    if not firm:
        return f"The digests do not reach the day's end yet: {shown}{tail}. Ask again later."
    return f"The digest chain does not hold: {shown}{tail}."


def _missing(after: Digest) -> str:
    named = f", which the next one names as {_name(after.previous_object)}"
    return f"no digest{named if after.previous_object else ''}"


def _name(path: str | None) -> str:
    return (path or "").rpartition("/")[2]
