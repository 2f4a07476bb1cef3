"""Microsoft Graph and Azure Resource Manager: pages by their next links, and logs read by window.

Both answer `{"value": [...]}` with the next page's address beside it, write times to 100 ns, and
filter by time with `ge` and `le` (Graph documents no `lt` for its logs): so the last tick of the
window's last day is its end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from pydantic import Field

from muniment import settling, tokens
from muniment.collecting import Ask
from muniment.errors import SourceError
from muniment.retries import DEFAULT_MAX_WAIT_S
from muniment.settling import Found
from muniment.sources.spec import Options, Shape
from muniment.transport import Client, Response

Json = dict[str, Any]
ITEMS = ("/value/*",)
GRAPH_NEXT, ARM_NEXT = "@odata.nextLink", "nextLink"
ORGANISATION = Shape("organisation", "document", "organisation")
ORGANISATION_PATH, ORGANISATION_ASKED = "/v1.0/organization", {"$select": "id,verifiedDomains"}
SUBSCRIPTIONS, SUBSCRIPTION_API_VERSION = "/subscriptions", "2022-12-01"
DAY = timedelta(days=1)

#: for the reference pages; Graph's "throttling limits" give 5 requests in 10 s for its logs
LIMITS = (
    "Microsoft answers HTTP 429 with `Retry-After` when it is asked too often. A collection waits "
    f"as long as it says, `max_wait_s` in all, by default {DEFAULT_MAX_WAIT_S} s.",
)


class MicrosoftOptions(Options):
    """max_wait_s: how long one collection may wait in all for Microsoft's limits."""

    max_wait_s: int = Field(default=DEFAULT_MAX_WAIT_S, ge=0)


class LogOptions(MicrosoftOptions):
    """settling_h: age at which a day's events count as delivered (project default: one day; the
    documented delays are minutes, now and then hours).
    """

    settling_h: int = Field(default=24, ge=0)


@dataclass(frozen=True)
class Log:
    """How one log is asked for: its address, the name of its time in filters, and its shape."""

    template: str
    time_name: str
    shape: Shape
    next_name: str = GRAPH_NEXT


def page_shape(name: str, stream: str, **more: Any) -> Shape:
    """A page of a list: its elements are the records, what remains is one of stream `page`.

    `items` has seen that there is a list before a page counts for anything.
    """
    return Shape(name, "document", stream, ITEMS, rest="page", **more)


def authorise(ask: Ask, options: MicrosoftOptions, headers: dict[str, str] | None = None) -> Client:
    """The client with its access token: the connection's own, or one got for its secret."""
    client = ask.client
    client.patience.max_total_s = options.max_wait_s
    _sign_in(client, headers)
    return client


def _sign_in(client: Client, headers: dict[str, str] | None = None) -> None:
    """A token is asked for everything that the application was granted at this address."""
    address = urlsplit(client.connection.base_url)
    tokens.authorise(client, f"{address.scheme}://{address.netloc}/.default", headers)


def connect_graph(
    ask: Ask, options: MicrosoftOptions, headers: dict[str, str] | None = None
) -> Client:
    """The client of Microsoft Graph, authorised, with the tenant on record. Raises SourceError."""
    client = authorise(ask, options, headers)
    response = client.get(ORGANISATION_PATH, ORGANISATION_PATH, ORGANISATION_ASKED)
    ask.keep_response(response, ORGANISATION.name)
    ask.set_tenant(_tenant(response))
    return client


def seen_by_graph(client: Client) -> list[Json]:
    """A tenant needs no options. Raises SourceError where what answers is none."""
    _sign_in(client)
    _tenant(client.get(ORGANISATION_PATH, ORGANISATION_PATH, ORGANISATION_ASKED))
    return [{}]


def seen_by_azure(client: Client) -> list[Json]:
    """The subscriptions that the credential may see. Raises SourceError where nothing knows any."""
    _sign_in(client)
    params = {"api-version": SUBSCRIPTION_API_VERSION}
    pages = client.pages(SUBSCRIPTIONS, SUBSCRIPTIONS, params, follow=follow(ARM_NEXT))
    found = [str(item.get("subscriptionId")) for page in pages for item in items(page)]
    return [{"subscriptions": found}] if found else []


def _tenant(response: Response) -> str:
    found = items(response)
    tenant = found[0].get("id") if found else None
    if not tenant:
        raise SourceError(
            f"GET {ORGANISATION_PATH}: the answer names no tenant. The credential needs "
            "Organization.Read.All or Directory.Read.All."
        )
    return str(tenant)


def items(response: Response) -> list[Json]:
    """The objects of one page. Raises SourceError where the page holds no list of them."""
    found = response.object().get("value")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise SourceError(f"GET {response.template}: expected a list under `value`, found none.")
    return found


def follow(next_name: str) -> Callable[[Response], str | None]:
    """How the next page is found: the address under `next_name`; an empty one is the end."""

    def next_page(response: Response) -> str | None:
        link = response.object().get(next_name)
        return urljoin(response.url, str(link)) if link else None

    return next_page


def listing(
    ask: Ask, client: Client, path: str, template: str, shape: str,
    params: dict[str, str] | None = None, context: dict[str, str] | None = None,
    ok: tuple[int, ...] = (200,),
) -> Iterator[Response]:  # fmt: skip
    """Every page of one of Graph's lists, kept; one with another status in `ok` is not."""
    pages = client.pages(path, template, params, ok=ok, follow=follow(GRAPH_NEXT))
    for page, response in enumerate(pages, start=1):
        if response.status == 200:
            ask.keep_response(response, shape, page=page, context=context)
        yield response


def read_log(
    ask: Ask, client: Client, log: Log, path: str, params: dict[str, str], found: Found,
    narrowed: str = "",
) -> None:  # fmt: skip
    """Keeps every page of the window and notes its events in `found`.

    `narrowed`: what the filter asks for beside the time, as OData. Raises SourceError.
    """
    asked = {"$filter": _within(log, ask.window.first_day, ask.window.end_day, narrowed), **params}
    pages = client.pages(path, log.template, asked, follow=follow(log.next_name))
    for page, response in enumerate(pages, start=1):
        ask.keep_response(response, log.shape.name, page=page)
        found.note_all(_named(items(response), log.shape))


def prove(ask: Ask, log: Log, found: Found, settling_h: int, retention_days: int) -> None:
    """States what one bounded read of a log proves (see `settling`)."""

    def read(body: bytes) -> Iterator[tuple[str, str]]:
        return _named(json.loads(body)["value"], log.shape)

    settling.prove(
        ask, found, shape=log.shape.name, read=read, settling_h=settling_h,
        retention_days=retention_days,
    )  # fmt: skip


def _named(events: list[Json], shape: Shape) -> Iterator[tuple[str, str]]:
    """Id and time of each, where the shape says that they stand."""
    assert shape.event_time is not None  # logs have one
    names = [name.lstrip("/") for name in shape.native_id]
    for event in events:
        native_id = "|".join(str(event.get(name)) for name in names)
        yield native_id, str(event.get(shape.event_time.lstrip("/")))


def _within(log: Log, first_day: date, end_day: date, narrowed: str) -> str:
    quote = "'" if log.next_name == ARM_NEXT else ""
    first = f"{quote}{first_day}T00:00:00Z{quote}"
    last = f"{quote}{end_day - DAY}T23:59:59.9999999Z{quote}"
    more = f" and {narrowed}" if narrowed else ""
    return f"{log.time_name} ge {first} and {log.time_name} le {last}{more}"
