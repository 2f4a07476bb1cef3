"""OAuth 2 access tokens: got with what the connection holds, from the address that it names.

A connection without `token_url` in its extra holds a ready access token as its password. Otherwise
the extra says how one is got:

- client credentials (RFC 6749, 4.4): `client_id` (or the login) and `client_secret` (or the
  password); `scope` where the kind's own is not wanted.
- a signed assertion (RFC 7523; Google service accounts): `private_key` (PEM) and `client_email`,
  and `subject` for the user in whose name is asked. A Google key file is such an extra as it
  stands: its `token_uri` counts as `token_url`.

No answer of a source ever says where a token comes from, and no token, key or secret reaches the
locker, a receipt, a log or a message.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import requests

from muniment.connections import Connection
from muniment.credentials import MIN_LENGTH
from muniment.errors import SourceError, UsageError
from muniment.transport import Client

TEMPLATE = "(token address)"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: Google's limit for an assertion, and what it gives tokens
LIFETIME_S = 3600
#: a token is got again so long before it ends, so that none ends on its way
_MARGIN_S = 120
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def authorise(client: Client, scope: str, headers: Mapping[str, str] | None = None) -> None:
    """Presents an access token for `scope` with every request of this client, got anew in time.

    `headers`: the vendor's own. Raises UsageError where the connection lacks what its token
    address needs, SourceError or TransientSourceError where that address gives none.
    """
    if _token_url(client.connection) is None:
        client.authorise("Bearer", headers)
        return
    bearer = _Bearer(client, scope)
    bearer.freshen()
    client.sign_with(bearer, headers)


def access_token(client: Client, scope: str) -> tuple[str, float]:
    """An access token and how many seconds it lasts. Hidden from then on. Raises as `authorise`."""
    connection = client.connection
    url = _token_url(connection)
    if url is None:
        return connection.secret, LIFETIME_S
    form = _form(connection, url, connection.extra.get("scope") or scope)
    parts = urlsplit(url)
    door = client.beside(f"{parts.scheme}://{parts.netloc}", TEMPLATE)
    if door.connection.base_url.startswith("http://") and not door.connection.is_loopback:
        raise UsageError(
            f"Connection '{connection.connection_id}': found the token_url at {parts.netloc}, "
            "expected https: a key is not shown to whoever listens. Nothing was collected from it."
        )
    door.hide(form.get("assertion", ""))
    response = door.post(parts.path, TEMPLATE, urlencode(form).encode(), headers=_FORM)
    answer = response.object()
    token, lasts = answer.get("access_token"), answer.get("expires_in", LIFETIME_S)
    if not isinstance(token, str) or len(token) < MIN_LENGTH or not token.isascii():
        raise SourceError(
            f"POST {TEMPLATE} at {parts.netloc}: the answer holds no usable access_token. Check "
            f"token_url in the extra of connection '{connection.connection_id}'."
        )
    client.hide(token)
    return token, float(lasts) if str(lasts).isdigit() else LIFETIME_S


class _Bearer:
    """Signs requests with a token that is got again before it ends."""

    def __init__(self, client: Client, scope: str) -> None:
        self._client, self._scope = client, scope
        self._token, self._ends = "", 0.0

    def freshen(self) -> None:
        """Gets a token if there is none that lasts."""
        now = time.monotonic()
        if now + _MARGIN_S >= self._ends:
            self._token, lasts = access_token(self._client, self._scope)
            self._ends = now + max(lasts, 2 * _MARGIN_S)

    def __call__(self, request: requests.PreparedRequest) -> None:
        self.freshen()
        request.headers["Authorization"] = f"Bearer {self._token}"


def _token_url(connection: Connection) -> str | None:
    return connection.extra.get("token_url") or connection.extra.get("token_uri")


def _form(connection: Connection, url: str, scope: str) -> dict[str, str]:
    """What is posted to the token address. Raises UsageError."""
    extra = connection.extra
    if "private_key" in extra:
        return {"grant_type": JWT_BEARER, "assertion": _assertion(connection, url, scope)}
    client_id = extra.get("client_id") or connection.login
    client_secret = extra.get("client_secret") or connection.secret
    if not client_id or not client_secret:
        raise _incomplete(connection, "client_id and client_secret, or private_key")
    return {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "scope": scope,
    }


def _assertion(connection: Connection, url: str, scope: str) -> str:
    """A JWT signed with the connection's key (RS256). Raises UsageError."""
    from authlib.oauth2.rfc7523 import JWTBearerGrant  # heavy: not for every kind
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    extra = connection.extra
    issuer = extra.get("client_email") or extra.get("client_id")
    if not issuer:
        raise _incomplete(connection, "client_email")
    try:
        key = RSAKey.import_key(extra["private_key"].replace("\\n", "\n"))
        return str(
            JWTBearerGrant.sign(
                key, issuer, url, subject=extra.get("subject"), claims={"scope": scope},
                header={"alg": "RS256"}, expires_in=LIFETIME_S,
            )
        )  # fmt: skip
    except (JoseError, ValueError, TypeError):  # its text may hold what was found
        raise UsageError(
            f"Connection '{connection.connection_id}': the private_key in its extra is no "
            "readable RSA key in PEM. Nothing was collected from it."
        ) from None


def _incomplete(connection: Connection, names: str) -> UsageError:
    return UsageError(
        f"Connection '{connection.connection_id}': its extra has a token_url but not {names}. "
        "Nothing was collected from it."
    )
