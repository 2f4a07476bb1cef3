"""GitLab: the credential's header, the instance as it names itself, and what tokens can see."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from muniment.collecting import Ask
from muniment.errors import SourceError
from muniment.retries import DEFAULT_MAX_WAIT_S
from muniment.sources.spec import Options
from muniment.transport import Client

API = "/api/v4"
#: GitLab gives at most 100 items a page
PAGE = {"per_page": "100"}
#: how many items there are in all; absent above 10,000
TOTAL_HEADER = "X-Total"
#: for the reference pages; the figures are an instance's own setting
LIMITS = (
    "GitLab limits requests by the minute, as the instance is set. A collection waits for the "
    f"limit to reset, `max_wait_s` in all, by default {DEFAULT_MAX_WAIT_S} s.",
)


class GitLabOptions(Options):
    """groups: full paths of the groups that are asked for, with all below them.

    max_wait_s: how long one collection may wait in all for GitLab's limits to reset.
    """

    groups: list[str] = Field(min_length=1, examples=[["my-group"]])
    max_wait_s: int = Field(default=DEFAULT_MAX_WAIT_S, ge=0)


def connect(ask: Ask, options: GitLabOptions) -> Client:
    """The client, authorised (`PRIVATE-TOKEN`; Bearer where the connection's login is `oauth`)."""
    ask.client.patience.max_total_s = options.max_wait_s
    return _authorised(ask.client)


def name_tenant(ask: Ask, group: dict[str, Any]) -> None:
    """Puts the instance on record, by the host of a group's own address. Raises SourceError."""
    host = urlsplit(str(group.get("web_url"))).hostname
    if not host:
        raise SourceError(
            f"GET {API}/groups/{{id}}: the answer names no web_url; what answered is not GitLab."
        )
    ask.set_tenant(host)


def seen(client: Client) -> list[dict[str, Any]]:
    """The groups at the top that the token's account is a member of. Raises SourceError."""
    params = {**PAGE, "top_level_only": "true", "min_access_level": "5"}
    pages = _authorised(client).pages(f"{API}/groups", f"{API}/groups", params)
    paths = [str(group["full_path"]) for page in pages for group in page.array()]
    return [{"groups": sorted(paths)}] if paths else []


def _authorised(client: Client) -> Client:
    if client.connection.login == "oauth":
        client.authorise("Bearer")
    else:
        client.authorise_in("PRIVATE-TOKEN")
    return client
