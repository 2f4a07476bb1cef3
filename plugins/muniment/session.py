"""One connection's HTTP session: one request at a time, on one origin, answered whole.

Whatever is sent is noted, waits are the collection's, and no secret leaves in anything that comes
back. What is asked, and in which order, is `transport`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import certifi
import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from muniment import parameters, retries
from muniment.collection import Request
from muniment.connections import Connection
from muniment.credentials import Secrets, Signature, Signer
from muniment.errors import SourceError, TransientSourceError
from muniment.origins import address, is_same_origin
from muniment.refusals import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, broken, refused
from muniment.responses import Response
from muniment.retries import Patience, TryAgainError
from muniment.tls import authorities, leaf_key_sha256

#: pages of all known sources stay far below; a body that does not end must not fill the memory
MAX_BODY_BYTES = 256 << 20
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Sending:
    """One request: `template` is the path without personal data, for receipt and messages."""

    method: str
    url: str
    template: str
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Method and template."""
        return f"{self.method} {self.template}"


class Session:
    """Sends to one connection. Every attempt is noted through `on_request`."""

    def __init__(
        self,
        connection: Connection,
        trusted_private_ca: str | None,
        on_request: Callable[[Request], None],
        patience: Patience,
    ) -> None:
        """`trusted_private_ca`: a PEM file, trusted beside the public authorities."""
        self.connection = connection
        self.patience = patience
        self.secrets = Secrets(connection.secrets, connection.doubtful)
        self.tls_key_sha256: str | None = None
        self._on_request = on_request
        self._resume_after: TryAgainError | None = None
        self._session = requests.Session()
        self._session.trust_env = not connection.is_loopback  # no proxy on this machine
        self._bundle = authorities(trusted_private_ca) if trusted_private_ca else None
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=0))

    def sign_with(self, signer: Signer, headers: Mapping[str, str]) -> None:
        """Lets `signer` finish every request from now on; `headers` go with each of them."""
        self._session.auth = Signature(signer)
        self._session.headers.update(headers)

    def send(self, sending: Sending, ok: tuple[int, ...]) -> Response:
        """One answer: a redirect, or a status in `ok`.

        Raises SourceError before anything is sent where the address leads away, else as
        `Client.get`.
        """
        if not is_same_origin(sending.url, self.connection.base_url):
            elsewhere = self.secrets.redact(address(sending.url))
            raise SourceError(
                f"{sending}: a link or redirect leads to {elsewhere}, away from "
                f"{self.connection.base_url}. It was not followed and the credential not sent."
            )
        return self.patience.retrying()(self._attempt, sending, ok)

    def _attempt(self, sending: Sending, ok: tuple[int, ...]) -> Response:
        where = f"{sending} at {self.connection.base_url}"
        self._await_reset()
        try:
            answer = self._session.request(
                sending.method, sending.url, data=sending.body, headers=dict(sending.headers),
                timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S), allow_redirects=False, stream=True,
                verify=self._bundle.name if self._bundle else certifi.where(),
            )  # fmt: skip
        except requests.RequestException as error:
            self._note(sending, sending.url, 0, None, 0)
            raise broken(where, error) from None
        with answer:
            response = self._read(answer, sending, where)
        if response.status < 400:  # this answer still counts; the next request waits
            self._resume_after = retries.used_up_limit(response.headers, where)
        if response.status in REDIRECTS or (response.status in ok and response.status < 400):
            return response
        message = self.secrets.redact(response.error_text)
        retries.check(response.status, response.headers, message, where)
        if response.status in ok:
            return response
        raise refused(where, response.status, message[: retries.MESSAGE_LENGTH])

    def _read(self, answer: requests.Response, sending: Sending, where: str) -> Response:
        self.tls_key_sha256 = self.tls_key_sha256 or leaf_key_sha256(answer)
        date = answer.headers.get("Date")
        body = self._body(answer, sending, where, date)
        if self.secrets.is_in(body):
            raise SourceError(
                f"{where}: the answer holds this connection's own credential. It was not kept; "
                "replace the credential and find out who wrote it there."
            )
        headers = CaseInsensitiveDict(
            {name: self.secrets.blank(value) for name, value in answer.headers.items()}
        )
        media_type = headers.get("Content-Type", "").partition(";")[0].strip()
        url = self.secrets.blank(str(answer.url))
        return Response(
            answer.status_code, headers, body, url, media_type, date, sending.template,
            sending.method,
        )  # fmt: skip

    def _body(
        self, answer: requests.Response, sending: Sending, where: str, date: str | None
    ) -> bytes:
        body = bytearray()
        try:
            for chunk in answer.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise SourceError(f"{where}: a body of more than {MAX_BODY_BYTES} bytes.")
        except requests.RequestException as error:
            raise broken(where, error) from None
        finally:
            self._note(sending, str(answer.url), answer.status_code, date, len(body))
        return bytes(body)

    def _await_reset(self) -> None:
        pending, self._resume_after = self._resume_after, None
        if pending is None or not pending.wait_s:
            return
        if not self.patience.allows(pending.wait_s):
            self._resume_after = pending
            raise TransientSourceError(str(pending))
        self.patience.pause(pending.wait_s)

    def _note(self, sending: Sending, url: str, status: int, date: str | None, size: int) -> None:
        kept = parameters.noted(url, self.secrets)
        self._on_request(Request(sending.method, sending.template, kept, status, date, size))
