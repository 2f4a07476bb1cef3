"""HTTP for connectors: GET only, one origin only, whole bodies only.

Nothing that a source answers can lead a collector elsewhere: next links and redirects stay on the
connection's scheme, host and port, and the credential is never sent anywhere else (design rule
13). Paths are free within that origin: GitHub's next links leave `/repos/…` for `/repositories/…`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import certifi
import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from muniment import retries
from muniment.collection import Origin, Request
from muniment.connections import Connection
from muniment.credentials import Credential
from muniment.errors import SourceError, TransientSourceError
from muniment.origins import address, is_same_origin
from muniment.responses import Response
from muniment.retries import Patience, TryAgainError
from muniment.tls import authorities, leaf_key_sha256

__all__ = ["Client", "Response"]

CONNECT_TIMEOUT_S = 10
#: longest silence while an answer is read
READ_TIMEOUT_S = 60
#: pages of all known sources stay far below; a body that does not end must not fill the memory
MAX_BODY_BYTES = 256 << 20
MAX_REDIRECTS = 3
_CHUNK_BYTES = 1 << 20
_CURSORS = frozenset({"after", "before"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HINTS = {
    401: "The credential is not accepted: put a valid one into the connection.",
    403: "The credential lacks a permission that this kind needs (`muniment sources` lists them).",
    404: "It does not exist, or the credential may not see it.",
}


class Client:
    """One connection's HTTP session. Every attempt is noted through `on_request`."""

    def __init__(
        self,
        connection: Connection,
        trusted_private_ca: str | None,
        on_request: Callable[[Request], None],
        patience: Patience | None = None,
    ) -> None:
        """`trusted_private_ca`: a PEM file, trusted beside the public authorities.

        `patience`: how long to wait in all; tests pass their own sleep.
        """
        self.connection = connection
        self.patience = patience or Patience()
        self._on_request = on_request
        self._trusted_private_ca = trusted_private_ca
        self._tls_key_sha256: str | None = None
        self._resume_after: TryAgainError | None = None
        self._session = requests.Session()
        self._session.trust_env = not connection.is_loopback  # no proxy on this machine
        self._bundle = authorities(trusted_private_ca) if trusted_private_ca else None
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=0))
        self.authorise("Bearer")

    def authorise(self, scheme: str, headers: Mapping[str, str] | None = None) -> None:
        """Sets how the credential is presented (`Bearer`, `SSWS`) and the vendor's headers."""
        self._credential = Credential(scheme, self.connection.secret)
        self._session.auth = self._credential
        self._session.headers.update({"Accept": "application/json", **(headers or {})})

    def origin(self) -> Origin:
        """Who answers. The key's hash is known once something was answered over TLS.

        An authority that is neither public nor named in the configuration ends every request
        before the credential is sent, so that over HTTPS whatever was answered is verified.
        """
        parts = urlsplit(self.connection.base_url)
        is_ca_verified = self._tls_key_sha256 is not None
        is_named = self._trusted_private_ca is not None
        return Origin(
            scheme=parts.scheme,
            host=parts.netloc.rpartition("@")[2],
            tls_key_sha256=self._tls_key_sha256,
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
        url = path_or_url if "://" in path_or_url else self.connection.base_url + path_or_url
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params)
        for _ in range(MAX_REDIRECTS + 1):
            self._check_origin(url, template)
            response = self.patience.retrying()(self._attempt, url, template, ok)
            if response.status not in _REDIRECTS:
                return response
            url = urljoin(url, response.headers.get("Location", ""))
        raise SourceError(f"GET {template}: more than {MAX_REDIRECTS} redirects.")

    def pages(
        self,
        path: str,
        template: str,
        params: Mapping[str, str] | None = None,
        ok: tuple[int, ...] = (200,),
    ) -> Iterator[Response]:
        """Every page from `path` on, following next links; `ok` is for the first page alone.

        Raises SourceError on a cycle.
        """
        response = self.get(path, template, params, ok)
        seen = {response.url}
        while True:
            yield response
            url = response.next_url
            if url is None:
                return
            if url in seen:
                raise SourceError(
                    f"GET {template}: the next link of page {len(seen)} repeats an earlier one; "
                    "the pages cannot be shown to be complete."
                )
            seen.add(url)
            response = self.get(url, template)

    def _check_origin(self, url: str, template: str) -> None:
        if not is_same_origin(url, self.connection.base_url):
            elsewhere = self._credential.redact(address(url))
            raise SourceError(
                f"GET {template}: a link or redirect leads to {elsewhere}, away from "
                f"{self.connection.base_url}. It was not followed and the credential not sent."
            )

    def _attempt(self, url: str, template: str, ok: tuple[int, ...]) -> Response:
        where = f"GET {template} at {self.connection.base_url}"
        self._await_reset()
        try:
            answer = self._session.get(
                url, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S), allow_redirects=False,
                stream=True, verify=self._bundle.name if self._bundle else certifi.where(),
            )  # fmt: skip
        except requests.RequestException as error:
            self._note(url, template, 0, None, 0)
            raise self._network_error(where, error) from None
        with answer:
            response = self._read(answer, template, where)
        if response.status < 400:  # this answer still counts; the next request waits
            self._resume_after = retries.used_up_limit(response.headers, where)
        if response.status in _REDIRECTS or (response.status in ok and response.status < 400):
            return response
        message = self._credential.redact(response.error_text)[:80]
        retries.check(response.status, response.headers, message, where)
        if response.status in ok:
            return response
        hint = _HINTS.get(response.status, "")
        raise SourceError(f"{where}: HTTP {response.status}{message and f' ({message})'}. {hint}")

    def _read(self, answer: requests.Response, template: str, where: str) -> Response:
        self._tls_key_sha256 = self._tls_key_sha256 or leaf_key_sha256(answer)
        date = answer.headers.get("Date")
        body = self._body(answer, template, where, date)
        if self._credential.is_in(body):
            raise SourceError(
                f"{where}: the answer holds this connection's own credential. It was not kept; "
                "replace the credential and find out who wrote it there."
            )
        headers = CaseInsensitiveDict(
            {name: self._credential.redact(value) for name, value in answer.headers.items()}
        )
        media_type = headers.get("Content-Type", "").partition(";")[0].strip()
        url = self._credential.redact(str(answer.url))
        return Response(answer.status_code, headers, body, url, media_type, date, template)

    def _body(
        self, answer: requests.Response, template: str, where: str, date: str | None
    ) -> bytes:
        body = bytearray()
        try:
            for chunk in answer.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise SourceError(f"{where}: a body of more than {MAX_BODY_BYTES} bytes.")
        except requests.RequestException as error:
            raise self._network_error(where, error) from None
        finally:
            self._note(str(answer.url), template, answer.status_code, date, len(body))
        return bytes(body)

    def _await_reset(self) -> None:
        pending, self._resume_after = self._resume_after, None
        if pending is None or not pending.wait_s:
            return
        if not self.patience.allows(pending.wait_s):
            self._resume_after = pending
            raise TransientSourceError(str(pending))
        self.patience.pause(pending.wait_s)

    def _note(self, url: str, template: str, status: int, date: str | None, size: int) -> None:
        """Into the receipt: paging cursors are left out, since Okta's are ids of users."""
        parameters = {
            name: "(cursor)" if name in _CURSORS else self._credential.redact(value)
            for name, value in parse_qsl(urlsplit(url).query)
        }
        self._on_request(Request("GET", template, parameters, status, date, size))

    def _network_error(self, where: str, error: requests.RequestException) -> SourceError:
        if isinstance(error, requests.exceptions.SSLError):
            return SourceError(
                f"{where}: the TLS certificate does not lead to a known authority, so nothing was "
                "sent. Name a private authority's PEM file as `trusted_private_ca`."
            )
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
            return SourceError(f"{where}: the connection's address is not usable.")
        return TryAgainError(f"{where}: {_what_broke(error)}.")


def _what_broke(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return f"no answer within {READ_TIMEOUT_S} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke before the whole body had come"
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return "the compressed body does not unpack"
    return "no connection, or it broke before an answer came"
