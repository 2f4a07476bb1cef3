"""Okta System Log: polled by cursor on the schedule, read in bounded windows for backfill.

Okta documents that only polling (ascending, no `until`, the saved next link) returns every event:
it filters by persistence time, and bounded queries, which filter by `published`, may miss what is
delivered late. So a bounded read proves only days that have settled, or that two reads agree on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import Field

from muniment import settling
from muniment.collecting import Ask
from muniment.collection import day_of, instant, midnight
from muniment.errors import SourceError
from muniment.settling import Found
from muniment.sources.spec import Shape, SourceSpec
from muniment.transport import Client, Response
from muniment.vendors import okta

PATH = "/api/v1/logs"
RETENTION_DAYS = 90
DAY = timedelta(days=1)
#: what Okta answers to a cursor that it does not know any more
_REFUSALS = (400, 404, 410)


class OktaSystemLogOptions(okta.OktaOptions):
    """settling_h: age at which a day's events count as delivered (project default: three days).

    overlap_h: how far before the last proven end a poll starts again when its cursor is refused.
    page_size: events a page; 1,000 is Okta's limit.
    """

    settling_h: int = Field(default=72, ge=0)
    overlap_h: int = Field(default=24, ge=0)
    page_size: int = Field(default=1000, ge=1, le=1000)


SPEC = SourceSpec(
    kind="okta_system_log",
    title="Okta System Log",
    mode="event",
    needs="connection",
    shapes=(
        Shape("events", "array", "event", native_id=("/uuid",), event_time="/published"),
        okta.ORGANISATION,
    ),
    feeds={
        "event": (
            "access_events.sign_in",
            "access_events.grant",
            "access_events.revoke",
            "access_events.disable",
        )
    },
    options=OktaSystemLogOptions,
    seen=okta.seen,
    basis=("cursor_exhausted", "not_provable"),
    retention_days=RETENTION_DAYS,
    has_cursor=True,
    permissions=("okta.logs.read (OAuth), or an API token of a read-only administrator",),
    limits=okta.LIMITS,
    blind_spots=(
        "Okta keeps 90 days: older events cannot be asked for again.",
        "A bounded read of days younger than settling_h is NOT_PROVABLE until a second read "
        "of the same days holds the same events, or a poll covers them.",
    ),
)


def collect(ask: Ask) -> None:
    """Asks for one window or from the cursor on; see the module. Raises SourceError."""
    assert isinstance(ask.options, OktaSystemLogOptions)  # validated against SPEC.options
    client = okta.connect(ask, ask.options)
    if ask.window.mode == "poll":
        _poll(ask, client, ask.options)
    else:
        _read_window(ask, client, ask.options)


def _poll(ask: Ask, client: Client, options: OktaSystemLogOptions) -> None:
    first_day, end_day = _proven_end(ask), ask.last_ended_day + DAY
    response = _from_cursor(ask, client)
    refused_with = None
    if response is None or response.status != 200:
        refused_with = response.status if response else None
        overlap = timedelta(hours=options.overlap_h if refused_with else 0)
        since = midnight(first_day) - overlap
        response = client.get(PATH, PATH, _polling_from(since, options))
    ask.set_cursor(client.relative(_follow(ask, client, response, options.page_size)))
    if first_day >= end_day:
        return  # a second poll on the same day: nothing has ended since
    if refused_with is None:
        settling.prove_kept(ask, first_day, end_day, RETENTION_DAYS)
    else:
        _state_restart(ask, first_day, end_day, refused_with, options)


def _from_cursor(ask: Ask, client: Client) -> Response | None:
    """The page at the saved cursor, or Okta's refusal of it; None before the first poll."""
    if ask.collection.cursor_in is None:
        return None
    return client.get(ask.collection.cursor_in, PATH, ok=(200, *_REFUSALS))


def _state_restart(
    ask: Ask, first_day: date, end_day: date, status: int, options: OktaSystemLogOptions
) -> None:
    reason = (
        f"cursor refused (HTTP {status}): Okta does not know the saved place any more. Events were "
        f"read again from {options.overlap_h} h before {first_day} on, but what was delivered late "
        f"in between cannot be excluded. A bounded read of these days, once they are "
        f"{options.settling_h} h old, proves them."
    )
    ask.warn(reason)
    ask.prove_all("not_provable", first_day, end_day, reason=reason)


def _follow(ask: Ask, client: Client, response: Response, page_size: int) -> str:
    """Keeps every page up to the empty one; returns the link from which the next poll goes on."""
    seen: set[str] = set()
    page = 1
    while True:
        ask.keep_response(response, "events", page=page)
        events, url = response.array(), response.next_url
        if not events:
            return url or response.url
        if url is None:
            raise SourceError(
                f"GET {PATH}: page {page} of a poll came without a next link, so there is no place "
                "from which the next poll could go on."
            )
        if url in seen or url == response.url:
            raise SourceError(f"GET {PATH}: the next link of page {page} repeats an earlier one.")
        if len(events) < page_size and _all_after(events, ask.started_at):
            return url  # a busy tenant never sends an empty page: what is left is later than us
        seen.add(url)
        page += 1
        response = client.get(url, PATH)


def _all_after(events: list[dict[str, Any]], moment: datetime) -> bool:
    return all(str(event.get("published", "")) > instant(moment) for event in events)


def _polling_from(since: datetime, options: OktaSystemLogOptions) -> dict[str, str]:
    return {"since": _okta(since), "sortOrder": "ASCENDING", "limit": str(options.page_size)}


def _proven_end(ask: Ask) -> date:
    """The day up to which earlier polls proved; the window's start before the first of them."""
    for receipt in ask.earlier():
        if receipt.failure is None and receipt.cursor_out is not None and receipt.proofs:
            return max(day_of(proof.end_day) for proof in receipt.proofs)
    return ask.window.first_day


def _read_window(ask: Ask, client: Client, options: OktaSystemLogOptions) -> None:
    parameters = {
        **_polling_from(midnight(ask.window.first_day), options),
        "until": _okta(midnight(ask.window.end_day)),
    }
    found = Found()
    for page, response in enumerate(client.pages(PATH, PATH, parameters), start=1):
        ask.keep_response(response, "events", page=page)
        found.note_all(_ids(response.array()))
    settling.prove(
        ask, found, shape="events", read=_read, settling_h=options.settling_h,
        retention_days=RETENTION_DAYS,
    )  # fmt: skip


def _read(body: bytes) -> Iterator[tuple[str, str]]:
    return _ids(json.loads(body))


def _ids(events: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for event in events:
        yield str(event.get("uuid")), str(event.get("published"))


def _okta(moment: datetime) -> str:
    """ISO 8601 with milliseconds and `Z`, as in Okta's own examples."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
