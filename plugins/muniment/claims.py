"""What each receipt says about the days of one ledger stream: proven, not provable, or a gap.

A claim is one receipt's word on a run of days. The ledger weighs the claims of a day against each
other; here every receipt is judged alone, but for its place in the chain of polls.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from muniment.collection import Proof, day_of
from muniment.receipts import Receipt
from muniment.sources.spec import GRADE_OF_BASIS, Basis, Grade, SourceSpec

DAY = timedelta(days=1)
#: a connector that had to start again without its cursor says so with this beginning of a reason
CURSOR_REFUSED = "cursor refused"
#: one whose source may still deliver, so that reading again later is all that is needed, with this
UNSETTLED = "Younger than"
#: bases whose expected figure counts records; a file manifest counts files
RECORD_COUNTS: tuple[Basis, ...] = ("total_count", "snapshot_count", "sequence", "hash_chain")


@dataclass(frozen=True)
class Shortfall:
    """A completeness expectation that one receipt did not meet, in words.

    stream: the Bronze stream concerned; None where it concerns the whole receipt.
    """

    stream: str | None
    reason: str


@dataclass(frozen=True)
class Feed:
    """One ledger stream of one source: the Bronze streams behind it, and how it is to be judged.

    others: Bronze streams that feed only other ledger streams. What feeds none (a list that leads
    to the evidence) concerns every stream of the source. is_filed: read from a folder of files.
    """

    stream: str
    bronze: tuple[str, ...]
    others: frozenset[str]
    mode: Literal["event", "state", "register"]
    is_filed: bool
    is_sandbox: bool

    def count(self, counts: dict[str, int]) -> int:
        """Records of this feed among a receipt's counts by Bronze stream."""
        return sum(counts.get(name, 0) for name in self.bronze)

    def concerns(self, bronze_stream: str | None) -> bool:
        """Whether trouble in this Bronze stream (None: the whole receipt) puts it in doubt."""
        return bronze_stream not in self.others

    def unreadable(self, receipt: Receipt) -> int:
        """Quarantined records that leave this feed in doubt."""
        counts = receipt.quarantined.items()
        return sum(count for stream, count in counts if self.concerns(stream))


@dataclass(frozen=True)
class Claim:
    """One receipt's word on the days [first_day, end_day) of one ledger stream.

    is_blocking: records were lost inside what was received, so that no earlier proof stands; only
    a later receipt can mend it. is_final: no later receipt can.
    """

    receipt: Receipt
    first_day: date
    end_day: date
    verdict: Literal["OPEN", "NOT_PROVABLE", "GAP"]
    reason: str
    basis: Basis | None = None
    grade: Grade | None = None
    expected: int | None = None
    is_blocking: bool = False
    is_final: bool = False

    @property
    def received_at(self) -> datetime:
        """When the receipt's collection was complete (UTC)."""
        return datetime.fromisoformat(self.receipt.finished_at or self.receipt.started_at)


def feeds(spec: SourceSpec, streams: Iterable[str], is_sandbox: bool) -> list[Feed]:
    """The ledger streams of a source, each with what feeds it."""
    found: list[Feed] = []
    for stream in streams:
        bronze = tuple(name for name, fed in spec.feeds.items() if stream in fed)
        others = frozenset(name for name, fed in spec.feeds.items() if fed and stream not in fed)
        is_filed = spec.needs == "location"
        found.append(Feed(stream, bronze, others, spec.mode, is_filed, is_sandbox))
    return found


def own_day(receipt: Receipt) -> date:
    """The UTC day on which the collection ran: the only one that a snapshot shows."""
    return day_of(receipt.started_at)


def restarted_polls(chain: list[Receipt]) -> set[str]:
    """Ids of polls that did not go on from where the poll before them had ended."""
    restarted: set[str] = set()
    cursor: str | None = None
    for receipt in chain:
        if not is_sound_poll(receipt):
            continue
        is_refused = any(_is_refusal(proof.reason) for proof in receipt.proofs)
        if is_refused or (cursor is not None and receipt.cursor_in != cursor):
            restarted.add(receipt.receipt_id)
        cursor = receipt.cursor_out
    return restarted


def _is_refusal(reason: str | None) -> bool:
    return (reason or "").lower().startswith(CURSOR_REFUSED)


def is_sound_poll(receipt: Receipt) -> bool:
    """Whether this receipt moved the source's cursor. A bounded window leaves it where it was."""
    is_moved = receipt.cursor_out is not None
    return is_moved and receipt.failure is None


