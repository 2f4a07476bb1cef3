"""Credentials and addresses of sources, from Airflow connections and nowhere else.

An Airflow connection id `okta` is read from `AIRFLOW_CONN_OKTA` (URI or JSON, as Airflow reads it)
by the command line; inside Airflow the same fields come from any secrets backend. The token is the
password. The host may be a whole address (scheme, port and base path), so that self-hosted and
test servers work: `http://:TOKEN@http%3A%2F%2F127.0.0.1%3A8080%2Fokta`.

What else a source needs (a token address, a key) is in the connection's extra, as Airflow keeps it:
`?token_url=…&scope=…` or `?__extra__={…}` at the end of a URI, `"extra": {…}` in JSON.

An address goes into messages and receipts, so one that could hide a credential is refused, and no
message here repeats what was found.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from muniment.errors import UsageError

#: the address of a connection that names none: each of Amazon's services has its own
AMAZON = "https://amazonaws.com"
_HOSTLESS = ("aws", "s3")
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")
#: scheme, host (or an IPv6 address in brackets), port, base path; nothing that could be a user
_ADDRESS = re.compile(
    r"https?://(?:[^\s/?#@\\:%\[\]]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?(?:/[^\s/?#@\\:]+)*"
)
#: what a header can carry: visible ASCII
_TOKEN = re.compile(r"[!-~]*")
#: `type://` and, where the host has a scheme of its own, Airflow's second `scheme://` after it
_URI = re.compile(r"(?:(?P<type>[\w+.-]+):)?//(?:(?P<protocol>\w+)://)?(?P<rest>.*)", re.DOTALL)
_EXPECTED = (
    "Nothing was collected from it. Expected: a host, or http(s)://host:port/path, without user, "
    "query or fragment; the token as the password, percent-encoded where the connection is a URI, "
    "for example https://:TOKEN@example.okta.com. What else it needs is in its extra."
)
#: where Airflow puts an extra that is more than names and texts
_EXTRA_KEY = "__extra__"
#: names of an extra that hold no secret; every other value is shown nowhere. Google's key files
#: and the AWS provider's names are among them.
_OPEN_EXTRA = frozenset({
    "token_url", "token_uri", "scope", "scopes", "audience", "subject", "client_id",
    "client_email", "tenant", "tenant_id", "customer", "customer_id", "project_id", "type",
    "auth_uri", "auth_provider_x509_cert_url", "client_x509_cert_url", "universe_domain",
    "private_key_id", "aws_access_key_id", "region", "region_name", "endpoint_url", "role_arn",
    "service_config", "verify", "organisation", "organization",
})  # fmt: skip
#: of the others, names that say that their value is a secret
_SECRET_NAME = re.compile(r"key|secret|token|pass|credential|auth", re.IGNORECASE)


@dataclass(frozen=True)
class Connection:
    """Where a source answers and with what credential.

    `base_url` has no trailing slash; `secret` is never printed, logged or stored. Raises UsageError
    for a `base_url` that is more than scheme, host, port and path, and for a `secret` that no HTTP
    header can carry. `extra`: further settings by name; what is no text is JSON text.
    """

    connection_id: str
    base_url: str
    secret: str = field(repr=False)
    login: str = ""
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Every message and receipt may hold the address: no other kind of it can come about."""
        if not _ADDRESS.fullmatch(self.base_url) or not _has_a_port(self.base_url):
            raise _refused(self.connection_id, "the address is not usable")
        if not _TOKEN.fullmatch(self.secret):  # http.client would print it in a stack trace
            raise _refused(self.connection_id, "the token holds a space, line end or other letter")

    @property
    def host(self) -> str:
        """Host name without port."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The credential, and what the extra holds under the name of one (`private_key`, …)."""
        named = (value for name, value in self._closed_extra() if _SECRET_NAME.search(name))
        return (self.secret, *named)

    @property
    def doubtful(self) -> tuple[str, ...]:
        """What the extra holds under other names: hidden, but to find it proves no leak."""
        return tuple(value for name, value in self._closed_extra() if not _SECRET_NAME.search(name))

    def _closed_extra(self) -> Iterator[tuple[str, str]]:
        return ((name, value) for name, value in self.extra.items() if name not in _OPEN_EXTRA)

    @property
    def is_loopback(self) -> bool:
        """Whether the address is this machine."""
        return self.host in LOOPBACK_HOSTS


ConnectionLookup = Callable[[str], Connection]


