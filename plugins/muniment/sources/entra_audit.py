"""Microsoft Entra directory audits: who was given or lost what, and who took up a privileged role.

A bounded window of the tenant's audit log, newest first. Entra delivers late, so a young day is
proven by a second read.
"""

from __future__ import annotations

from pydantic import Field

from muniment.collecting import Ask
from muniment.settling import Found
from muniment.sources.spec import SourceSpec
from muniment.vendors import microsoft
from muniment.vendors.microsoft import Log

#: Entra ID P1 and P2; the free edition keeps 7 days
RETENTION_DAYS = 30
PATH = "/v1.0/auditLogs/directoryAudits"
PAGE_SIZE = 999
SHAPE = microsoft.page_shape("audits", "audit", native_id=("/id",), event_time="/activityDateTime")
LOG = Log(PATH, "activityDateTime", SHAPE)


class EntraAuditOptions(microsoft.LogOptions):
    """retention_days: how long the tenant's edition keeps its log (P1 and P2: 30, free: 7).

    page_size: audits a page; 999 is Graph's limit.
    """

    retention_days: int = Field(default=RETENTION_DAYS, ge=1, le=RETENTION_DAYS)
    page_size: int = Field(default=PAGE_SIZE, ge=1, le=PAGE_SIZE)


SPEC = SourceSpec(
    kind="entra_audit",
    title="Microsoft Entra directory audits",
    mode="event",
    needs="connection",
    shapes=(SHAPE, microsoft.ORGANISATION),
    feeds={
        "audit": (
            "access_events.grant",
            "access_events.revoke",
            "access_events.disable",
            "access_events.elevation",
        )
    },
    options=EntraAuditOptions,
    basis=("cursor_exhausted", "not_provable"),
    retention_days=RETENTION_DAYS,
    seen=microsoft.seen_by_graph,
    permissions=(
        "AuditLog.Read.All: the directory's audit log",
        "Directory.Read.All: Graph asks for it beside AuditLog.Read.All; also names the tenant",
    ),
    limits=(
        *microsoft.LIMITS,
        "Graph answers 5 requests in 10 s for its logs; a page holds up to 999 audits.",
    ),
    blind_spots=(
        "Entra keeps 30 days (P1, P2) or 7 (free): older audits cannot be asked for again.",
        "Audits may be delivered hours late: a day younger than settling_h is NOT_PROVABLE until a "
        "second read holds the same audits.",
        "Rights of Azure's own roles are in `azure_activity`, those of applications in their own "
        "logs. An elevation has no end here: its expiry is an event of its own.",
    ),
)


def collect(ask: Ask) -> None:
    """Reads one window. Raises SourceError."""
    assert isinstance(ask.options, EntraAuditOptions)  # validated against SPEC.options
    client = microsoft.connect_graph(ask, ask.options)
    found = Found()
    microsoft.read_log(ask, client, LOG, PATH, {"$top": str(ask.options.page_size)}, found)
    microsoft.prove(ask, LOG, found, ask.options.settling_h, ask.options.retention_days)
