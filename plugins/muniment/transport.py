"""HTTP for connectors: reading only, one origin only, whole bodies only.

Nothing that a source answers can lead a collector elsewhere: next links and redirects stay on the
connection's scheme, host and port, and the credential is never sent anywhere else (design rule
13). Paths are free within that origin: GitHub's next links leave `/repos/…` for `/repositories/…`.
A POST is sent only where the kind lists its template as one that reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from muniment.collection import Origin, Request
from muniment.connections import Connection
from muniment.credentials import Signer, in_header
from muniment.errors import SourceError
from muniment.responses import Response, link_header
from muniment.retries import Patience
from muniment.session import REDIRECTS, Sending, Session

__all__ = ["Client", "Response"]

MAX_REDIRECTS = 3


class Client:
    """One connection's HTTP session. Every attempt is noted through `on_request`."""

    def __init__(
        self,
        connection: Connection,
        trusted_private_ca: str | None,
        on_request: Callable[[Request], None],
        patience: Patience | None = None,
        read_only_posts: Collection[str] = (),
    ) -> None:
        """`trusted_private_ca`: a PEM file, trusted beside the public authorities.

        `patience`: how long to wait in all; tests pass their own sleep. `read_only_posts`: the
        templates that may be posted to.
        """
        self.connection = connection
        self.patience = patience or Patience()
        self._on_request = on_request
        self._read_only_posts = frozenset(read_only_posts)
        self._trusted_private_ca = trusted_private_ca
        self._session = Session(connection, trusted_private_ca, on_request, self.patience)
        self.authorise("Bearer")

    def authorise(self, scheme: str, headers: Mapping[str, str] | None = None) -> None:
        """Sets how the credential is presented (`Bearer`, `SSWS`) and the vendor's headers."""
        self.sign_with(in_header("Authorization", scheme, self.connection.secret), headers)

    def authorise_in(self, header: str, headers: Mapping[str, str] | None = None) -> None:
        """Puts the bare credential into a header of its own (`PRIVATE-TOKEN`)."""
        self.sign_with(in_header(header, "", self.connection.secret), headers)

    def sign_with(self, signer: Signer, headers: Mapping[str, str] | None = None) -> None:
        """Lets `signer` add what proves who asks, last of all. What it makes must be `hide`n."""
        self._session.sign_with(signer, {"Accept": "application/json", **(headers or {})})

    def hide(self, *secrets: str) -> None:
        """Texts that from now on reach no receipt, locker or message, beside the connection's."""
        self._session.secrets.add(*secrets)

    def beside(self, base_url: str, *read_only_posts: str) -> Client:
        """A client without credential for another address that the connection itself names.

        Same patience, authorities and receipt; what the connection holds is hidden there too.
        """
        named = self.connection
        connection = Connection(named.connection_id, base_url, "", extra=named.extra)
        other = Client(
            connection, self._trusted_private_ca, self._on_request, self.patience, read_only_posts
        )
        other.hide(named.secret)
        return other

    def origin(self) -> Origin:
        """Who answers. The key's hash is known once something was answered over TLS.

        An authority that is neither public nor named in the configuration ends every request
        before the credential is sent, so that over HTTPS whatever was answered is verified.
        """
        parts = urlsplit(self.connection.base_url)
        is_ca_verified = self._session.tls_key_sha256 is not None
        is_named = self._trusted_private_ca is not None
        return Origin(
            scheme=parts.scheme,
            host=parts.netloc.rpartition("@")[2],
            tls_key_sha256=self._session.tls_key_sha256,
            is_ca_verified=is_ca_verified,
            tenant=None,
            credential_id=self.connection.connection_id,
            granted_scopes=(),
            is_verified=is_ca_verified and (is_named or not self.connection.is_loopback),
        )

    def relative(self, url: str) -> str:
        """`url` without the connection's own address, so that it survives the server's move."""
        base = self.connection.base_url
        return url.removeprefix(base) if url.startswith(f"{base}/") else url

    def get(
        self,
        path_or_url: str,
        template: str,
        params: Mapping[str, str] | None = None,
        ok: tuple[int, ...] = (200,),
    ) -> Response:
        """One answer with a status in `ok`.

        `path_or_url`: a path under the connection's base URL, or a link that the source gave;
        `template`: the path without personal data, for receipt and messages.
        Raises SourceError (permanent) or TransientSourceError (patience and attempts used up).
        """
        url = self._url(path_or_url)
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params)
        sending = Sending("GET", url, template)
        for _ in range(MAX_REDIRECTS + 1):
            response = self._session.send(sending, ok)
            if response.status not in REDIRECTS:
                return response
            target = urljoin(sending.url, response.headers.get("Location", ""))
            sending = replace(sending, url=target)
        raise SourceError(f"{sending}: more than {MAX_REDIRECTS} redirects.")

    def post(
        self,
        path: str,
        template: str,
        body: Mapping[str, Any] | bytes,
        ok: tuple[int, ...] = (200,),
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """One answer to a POST that only reads; `body` is sent as JSON, or bytes as they are.

        `template` must be one of the kind's `read_only_posts`; ValueError is a bug of the kind.
        The body reaches no receipt. Redirects are not followed. Raises as `get`.
        """
        if template not in self._read_only_posts:
            raise ValueError(f"POST {template} is not among the kind's read_only_posts")
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"Content-Type": "application/json", **(headers or {})}
        sending = Sending("POST", self._url(path), template, raw, named)
        response = self._session.send(sending, ok)
        if response.status in REDIRECTS:
            raise SourceError(f"{sending}: answered with a redirect, which no POST follows.")
        return response

    def pages(
        self,
        path: str,
        template: str,
        params: Mapping[str, str] | None = None,
        ok: tuple[int, ...] = (200,),
        follow: Callable[[Response], str | None] = link_header,
    ) -> Iterator[Response]:
        """Every page from `path` on; `ok` is for the first page alone.

        `follow`: the next page's address (absolute, or relative to the page's own), None at the
        end; by default the Link header's. Raises SourceError on a cycle.
        """
        response = self.get(path, template, params, ok)
        seen = {response.url}
        while True:
            yield response
            following = follow(response) if response.status < 400 else None
            if following is None:
                return
            url = urljoin(response.url, following)
            if url in seen:
                raise SourceError(
                    f"GET {template}: the next link of page {len(seen)} repeats an earlier one; "
                    "the pages cannot be shown to be complete."
                )
            seen.add(url)
            response = self.get(url, template)

    def _url(self, path_or_url: str) -> str:
        return path_or_url if "://" in path_or_url else self.connection.base_url + path_or_url
