"""Logs that Azure's diagnostic settings export: activity log, Entra's sign-ins and audits.

An export keeps what the APIs forget after days or weeks. Azure puts one file of JSON lines an hour
into a folder a log (`…/y=2026/m=01/d=05/h=09/m=00/PT1H.json`) and goes on writing it for a while;
an hour without entries has no file, so only lines before and after a day show that it is whole.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from muniment import filedrop, logfiles
from muniment.collecting import Ask
from muniment.logfiles import Reading
from muniment.logoptions import LogOptions
from muniment.sources.spec import Options, Shape, SourceSpec

Log = Literal["activity", "sign_ins", "audits"]
ENTRIES = Shape("entries", "lines", "entry", native_id=("/properties/id",), event_time="/time")
_FEEDS: dict[Log, tuple[str, ...]] = {
    "activity": ("change_events.config_change", "change_events.infra_change"),
    "sign_ins": ("access_events.sign_in",),
    "audits": (
        "access_events.grant", "access_events.revoke", "access_events.disable",
        "access_events.elevation",
    ),
}  # fmt: skip


class AzureDiagnosticLogsOptions(LogOptions):
    """holds: which of the three logs the folder holds."""

    holds: tuple[Log, ...] = Field(default=("activity",), min_length=1)


def _feeds_of(options: Options) -> tuple[str, ...]:
    assert isinstance(options, AzureDiagnosticLogsOptions)
    return tuple(stream for log in options.holds for stream in _FEEDS[log])


SPEC = SourceSpec(
    kind="azure_diagnostic_logs",
    title="Azure diagnostic logs",
    mode="event",
    needs="location",
    shapes=(ENTRIES, filedrop.MANIFEST),
    feeds={
        "entry": tuple(stream for streams in _FEEDS.values() for stream in streams),
        "listing": (),
    },
    options=AzureDiagnosticLogsOptions,
    basis=("file_manifest", "not_provable"),
    permissions=("Read access to the storage container that the diagnostic settings write to.",),
    blind_spots=(
        "Logs and categories that no diagnostic setting exports; a setting that is changed or "
        "deleted shows as silence.",
        "An hour without entries has no file: a quiet day is told from a lost one only by lines "
        "within quiet_h of each other.",
        "Entries without a time count for the last day of their window; entries of the activity "
        "log have no id in an export, so that only an identical one is known for a repetition.",
    ),
    feeds_of=_feeds_of,
)


def collect(ask: Ask) -> None:
    """Keeps what is new of every exported log."""
    logfiles.collect(ask, Reading(ENTRIES.name))