def claims(
    receipt: Receipt, feed: Feed, *, is_restarted: bool, shortfalls: list[Shortfall],
    unread: dict[str, str],
) -> list[Claim]:  # fmt: skip
    """Everything that one receipt says about one ledger stream; `unread`: see `quarantine.told`."""
    first, end = _reach(receipt, feed)
    if receipt.failure is not None:
        return [Claim(receipt, first, end, "GAP", f"The source failed: {receipt.failure.reason}")]
    lost = _lost(receipt, feed, shortfalls, unread)
    if lost is not None:
        return [Claim(receipt, first, end, "GAP", lost, is_blocking=True)]
    proofs = _proofs(receipt, feed)
    if not proofs:
        reason = "The collection ended without stating what it proves of this stream."
        return [Claim(receipt, first, end, "GAP", reason)]
    return [_judged(receipt, feed, proof, is_restarted) for proof in proofs]


def _proofs(receipt: Receipt, feed: Feed) -> list[Proof]:
    return [proof for proof in receipt.proofs if proof.stream == feed.stream]


def _reach(receipt: Receipt, feed: Feed) -> tuple[date, date]:
    """The days that the receipt was to show: its window and whatever it says that it proves."""
    if feed.mode == "state":
        return own_day(receipt), own_day(receipt) + DAY
    proofs = _proofs(receipt, feed)
    firsts = [day_of(receipt.window_start), *(day_of(proof.first_day) for proof in proofs)]
    ends = [day_of(receipt.window_end), *(day_of(proof.end_day) for proof in proofs)]
    return min(firsts), max(ends)


def _lost(
    receipt: Receipt, feed: Feed, shortfalls: list[Shortfall], unread: dict[str, str]
) -> str | None:
    unreadable = feed.unreadable(receipt)
    if unreadable:
        noun = "record" if unreadable == 1 else "records"
        first = next(words for stream, words in unread.items() if feed.concerns(stream))
        return f"{unreadable} {noun} could not be read. {first}"
    failed = [item.reason for item in shortfalls if feed.concerns(item.stream)]
    return " ".join(failed) or None


def _judged(receipt: Receipt, feed: Feed, proof: Proof, is_restarted: bool) -> Claim:
    grade = proof.grade or GRADE_OF_BASIS[proof.basis]
    verdict: Literal["OPEN", "NOT_PROVABLE", "GAP"] = "OPEN"
    reason = proof.reason or ""
    difference = _difference(receipt, feed, proof)
    if is_restarted:
        verdict, grade = "GAP", None
        reason = reason or "The poll did not go on from the cursor where the last one had ended."
    elif difference is not None:
        verdict, grade, reason = "GAP", None, difference
    elif proof.basis == "not_provable":
        verdict, grade = "NOT_PROVABLE", None
        reason = reason or "The source offers no proof that nothing is missing."
    elif receipt.is_sandbox and not feed.is_sandbox:
        verdict, grade = "NOT_PROVABLE", None
        reason = "It was collected as a simulated company's, which is no evidence of a real one's."
    elif _is_doubtful(receipt, feed):
        verdict, grade = "NOT_PROVABLE", None
        reason = _stranger(receipt)
    elif feed.mode == "register":
        grade = "asserted"
    return Claim(
        receipt, day_of(proof.first_day), day_of(proof.end_day), verdict, reason, proof.basis,
        grade, proof.expected, is_final=proof.is_final and verdict == "NOT_PROVABLE",
    )  # fmt: skip


def _difference(receipt: Receipt, feed: Feed, proof: Proof) -> str | None:
    if proof.expected is None or proof.basis not in RECORD_COUNTS:
        return None
    received = feed.count(receipt.records) - feed.count(receipt.duplicates)
    if received == proof.expected:
        return None
    return f"The source counts {proof.expected} records, {received} were received."


def _is_doubtful(receipt: Receipt, feed: Feed) -> bool:
    origin = receipt.origin
    if origin is None or origin.is_verified or not origin.scheme.startswith("http"):
        return False
    return not (feed.is_sandbox and receipt.is_sandbox)


def _stranger(receipt: Receipt) -> str:
    assert receipt.origin is not None  # _is_doubtful has looked
    where = f"{receipt.origin.scheme}://{receipt.origin.host}"
    return (
        f"Who answered at {where} is not verified (plain HTTP, loopback, or a private CA that "
        "muniment.yml does not name)."
    )
