"""Airflow's event log: who triggered, cleared, paused or changed what, the pipeline's own included.

The API pages by offset and gives a total with each page, so that a day is whole when as many
different entries came as the total says. Each day is asked for by itself.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from pydantic import Field

from muniment.collecting import Ask
from muniment.collection import canonical, instant, midnight
from muniment.errors import SourceError, TransientSourceError
from muniment.filedrop import proven_days
from muniment.retries import DEFAULT_MAX_WAIT_S
from muniment.sources.spec import Options, Shape, SourceSpec
from muniment.transport import Response

PATH = "/api/v2/eventLogs"
#: `api.maximum_page_limit`, as Airflow comes
PAGE_SIZE = 100
DAY = timedelta(days=1)
_LIST, _TOTAL = "event_logs", "total_entries"
SHAPE = Shape(
    "event_logs", "document", "event_log", (f"/{_LIST}/*",), rest="page",
    native_id=("/event_log_id",), event_time="/when", marks=((f"/{_TOTAL}", r"\d+"),),
)  # fmt: skip


class AirflowOptions(Options):
    """page_size: entries a page; Airflow gives at most its `maximum_page_limit` (100).

    max_wait_s: how long one collection may wait in all for Airflow to answer.
    """

    page_size: int = Field(default=PAGE_SIZE, ge=1, le=1000)
    max_wait_s: int = Field(default=DEFAULT_MAX_WAIT_S, ge=0)


SPEC = SourceSpec(
    kind="airflow_event_log",
    title="Airflow event log",
    mode="event",
    needs="connection",
    shapes=(SHAPE,),
    feeds={"event_log": ("access_events.resource_access", "change_events.config_change")},
    options=AirflowOptions,
    basis=("total_count", "not_provable"),
    permissions=(
        "Read access to audit logs and to every DAG: Airflow leaves out the entries of DAGs that "
        "the account may not read, and does not count them either.",
        "The connection's password is an access token of Airflow's own (/auth/token).",
    ),
    limits=("A page holds at most `api.maximum_page_limit` entries, by default 100.",),
    blind_spots=(
        "Entries that `airflow db clean` deleted are gone and not counted.",
        "Entries of DAGs that the account may not read are neither listed nor counted.",
        "What is done in Airflow's database directly, or by editing a DAG's file.",
        "`extra` holds the request as Airflow masked it: a run's configuration may stand there.",
    ),
)


def collect(ask: Ask) -> None:
    """Reads the days of the window that have ended. Raises SourceError."""
    assert isinstance(ask.options, AirflowOptions)  # validated against SPEC.options
    first, end = proven_days(ask)
    if first >= end:
        return
    ask.client.patience.max_total_s = ask.options.max_wait_s
    days = [first + timedelta(days=offset) for offset in range((end - first).days)]
    for day in days:
        came, total = _read(ask, day, ask.options.page_size)
        _prove(ask, day, came, total, is_alone=len(days) == 1)
    ask.set_tenant(ask.client.origin().host)


def _prove(ask: Ask, day: date, came: int, total: int, *, is_alone: bool) -> None:
    """A day whose total came. The ledger compares a receipt's records with the total itself where
    the receipt is about that day alone.
    """
    said = f"Airflow counts {total} entries, {came} came."
    for stream in ask.spec.ledger_streams(ask.options):
        if came == total:
            expected = total if is_alone else None
            ask.prove(stream, "total_count", day, day + DAY, expected=expected, reason=said)
        else:
            ask.prove(stream, "not_provable", day, day + DAY, reason=said)


def _read(ask: Ask, day: date, page_size: int) -> tuple[int, int]:
    """Keeps every page of a day; returns how many different entries came, and Airflow's total.

    Both bounds of Airflow's filter are exclusive. The place of the next page is the number of
    different entries so far: an entry that came twice moves it back, not on.
    """
    params = {
        "after": instant(midnight(day) - timedelta(microseconds=1)),
        "before": instant(midnight(day + DAY)),
        "order_by": "event_log_id",
        "limit": str(page_size),
    }
    seen: set[bytes] = set()
    total, page = None, 1
    while True:
        response = ask.client.get(PATH, PATH, {**params, "offset": str(len(seen))})
        entries, said = _page(response)
        ask.keep_response(response, SHAPE.name, page=page)
        if total is not None and said != total:
            raise TransientSourceError(
                f"GET {PATH}: the total changed from {total} to {said} while it was read. "
                "Collect again."
            )
        before, total = len(seen), said
        seen |= {canonical(entry) for entry in entries}
        if len(seen) >= total or not entries:
            return len(seen), total
        if len(seen) == before:
            raise SourceError(
                f"GET {PATH}: page {page} repeats entries of earlier pages and brings no other; "
                f"{len(seen)} of {total} entries came."
            )
        page += 1


def _page(response: Response) -> tuple[list[Any], int]:
    data = response.object()
    entries, total = data.get(_LIST), data.get(_TOTAL)
    if not isinstance(entries, list) or not isinstance(total, int):
        raise SourceError(
            f"GET {PATH}: expected Airflow's entries (`{_LIST}` and `{_TOTAL}`), found other JSON. "
            "Does the connection name an Airflow 3 API server?"
        )
    return entries, total
