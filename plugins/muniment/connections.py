"""Credentials and addresses of sources, from Airflow connection URIs and nowhere else.

An Airflow connection id `okta` is read from `AIRFLOW_CONN_OKTA` by the command line; inside
Airflow the same URI comes from any secrets backend. The token is the password. The host may be a
whole address (scheme, port and base path, percent-encoded, as Airflow itself writes it), so that
self-hosted and test servers work: `http://:TOKEN@http%3A%2F%2F127.0.0.1%3A8080%2Fokta`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from muniment.errors import UsageError

LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Connection:
    """Where a source answers and with what credential.

    `base_url` has no trailing slash; `secret` is never printed, logged or stored.
    """

    connection_id: str
    base_url: str
    secret: str = field(repr=False)
    login: str = ""
    extra: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def host(self) -> str:
        """Host name without port."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_loopback(self) -> bool:
        """Whether the address is this machine."""
        return self.host in LOOPBACK_HOSTS


ConnectionLookup = Callable[[str], Connection]


def from_environment(connection_id: str) -> Connection:
    """Reads `AIRFLOW_CONN_<ID>`. Raises UsageError where it is missing or cannot be read."""
    variable = f"AIRFLOW_CONN_{connection_id.upper()}"
    uri = os.environ.get(variable)
    if not uri:
        raise UsageError(
            f"Connection '{connection_id}' is not defined. Nothing was collected from it. "
            f"Set {variable} to an Airflow connection URI, for example "
            f"'https://:TOKEN@example.okta.com'."
        )
    return parse_uri(connection_id, uri)


def parse_uri(connection_id: str, uri: str) -> Connection:
    """Turns an Airflow connection (URI or JSON) into a Connection. Raises UsageError."""
    if uri.lstrip().startswith("{"):
        return _from_json(connection_id, uri)
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"Connection '{connection_id}': not a URI ({error}).") from error
    authority = parts.netloc.rpartition("@")[2]
    host = unquote(parts.hostname or "")
    if "%" in authority:  # an encoded whole address; urlsplit would lower-case and split it
        host, port = unquote(authority), None
    extra = dict(parse_qsl(parts.query))
    path = "" if parts.path in ("", "/") else unquote(parts.path)
    scheme = parts.scheme
    if path in ("/http", "/https"):  # Airflow's own HTTP connections keep the scheme there
        scheme, path = path[1:], ""
    return _connection(
        connection_id, scheme, host + path if "://" in host else host, port,
        unquote(parts.username or ""), unquote(parts.password or ""), extra,
        path if "://" not in host else "",
    )  # fmt: skip


def _from_json(connection_id: str, text: str) -> Connection:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"Connection '{connection_id}': not valid JSON ({error}).") from error
    extra = data.get("extra") or {}
    if isinstance(extra, str):
        extra = json.loads(extra)
    return _connection(
        connection_id, str(data.get("conn_type") or "https"), str(data.get("host") or ""),
        data.get("port"), str(data.get("login") or ""), str(data.get("password") or ""),
        {k: str(v) for k, v in extra.items()}, "",
    )  # fmt: skip


def _connection(
    connection_id: str, conn_type: str, host: str, port: int | None, login: str, secret: str,
    extra: dict[str, str], path: str,
) -> Connection:  # fmt: skip
    if not host:
        raise UsageError(f"Connection '{connection_id}' names no host.")
    scheme = "http" if conn_type == "http" else "https"
    base = host if "://" in host else f"{scheme}://{host}"
    if port and urlsplit(base).port is None:
        base = f"{base}:{port}"
    return Connection(connection_id, (base + path).rstrip("/"), secret, login, extra)
