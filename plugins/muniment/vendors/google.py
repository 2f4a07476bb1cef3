"""Google Workspace: access tokens in an administrator's name, and pages by token."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from muniment import tokens
from muniment.collecting import Ask
from muniment.errors import SourceError
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


class GoogleOptions(Options):
    """max_wait_s: how long one collection may wait in all for Google's quotas to refill."""

    max_wait_s: int = Field(default=DEFAULT_MAX_WAIT_S, ge=0)


def connect(ask: Ask, options: GoogleOptions, scope: str) -> Client:
    """The client, authorised for one scope. Raises SourceError or UsageError."""
    client = ask.client
    client.patience.max_total_s = options.max_wait_s
    tokens.authorise(client, scope)
    return client


def following(response: Response) -> str | None:
    """The next page's address."""
    token = response.object().get("nextPageToken")
    return response.url_with(pageToken=str(token)) if token else None


def listed(response: Response, kind: str, name: str) -> list[dict[str, Any]]:
    """The items of one page: Google leaves an empty list out, so `kind` must say what came.

    Raises SourceError for a body of another kind.
    """
    page = response.object()
    items = page.get(name, [])
    if page.get("kind") != kind or not _are_objects(items):
        raise SourceError(
            f"GET {response.template}: expected a page of kind '{kind}' with objects in '{name}'; "
            f"found the keys {', '.join(sorted(page)) or 'none'}."
        )
    found: list[dict[str, Any]] = items
    return found


def _are_objects(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, dict) for item in items)