@dataclass(frozen=True)
class Fields:
    """A connection as Airflow keeps it; every secrets backend gives these."""

    conn_type: str = ""
    host: str = ""
    schema: str = ""
    login: str = ""
    password: str = field(default="", repr=False)
    port: int | None = None
    extra: str = field(default="", repr=False)

    def connection(self, connection_id: str) -> Connection:
        """The connection that the fields name. Raises UsageError.

        The scheme is the host's own, else `schema` where that is http or https (Airflow's HTTP
        connections), else http for the type `http` and https for any other. Any other `schema` is
        a base path, since that is where Airflow puts a URI's path.
        """
        extra = _extra(connection_id, self.extra)
        if not self.host and self.conn_type.lower() in _HOSTLESS:
            return Connection(connection_id, AMAZON, self.password, self.login, extra)
        own_scheme, _, address = self.host.rpartition("://")
        is_scheme = self.schema in ("http", "https")
        usual = "http" if self.conn_type.lower() == "http" else "https"
        scheme = own_scheme.lower() or (self.schema if is_scheme else usual)
        host, _, path = address.partition("/")
        if not host:
            raise _refused(connection_id, "it names no host")
        authority = _bracketed(host.lower())
        if self.port and not authority.endswith(f":{self.port}"):
            authority = f"{authority}:{self.port}"  # a second port makes it no address: refused
        parts = [path.strip("/"), "" if is_scheme else self.schema.strip("/")]
        base_url = "/".join([f"{scheme}://{authority}", *filter(None, parts)])
        return Connection(connection_id, base_url, self.password, self.login, extra)


def from_environment(connection_id: str) -> Connection:
    """Reads `AIRFLOW_CONN_<ID>`. Raises UsageError where it is missing or cannot be read."""
    variable = f"AIRFLOW_CONN_{connection_id.upper()}"
    text = os.environ.get(variable)
    if not text:
        raise UsageError(
            f"Connection '{connection_id}' is not defined. Nothing was collected from it. "
            f"Set {variable} to an Airflow connection URI, for example "
            f"'https://:TOKEN@example.okta.com'."
        )
    return parse(connection_id, text)


def parse(connection_id: str, text: str) -> Connection:
    """Turns an Airflow connection, written as URI or JSON, into a Connection. Raises UsageError."""
    is_json = text.lstrip().startswith("{")
    try:
        fields = _json_fields(text) if is_json else _uri_fields(text)
    except ValueError:  # its text may hold what was found
        form = "JSON" if is_json else "URI"
        raise _refused(connection_id, f"it is not a readable connection {form}") from None
    return fields.connection(connection_id)


def _uri_fields(uri: str) -> Fields:
    """As Airflow's own `Connection.from_uri` cuts it. Raises ValueError."""
    found = _URI.fullmatch(uri.strip())
    if found is None:
        raise ValueError("no scheme")
    parts = urlsplit(f"//{found['rest']}")
    if parts.fragment:
        raise ValueError("a token that is not percent-encoded")
    authority = parts.netloc.rpartition("@")[2]
    host, _, port = authority.rpartition(":") if parts.port else (authority, "", "")
    protocol = f"{found['protocol']}://" if found["protocol"] and host else ""
    return Fields(
        conn_type=found["type"] or "",
        host=protocol + unquote(host.rstrip(":")),
        schema=unquote(parts.path[1:]),
        login=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        port=int(port) if port else None,
        extra=_query_extra(parts.query),
    )


def _query_extra(query: str) -> str:
    """A URI's query as Airflow's extra: JSON text; '' where there is none."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    return given.get(_EXTRA_KEY) or (json.dumps(given) if given else "")


def _json_fields(text: str) -> Fields:
    """Airflow's JSON form. Raises ValueError."""
    data = json.loads(text)
    texts = {
        name: str(data.get(name) or "")
        for name in ("conn_type", "host", "schema", "login", "password")
    }
    port, extra = data.get("port"), data.get("extra") or ""
    return Fields(
        **texts,
        port=int(str(port)) if port else None,
        extra=extra if isinstance(extra, str) else json.dumps(extra),
    )


def _extra(connection_id: str, text: str) -> dict[str, str]:
    """The extra by name, from Airflow's JSON text; nested values stay JSON. Raises UsageError."""
    try:
        data: Any = json.loads(text) if text.strip() else {}
    except ValueError:  # its text may hold what was found
        data = None
    if not isinstance(data, dict):
        raise _refused(connection_id, "its extra is not a JSON object")
    return {
        str(name): value if isinstance(value, str) else json.dumps(value)
        for name, value in data.items()
    }


def _bracketed(host: str) -> str:
    """An IPv6 address, which Airflow keeps bare, in the brackets that an address needs."""
    try:
        return f"[{IPv6Address(host.removeprefix('[').removesuffix(']'))}]"
    except ValueError:
        return host


def _has_a_port(base_url: str) -> bool:
    """Whether the port, if there is one, can be one."""
    try:
        return urlsplit(base_url).port != 0
    except ValueError:
        return False


def _refused(connection_id: str, why: str) -> UsageError:
    return UsageError(f"Connection '{connection_id}': {why}. {_EXPECTED}")
