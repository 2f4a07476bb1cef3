"""What a snapshot proves: its own day, of what was listed in full, and nothing of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from collector import SOURCE_ID, collector
from http_source import serving
from muniment import snapshots
from muniment.collecting import Ask, Window, new_ask
from muniment.collection import Proof

ACCOUNT, ROLE, REPOSITORY = "identities.account", "identities.role", "repo_access"
DAY, NEXT = date(2026, 1, 6), date(2026, 1, 7)
AT_TWO = datetime(2026, 1, 6, 2, tzinfo=UTC)


@pytest.fixture
def clock() -> list[datetime]:
    """What the collector's clock says, look by look; the last one again and again."""
    return [AT_TWO]


@pytest.fixture
def ask(tmp_path: Path, clock: list[datetime]) -> Iterator[Ask]:
    """One question of a kind that feeds three ledger streams."""
    with serving() as source:
        settings = collector(tmp_path, source, "gitlab_members", {"groups": ["org"]}).settings
        yield new_ask(
            settings, settings.source(SOURCE_ID), Window(DAY, NEXT, "snapshot"),
            lambda: clock.pop(0) if len(clock) > 1 else clock[0], "a run", "tests",
        )  # fmt: skip


def stated(ask: Ask) -> dict[str, tuple[str, int | None]]:
    assert all((p.first_day, p.end_day) == ("2026-01-06", "2026-01-07") for p in _proofs(ask))
    return {proof.stream: (proof.basis, proof.expected) for proof in _proofs(ask)}


def _proofs(ask: Ask) -> list[Proof]:
    return ask.collection.proofs


def test_its_day_is_proven_with_the_source_side_figure(ask: Ask) -> None:
    snapshots.prove(ask, {ACCOUNT: 3, ROLE: 4, REPOSITORY: 0}, "Said.")
    assert stated(ask) == {
        ACCOUNT: ("snapshot_count", 3), ROLE: ("snapshot_count", 4),
        REPOSITORY: ("snapshot_count", 0),
    }  # fmt: skip


def test_what_was_not_asked_for_is_said_to_be_unproven(ask: Ask) -> None:
    snapshots.prove(ask, {ACCOUNT: 3, ROLE: 4}, "Said.")
    assert stated(ask)[REPOSITORY] == ("not_provable", None)


def test_a_list_that_is_never_empty_is_not_believed_empty(ask: Ask) -> None:
    snapshots.prove(
        ask, {ACCOUNT: 0, ROLE: 0, REPOSITORY: 0}, "Said.", never_empty=frozenset({ACCOUNT})
    )
    assert {stream: basis for stream, (basis, _) in stated(ask).items()} == {
        ACCOUNT: "not_provable", ROLE: "snapshot_count", REPOSITORY: "snapshot_count"
    }  # fmt: skip


def test_a_hole_says_why(ask: Ask) -> None:
    counted = dict.fromkeys((ACCOUNT, ROLE, REPOSITORY), 1)
    snapshots.prove(ask, counted, "Said.", holes={ROLE: "A list was refused."})
    assert stated(ask)[ROLE][0] == "not_provable"
    assert [p.reason for p in _proofs(ask) if p.stream == ROLE] == ["A list was refused. Said."]


def test_over_midnight_no_day_is_shown(ask: Ask, clock: list[datetime]) -> None:
    clock[:] = [datetime(2026, 1, 7, 0, 0, 5, tzinfo=UTC)]
    snapshots.prove(ask, dict.fromkeys((ACCOUNT, ROLE, REPOSITORY), 1), "Said.")
    assert {basis for basis, _ in stated(ask).values()} == {"not_provable"}
