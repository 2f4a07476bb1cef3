"""The servers' log files in the drop: a file a day once it has ended, and the one being written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from muniment.sandbox.log_plan import LOGS_START, LogPlan
from muniment.sandbox.server_logs import ServerLogs
from muniment.sandbox.times import at, days

#: of a log's name: what its files end in
_ENDINGS = {"journal": "json", "postgresql": "csv"}
#: folders of the drop that hold nothing else
FOLDERS = ("vault", "kubernetes", "bastion", "database")
#: trouble -> the log whose file of that day never comes
_LOST = {"vault_lost": "vault/vault-1/audit", "sshd_lost": "bastion/syslog/bastion-1/auth"}
_LATE = {"kubernetes_late": "kubernetes/cp-1/audit"}


@dataclass(frozen=True)
class LogFile:
    """One file: its path in the drop, the log's day (None: being written), and when it ended."""

    path: str
    log: str
    day: date
    is_open: bool
    modified_at: datetime


def late_from(day: date) -> datetime:
    """When a late file comes: at noon of the day after."""
    return at(day + timedelta(days=1), 12)


def files(plan: LogPlan, logs: ServerLogs, now: datetime) -> Iterator[LogFile]:
    """Every file that exists at an instant."""
    for log in logs.of:
        name = log.rpartition("/")[2]
        ending = _ENDINGS.get(name, "log")
        for day in days(LOGS_START, now.astimezone(UTC).date()):
            if not _is_missing(plan, log, day, now):
                ended = at(day + timedelta(days=1), 0)
                yield LogFile(f"{log}-{day}.{ending}", log, day, False, ended)
        if now.date() >= LOGS_START:
            yield LogFile(f"{log}.{ending}", log, now.date(), True, now)


def body(logs: ServerLogs, file: LogFile) -> bytes:
    """What stands in a file: of the one being written, what was written so far."""
    written = logs.of[file.log](file.day)
    return b"".join(line for moment, line in written if moment <= file.modified_at)


def _is_missing(plan: LogPlan, log: str, day: date, now: datetime) -> bool:
    is_lost = any(log == lost and plan.is_on(what, day) for what, lost in _LOST.items())
    is_late = any(log == late and plan.is_on(what, day) for what, late in _LATE.items())
    return is_lost or (is_late and now < late_from(day))
