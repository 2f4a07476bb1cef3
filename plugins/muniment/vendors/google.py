"""Google Workspace: access tokens in an administrator's name, and pages by token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from muniment import tokens
from muniment.collecting import Ask
from muniment.errors import MunimentError, SourceError
from muniment.retries import DEFAULT_MAX_WAIT_S
from muniment.sources.spec import Options
from muniment.transport import Client, Response

#: for the reference pages; Google's "Admin SDK: limits and quotas"
LIMITS = (
    "Google counts requests by the minute, for each project and user, and refuses more with 403 "
    "(`rateLimitExceeded`, `quotaExceeded`) or 429. A collection waits a minute and longer, "
    f"`max_wait_s` in all, by default {DEFAULT_MAX_WAIT_S} s.",
)
#: for the reference pages: how the connection is made
CREDENTIAL = (
    "Connection: host admin.googleapis.com; the extra is the service account's key file (JSON), "
    "and `subject`, the administrator in whose name is asked (domain-wide delegation of the scope "
    "above). Without an extra the password is a ready access token."
)


@dataclass(frozen=True)
class Listing:
    """One of Google's lists: the scope that it needs, its address, and how its pages are made.

    kind: what a page says that it is; items: the name of its list, which is left out when empty.
    """

    scope: str
    path: str
    kind: str
    items: str


_SCOPES = "https://www.googleapis.com/auth/"
USERS = Listing(
    _SCOPES + "admin.directory.user.readonly", "/admin/directory/v1/users",
    "admin#directory#users", "users",
)  # fmt: skip
#: the address ends in the name of an application
REPORTS = Listing(
    _SCOPES + "admin.reports.audit.readonly",
    "/admin/reports/v1/activity/users/all/applications/",
    "admin#reports#activities", "items",
)  # fmt: skip


class GoogleOptions(Options):
    """max_wait_s: how long one collection may wait in all for Google's quotas to refill."""

    max_wait_s: int = Field(default=DEFAULT_MAX_WAIT_S, ge=0)


def connect(ask: Ask, options: GoogleOptions, listing: Listing) -> Client:
    """The client, authorised for one listing. Raises SourceError or UsageError."""
    client = ask.client
    client.patience.max_total_s = options.max_wait_s
    tokens.authorise(client, listing.scope)
    return client


def seen(client: Client) -> list[dict[str, Any]]:
    """An organisation needs no options. Raises SourceError where what answers is none.

    A connection may have been given one of the two scopes alone.
    """
    try:
        _look(client, USERS, USERS.path, {"customer": "my_customer"})
    except MunimentError:
        _look(client, REPORTS, REPORTS.path + "login", {})
    return [{}]


def _look(client: Client, listing: Listing, path: str, params: dict[str, str]) -> None:
    tokens.authorise(client, listing.scope)
    listed(client.get(path, path, {**params, "maxResults": "1"}), listing)


def following(response: Response) -> str | None:
    """The next page's address."""
    token = response.object().get("nextPageToken")
    return response.url_with(pageToken=str(token)) if token else None


def listed(response: Response, listing: Listing) -> list[dict[str, Any]]:
    """The items of one page. Raises SourceError for a body of another kind."""
    page = response.object()
    items = page.get(listing.items, [])
    if page.get("kind") != listing.kind or not _are_objects(items):
        raise SourceError(
            f"GET {response.template}: expected a page of kind '{listing.kind}' with objects in "
            f"'{listing.items}'; found the keys {', '.join(sorted(page)) or 'none'}."
        )
    found: list[dict[str, Any]] = items
    return found


def _are_objects(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, dict) for item in items)
