"""Google Workspace activity reports: sign-ins, admin console, Drive, tokens (Admin SDK).

Google filters by when something happened and delivers hours later, in rare cases later still. So
every read goes back some days before its window, and a day counts as whole once it is older than
its application's lag, or two reads agree on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from muniment import settling
from muniment.collecting import Ask
from muniment.collection import midnight
from muniment.settling import Found
from muniment.sources.spec import Options, Shape, SourceSpec
from muniment.transport import Client
from muniment.vendors import google
from muniment.vendors.google import REPORTS

RETENTION_DAYS = 180
PAGE_SIZE = 1000
DAY = timedelta(days=1)
Application = Literal["login", "admin", "drive", "token", "saml"]
#: what each application tells
FEEDS: dict[Application, tuple[str, ...]] = {
    "login": ("access_events.sign_in", "access_events.disable"),
    "admin": ("access_events.grant", "access_events.revoke", "access_events.disable"),
    "drive": ("access_events.resource_access",),
    "token": ("access_events.grant", "access_events.revoke"),
    "saml": ("access_events.sign_in",),
}
STREAMS = tuple(dict.fromkeys(stream for streams in FEEDS.values() for stream in streams))


class GoogleWorkspaceActivityOptions(google.GoogleOptions):
    """applications: whose reports are read.

    minutes_settling_h, hours_settling_h: age at which a day counts as delivered, for applications
    whose lag Google states in minutes (admin, drive) and in hours (login, token, saml).
    overlap_days: how far before its window a read begins, for what was delivered late.
    """

    applications: list[Application] = Field(default=list(FEEDS), min_length=1)
    minutes_settling_h: int = Field(default=2, ge=0)
    hours_settling_h: int = Field(default=24, ge=0)
    overlap_days: int = Field(default=2, ge=0)

    def settling_h(self, stream: str) -> int:
        """Of one ledger stream: as long as the slowest application that feeds it."""
        fed_by = [name for name in self.applications if stream in FEEDS[name]]
        is_slow = any(name not in ("admin", "drive") for name in fed_by)
        return self.hours_settling_h if is_slow else self.minutes_settling_h


def _feeds_of(options: Options) -> tuple[str, ...]:
    assert isinstance(options, GoogleWorkspaceActivityOptions)  # validated against SPEC.options
    fed = {stream for name in options.applications for stream in FEEDS[name]}
    return tuple(stream for stream in STREAMS if stream in fed)


SPEC = SourceSpec(
    kind="google_workspace_activity",
    title="Google Workspace activity reports",
    mode="event",
    needs="connection",
    shapes=(
        Shape(
            "activities", "document", "activity", elements=("/items/*",), rest="page",
            native_id=("/id/time", "/id/uniqueQualifier", "/id/applicationName"),
            event_time="/id/time", marks=(("/kind", REPORTS.kind),),
        ),
    ),
    feeds={"activity": STREAMS},
    options=GoogleWorkspaceActivityOptions,
    basis=("cursor_exhausted", "not_provable"),
    retention_days=RETENTION_DAYS,
    permissions=(
        f"{REPORTS.scope}, in the name of an administrator who has the privilege Reports",
        google.CREDENTIAL,
    ),
    limits=google.LIMITS,
    blind_spots=(
        "Google says that in rare cases an event comes later than the stated lag, or never.",
        "Google keeps these reports for 180 days; older events cannot be asked for.",
        "Drive activity is reported by some editions alone, and only of files that the "
        "organisation owns.",
        "A sign-in by another identity provider says nothing of that provider's second factor.",
        "A deleted account's earlier events remain, under the address that it had.",
        "The ledger's figure of a day counts the activities of all applications together.",
    ),
    feeds_of=_feeds_of,
    seen=google.seen,
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Reads every application's report of the window. Raises SourceError."""
    options = ask.options
    assert isinstance(options, GoogleWorkspaceActivityOptions)  # validated against SPEC.options
    client = google.connect(ask, options, REPORTS)
    found, tenant = Found(), None
    for application in options.applications:
        items = list(_read(ask, client, options, application))
        found.note_all(_ids(items))
        tenant = tenant or next(filter(None, map(_tenant, items)), None)
    ask.set_tenant(tenant)
    for stream in ask.spec.ledger_streams(options):
        settling.prove(
            ask, found, shape="activities", read=_ids_of, settling_h=options.settling_h(stream),
            retention_days=RETENTION_DAYS, streams=(stream,),
        )  # fmt: skip


def _read(
    ask: Ask, client: Client, options: GoogleWorkspaceActivityOptions, application: Application
) -> Iterator[dict[str, Any]]:
    """One application's activities, newest first, every page kept.

    Google refuses a beginning that it does not keep any more.
    """
    oldest = (ask.started_at - timedelta(days=RETENTION_DAYS)).date() + DAY
    first_day = max(ask.window.first_day - options.overlap_days * DAY, oldest)
    if first_day >= ask.window.end_day:
        return
    end = min(midnight(ask.window.end_day), ask.started_at)
    params = {
        "startTime": _google(midnight(first_day)),
        "endTime": _google(end),
        "maxResults": str(PAGE_SIZE),
    }
    path = REPORTS.path + application
    pages = client.pages(path, path, params, follow=google.following)
    for page, response in enumerate(pages, start=1):
        ask.keep_response(response, "activities", page=page, context={"application": application})
        yield from google.listed(response, REPORTS)


def _ids_of(body: bytes) -> Iterator[tuple[str, str]]:
    return _ids(json.loads(body).get(REPORTS.items, []))


def _ids(items: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Two activities of one instant differ in their qualifier."""
    for item in items:
        known = item.get("id")
        known = known if isinstance(known, dict) else {}
        names = ("time", "uniqueQualifier", "applicationName")
        yield "|".join(str(known.get(name)) for name in names), str(known.get("time"))


def _tenant(item: dict[str, Any]) -> str | None:
    known = item.get("id")
    customer = known.get("customerId") if isinstance(known, dict) else None
    return str(customer) if customer else None


def _google(moment: datetime) -> str:
    """RFC 3339 with milliseconds, as in Google's own answers."""
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{moment.microsecond // 1000:03d}Z"
