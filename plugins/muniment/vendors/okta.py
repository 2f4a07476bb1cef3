"""Okta: the credential's scheme, and the tenant as Okta itself names it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from muniment.collecting import Ask
from muniment.errors import SourceError
from muniment.retries import DEFAULT_MAX_WAIT_S
from muniment.sources.spec import Options, Shape
from muniment.transport import Client, Response

#: `/.well-known/okta-organization`: id, pipeline and domains of the tenant
ORGANISATION = Shape("organisation", "document", "organisation", native_id=("/id",))

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
    client = ask.client
    client.patience.max_total_s = options.max_wait_s
    response = _organisation(client)
    ask.keep_response(response, ORGANISATION.name)
    ask.set_tenant(_tenant(response.object()))
    return client


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
