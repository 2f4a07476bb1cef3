"""Microsoft Entra sign-ins: a bounded window of the tenant's sign-in log, newest first.

Graph's v1.0 lists interactive sign-ins and does not say which factors were used; the others, and
the factors, are in beta, which Microsoft may change. Entra delivers late, so a young day is proven
by a second read.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from muniment.collecting import Ask
from muniment.settling import Found
from muniment.sources.spec import SourceSpec
from muniment.vendors import microsoft
from muniment.vendors.microsoft import Log

EventType = Literal["interactiveUser", "nonInteractiveUser", "servicePrincipal", "managedIdentity"]
#: Entra ID P1 and P2; the free edition keeps 7 days (and its log cannot be read through Graph)
RETENTION_DAYS = 30
PATH = "/auditLogs/signIns"
PAGE_SIZE = 1000
STREAM = "access_events.sign_in"
SHAPE = microsoft.page_shape(
    "sign_ins", "sign_in", native_id=("/id",), event_time="/createdDateTime"
)


class EntraSigninsOptions(microsoft.LogOptions):
    """api: "v1.0" or "beta". event_types: kinds of sign-ins; others than interactive need beta.

    retention_days: how long the tenant's edition keeps its log (P1 and P2: 30, free: 7).
    page_size: sign-ins a page; 1,000 is Graph's limit.
    """

    api: Literal["v1.0", "beta"] = "v1.0"
    event_types: tuple[EventType, ...] = Field(default=("interactiveUser",), min_length=1)
    retention_days: int = Field(default=RETENTION_DAYS, ge=1, le=RETENTION_DAYS)
    page_size: int = Field(default=PAGE_SIZE, ge=1, le=PAGE_SIZE)

    @model_validator(mode="after")
    def _are_listed(self) -> EntraSigninsOptions:
        if self.api == "v1.0" and self.event_types != ("interactiveUser",):
            raise ValueError(
                "v1.0 lists interactive sign-ins only: other event_types need `api: beta`"
            )
        return self


SPEC = SourceSpec(
    kind="entra_signins",
    title="Microsoft Entra sign-ins",
    mode="event",
    needs="connection",
    shapes=(SHAPE, microsoft.ORGANISATION),
    feeds={"sign_in": (STREAM,)},
    options=EntraSigninsOptions,
    basis=("cursor_exhausted", "not_provable"),
    retention_days=RETENTION_DAYS,
    seen=microsoft.seen_by_graph,
    permissions=(
        "AuditLog.Read.All: the sign-in log (Graph asks for an Entra ID P1 or P2 licence)",
        "Directory.Read.All: Graph asks for it beside AuditLog.Read.All; also names the tenant",
    ),
    limits=(
        *microsoft.LIMITS,
        "Graph answers 5 requests in 10 s for its logs; a page holds up to 1,000 sign-ins.",
    ),
    blind_spots=(
        "v1.0 lists interactive sign-ins only, and does not say which factors were used: what it "
        "does not say is unknown, never 'none'. `api: beta` lists the others and their steps.",
        "Entra keeps 30 days (P1, P2) or 7 (free): older sign-ins cannot be asked for again.",
        "Sign-ins may be delivered hours late: a day younger than settling_h is NOT_PROVABLE "
        "until a second read holds the same sign-ins.",
        "A sign-in at a federated domain's own identity provider that failed there is not here.",
    ),
)


def collect(ask: Ask) -> None:
    """Reads one window, once for each type of sign-in. Raises SourceError."""
    assert isinstance(ask.options, EntraSigninsOptions)  # validated against SPEC.options
    options = ask.options
    client = microsoft.connect_graph(ask, options)
    log = Log(f"/{options.api}{PATH}", "createdDateTime", SHAPE)
    found = Found()
    for event_type in options.event_types:
        narrowed = f"signInEventTypes/any(t: t eq '{event_type}')" if options.api == "beta" else ""
        params = {"$top": str(options.page_size)}
        microsoft.read_log(ask, client, log, log.template, params, found, narrowed)
    microsoft.prove(ask, log, found, options.settling_h, options.retention_days)
