"""What a run leaves outstanding: days not proven, collections without receipt, tests not run.

Its last words, its exit code and the red last task of the DAG come from here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from muniment import committing
from muniment.claims import DAY, UNSETTLED
from muniment.errors import EvidenceError, MachineError, MunimentError
from muniment.planning import PlannedWindow
from muniment.settings import Settings
from muniment.verdicts import Verdict

_UNKNOWN = EvidenceError("The step that stopped (recover, index or commit) says why.")


@dataclass(frozen=True)
class Stuck:
    """A collection that could not get its receipt: it waits, and everything else goes on."""

    source_id: str
    receipt_id: str
    error: MunimentError

    @property
    def exit_code(self) -> int:
        """3 where this machine failed, else 1: the evidence falls short."""
        return (MachineError if isinstance(self.error, MachineError) else EvidenceError).exit_code

    def __str__(self) -> str:
        """What happened, where, what was kept and what to do."""
        file = f"{committing.COLLECTIONS}/{self.source_id}/{self.receipt_id}.json"
        return (
            f"{self.source_id}: collection {self.receipt_id} has no receipt. {self.error} What it "
            "holds is kept and counts for nothing until then; everything else went on. Mend what "
            f"is named and run again. If that cannot be done, take {file} out of the home: its "
            "days are asked for again as long as the source has them."
        )


@dataclass(frozen=True)
class Outstanding:
    """What a run was to prove and did not.

    missing: days asked for that are gaps, or, of a required source, not provable. unsettled: not
    provable now, and proven by a later run without anybody's doing. unanswered: snapshots that no
    receipt answers. stuck: collections without receipt. failed_tests: control test that failed to
    run -> the database's error.
    """

    missing: list[Verdict]
    unsettled: list[Verdict]
    unanswered: list[PlannedWindow]
    stuck: list[Stuck]
    failed_tests: dict[str, str]

    @property
    def exit_code(self) -> int:
        """0 where nothing falls short; else that of the worst failure, at least 1."""
        codes = [item.exit_code for item in self.stuck]
        if self.missing or self.unanswered or self.failed_tests:
            codes.append(EvidenceError.exit_code)
        return max(codes, default=0)

    def __str__(self) -> str:
        """One line a source and reason, with its days; empty where nothing is outstanding."""
        lines: list[str] = []
        if self.missing or self.unanswered:
            lines.append("Evidence is missing; run again once the cause is mended.")
        lines += _days_in_words(self.missing)
        lines += [
            f"{item.source_id}: asked for {item.window.first_day} to {item.window.end_day}, and no "
            "receipt answers; the step that stopped says why."
            for item in self.unanswered
        ]
        lines += map(str, self.stuck)
        lines += [_failure_in_words(*item) for item in sorted(self.failed_tests.items())]
        if self.unsettled:
            lines.append("Not settled yet; a later run proves these days by itself.")
        return "\n".join([*lines, *_days_in_words(self.unsettled)])


def left_by(
    verdicts: list[Verdict], windows: list[PlannedWindow], stuck: list[Stuck],
    failed_tests: dict[str, str],
) -> Outstanding:  # fmt: skip
    """What a run was to prove in its windows, and with its control tests, and did not.

    A day that nobody looked at and nobody can look at again is listed in the ledger instead.
    """
    asked = [verdict for verdict in verdicts if _is_asked(verdict, windows)]
    unsettled = [verdict for verdict in asked if _is_unsettled(verdict)]
    missing = [
        verdict
        for verdict in asked
        if (verdict.verdict == "GAP" and verdict.is_healable)
        or (_is_unprovable(verdict) and verdict.is_required and not _is_unsettled(verdict))
    ]
    judged = {(verdict.source_id, verdict.day) for verdict in verdicts}
    unanswered = [
        item
        for item in windows
        if item.window.mode == "snapshot"
        and (item.source_id, item.window.end_day - DAY) not in judged
    ]
    return Outstanding(missing, unsettled, unanswered, stuck, failed_tests)


def waiting(settings: Settings) -> list[Stuck]:
    """Every collection of the configured sources that has no receipt now, oldest first."""
    return [
        Stuck(source.id, receipt_id, _UNKNOWN)
        for source in settings.sources
        for receipt_id in committing.pending(settings.home, source.id)
    ]


def _is_asked(verdict: Verdict, windows: list[PlannedWindow]) -> bool:
    return any(
        item.source_id == verdict.source_id
        and item.window.first_day <= verdict.day < item.window.end_day
        for item in windows
    )


def _is_unsettled(verdict: Verdict) -> bool:
    return _is_unprovable(verdict) and verdict.reason.startswith(UNSETTLED)


def _is_unprovable(verdict: Verdict) -> bool:
    return verdict.verdict == "NOT_PROVABLE"


def _failure_in_words(test_id: str, error: str) -> str:
    return (
        f"{test_id}: the control test failed to run, so that its units are "
        f"NOT_TESTED(test_failed_to_run); everything else was built. The database says: {error}. "
        "Mend what that names, or report it with these words, then build and publish again."
    )


def _days_in_words(verdicts: Iterable[Verdict]) -> list[str]:
    days: dict[tuple[str, str], set[date]] = defaultdict(set)
    for verdict in verdicts:
        word = "not provable: " if _is_unprovable(verdict) else ""
        days[(verdict.source_id, word + verdict.reason)].add(verdict.day)
    return [
        f"{source}: {len(found)} day(s) from {min(found)} to {max(found)}: {reason}"
        for (source, reason), found in sorted(days.items())
    ]
