"""What a snapshot of a state source proves: its own day and no other (design rule 12).

A snapshot that was begun on one day and ended on another shows no single day. An empty list counts
only where nothing can be right: what always holds something (a tenant has users) is not proven by
an empty answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from muniment.collecting import Ask
from muniment.sources.spec import Basis

_DAY = timedelta(days=1)


def prove(
    ask: Ask,
    counted: Mapping[str, int],
    said: str,
    *,
    never_empty: frozenset[str] = frozenset(),
    holes: Mapping[str, str] | None = None,
    basis: Basis | Mapping[str, Basis] = "snapshot_count",
) -> None:
    """States for the day on which the collection began what was listed in full.

    counted: ledger stream -> records, told apart by content, that Bronze must hold of it.
    said: one sentence with the figures, for the receipt. never_empty: streams of which zero records
    are no proof. holes: stream -> why it was not read in full. basis: of all streams, or of
    those that rest on more than the snapshot (the source's own total, which the caller compared).
    A stream that the source feeds with these options and that `counted` leaves out is said to be
    not proven.
    """
    day, finished = ask.started_at.date(), ask.clock().date()
    if finished != day:
        ask.prove_all(
            "not_provable", day, day + _DAY,
            reason=f"The snapshot was begun on {day} and ended on {finished}: it shows no single "
            f"day. {said} Collect again at another hour.",
        )  # fmt: skip
        return
    bases = basis if isinstance(basis, Mapping) else {}
    usual: Basis = "snapshot_count" if isinstance(basis, Mapping) else basis
    for stream in ask.spec.ledger_streams(ask.options):
        reason = _unproven(stream, counted.get(stream), never_empty, holes or {})
        ask.prove(
            stream, "not_provable" if reason else bases.get(stream, usual),
            day, day + _DAY,
            expected=counted.get(stream), reason=f"{reason} {said}" if reason else said,
        )  # fmt: skip


def _unproven(
    stream: str, count: int | None, never_empty: frozenset[str], holes: Mapping[str, str]
) -> str | None:
    """Why a stream is not proven; None where it is."""
    if stream in holes:
        return holes[stream]
    if count is None:
        return f"{stream} was not asked for."
    if not count and stream in never_empty:
        return f"The source lists nothing for {stream}, which is never empty."
    return None
