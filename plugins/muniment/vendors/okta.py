"""Okta: the credential, the tenant as Okta itself names it, and what several kinds list."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import Field

from muniment.collecting import Ask
from muniment.errors import SourceError
from muniment.retries import DEFAULT_MAX_WAIT_S
from muniment.snapshots import Reading
from muniment.sources.spec import Options, Shape
from muniment.transport import Client, Response

#: `/.well-known/okta-organization`: id, pipeline and domains of the tenant
ORGANISATION = Shape("organisation", "document", "organisation", native_id=("/id",))
GROUPS, APPS = "/api/v1/groups", "/api/v1/apps"
GROUP = Shape("group", "document", "group", native_id=("/id",))
GROUP_LIST = Shape("groups", "array", "group", native_id=("/id",))
GROUP_MEMBERS = Shape("group_members", "array", "group_member", native_id=("/id",))
APPLICATIONS = Shape("applications", "array", "application", native_id=("/id",))
#: Okta asks for at most 200 a page of users and applications
PAGE = {"limit": "200"}
#: a list that is gone since, or not for this credential: kept as unread
_REFUSALS = (403, 404)

#: for the reference pages; Okta's "Rate limits": each kind of address has its own, by the minute
LIMITS = (
    "Okta limits requests by the minute. A collection waits for the limit to reset, `max_wait_s` "
    f"in all, by default {DEFAULT_MAX_WAIT_S} s.",
)


class OktaOptions(Options):
    """max_wait_s: how long one collection may wait in all for Okta's limits to reset."""

    max_wait_s: int = Field(default=DEFAULT_MAX_WAIT_S, ge=0)


def connect(ask: Ask, options: OktaOptions) -> Client:
    """The client, authorised, with the tenant on record. Raises SourceError.

    A connection whose login is `oauth` holds an access token (Bearer); else an API token (SSWS).
    """
    return enter(ask, options)[0]


def enter(ask: Ask, options: OktaOptions) -> tuple[Client, dict[str, object]]:
    """As `connect`, with what the tenant says of itself. Raises SourceError."""
    client = ask.client
    client.patience.max_total_s = options.max_wait_s
    response = _organisation(client)
    ask.keep_response(response, ORGANISATION.name)
    organisation: dict[str, object] = response.object()
    ask.set_tenant(_tenant(organisation))
    return client, organisation


def seen(client: Client) -> list[dict[str, Any]]:
    """A tenant needs no options. Raises SourceError where what answers is none."""
    _tenant(_organisation(client).object())
    return [{}]


def _organisation(client: Client) -> Response:
    client.authorise("Bearer" if client.connection.login == "oauth" else "SSWS")
    path = "/.well-known/okta-organization"
    return client.get(path, path)


def _tenant(organisation: dict[str, object]) -> str:
    """The host of the tenant's own Okta domain: custom domains come and go, this one stays."""
    links = organisation.get("_links")
    link = links.get("organization") if isinstance(links, dict) else None
    href = link.get("href") if isinstance(link, dict) else None
    name = urlsplit(str(href)).hostname if href else organisation.get("id")
    if not name:
        raise SourceError(
            "GET /.well-known/okta-organization: the answer names neither a domain nor an id; "
            "what answered is not an Okta tenant."
        )
    return str(name)


def list_applications(reading: Reading) -> list[dict[str, Any]]:
    """Every application, active or not; none where Okta refuses the list. Raises SourceError."""
    found = reading.listing(APPS, APPS, APPLICATIONS.name, params=PAGE, refusals=_REFUSALS)
    return found or []


def list_members(reading: Reading, group_id: str) -> None:
    """The accounts in one group, kept with the group's id. Raises SourceError."""
    reading.listing(
        f"{GROUPS}/{quote(group_id, safe='')}/users", GROUPS + "/{groupId}/users",
        GROUP_MEMBERS.name, params=PAGE, context={"group_id": group_id}, refusals=_REFUSALS,
    )  # fmt: skip


def is_everyone(group: dict[str, Any]) -> bool:
    """Whether it is the built-in group that holds every account of the tenant."""
    profile = group.get("profile")
    name = profile.get("name") if isinstance(profile, dict) else None
    return group.get("type") == "BUILT_IN" and name == "Everyone"
