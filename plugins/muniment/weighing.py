"""Weighs the claims on one day against each other, and says in words why the day is what it is."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from muniment.claims import Claim, Feed
from muniment.sources.spec import Basis

_GRADES = ("proven", "argued", "asserted")
_PROOFS: dict[Basis, str] = {
    "hash_chain": "an unbroken hash chain",
    "sequence": "an unbroken sequence",
    "total_count": "the source's own total",
    "snapshot_count": "a whole snapshot",
    "cursor_exhausted": "pages read until none was left",
    "file_manifest": "the folder's listing",
    "not_provable": "the owner's word",
}


def spread(said: list[Claim], feed: Feed, start: date) -> dict[date, list[Claim]]:
    """The claims on each day, in the chain's order.

    A register speaks for the past too: each sound reading reaches back over all days that no
    sound reading has spoken for since.
    """
    by_day: dict[date, list[Claim]] = defaultdict(list)
    open_from = start
    for claim in said:
        first = claim.first_day
        if feed.mode == "register" and claim.verdict == "OPEN":
            first, open_from = min(open_from, first), claim.end_day
        elif feed.mode == "register":
            open_from = min(open_from, first)
        for offset in range((claim.end_day - first).days):
            by_day[first + timedelta(days=offset)].append(claim)
    return by_day


def deciding(day_claims: list[Claim]) -> Claim | None:
    """The best claim that still stands; of equal ones the first if open, else the newest."""
    standing = day_claims
    for index, claim in enumerate(day_claims):
        if claim.is_blocking:
            standing = day_claims[index + 1 :] or [claim]
    proofs = [claim for claim in standing if claim.verdict == "OPEN"]
    if proofs:
        return min(proofs, key=lambda claim: _GRADES.index(claim.grade or "asserted"))
    doubts = [claim for claim in standing if claim.verdict == "NOT_PROVABLE"]
    return next(iter([*reversed(doubts), *reversed(standing)]), None)


def first_open(day_claims: list[Claim]) -> Claim | None:
    """The claim by which the day first became open."""
    return next((claim for claim in day_claims if claim.verdict == "OPEN"), None)


def proof_in_words(claim: Claim, received: int) -> str:
    """Why an open day is open."""
    assert claim.basis is not None  # every open claim rests on a stated basis
    noun = "record" if received == 1 else "records"
    said = f" {claim.reason}" if claim.reason else ""
    if received == 0:
        return f"Nothing was there, and that is shown by {_PROOFS[claim.basis]}.{said}"
    return f"{received} {noun}, shown to be all by {_PROOFS[claim.basis]}.{said}"


def absence_in_words(source_id: str, feed: Feed, day: date, *, is_collected: bool) -> str:
    """Why a day that no receipt speaks for is a gap, and what to do."""
    if feed.mode == "state":
        return (
            f"{'Nobody looked on this day' if is_collected else 'Never collected'}: a snapshot "
            "shows its own day only, so a day gone by cannot heal."
        )
    if not is_collected:
        return f"Never collected: source '{source_id}' has no receipt yet. Run `muniment collect`."
    return (
        f"No receipt speaks for this day. Run `muniment collect --source {source_id} "
        f"--from {day} --to {day + timedelta(days=1)}`."
    )


def gone_in_words(source_id: str, last_asked: str) -> str:
    """Why the days of a former source that no receipt speaks for are gaps, and what to do."""
    return (
        f"Source '{source_id}' is no longer configured; it was last asked on {last_asked}. Put it "
        "back into muniment.yml and collect what is missing, or state there since when and why it "
        "is retired."
    )


def retired_in_words(since: date, reason: str) -> str:
    """Why nobody owes a day any more."""
    return f"Retired since {since}, says muniment.yml: {reason}"
