"""Object stores that need a credential of their own: what a connection tells the file system.

Without a connection an object store is opened as the machine is let in (AWS: environment, profile,
role of the instance). With one, nothing but that connection is used: login is the access key id,
the password its secret; the extra may name `region_name`, `endpoint_url` (a store that is not
AWS's own) and `aws_session_token`, as Airflow's AWS connections do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from muniment.collection import Origin
from muniment.connections import AMAZON, Connection
from muniment.errors import SourceError, TransientSourceError, UsageError

SCHEMES = ("s3://", "s3a://")
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10, 60
_SECRETS = ("key", "secret", "token")
#: shorter ones (test servers) would be found in any text
_MIN_LENGTH = 8


def takes(location: str) -> bool:
    """Whether a connection can open this location."""
    return location.startswith(SCHEMES)


def endpoint(connection: Connection, service: str = "s3") -> str | None:
    """Where a service answers (extra `<service>_endpoint_url`, `endpoint_url`, else the host).

    None where that is Amazon's own. Raises UsageError where it is no plain address.
    """
    names = (f"{service}_endpoint_url", "endpoint_url")
    own = next((connection.extra[name] for name in names if connection.extra.get(name)), "")
    url = own.rstrip("/") or connection.base_url
    return None if url == AMAZON else replace(connection, base_url=url).base_url


def options(connection: Connection) -> dict[str, Any]:
    """What the S3 file system is opened with. Raises UsageError."""
    if bool(connection.login) != bool(connection.secret):
        raise UsageError(
            f"Connection '{connection.connection_id}': an access key id (login) and its secret "
            "(password) belong together; one of them is missing. Nothing was collected from it."
        )
    url = endpoint(connection)
    config: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_S, "read_timeout": READ_TIMEOUT_S,
        "retries": {"max_attempts": 3},
    }  # fmt: skip
    if url is not None and connection.is_loopback:
        config["proxies"] = {}
    region = connection.extra.get("region_name")
    return {
        "key": connection.login or None,
        "secret": connection.secret or None,
        "token": session_token(connection),
        "endpoint_url": url,
        "client_kwargs": {"region_name": region} if region else {},
        "config_kwargs": config,
        "use_listings_cache": False,
    }


def session_token(connection: Connection) -> str | None:
    """The third part of a temporary credential, where it is one."""
    names = ("aws_session_token", "session_token")
    return next((connection.extra[name] for name in names if connection.extra.get(name)), None)


def origin(connection: Connection) -> Origin:
    """Who answers. The client checks certificates; it does not show their keys."""
    parts = urlsplit(endpoint(connection) or "https://s3.amazonaws.com")
    is_tls = parts.scheme == "https"
    return Origin(
        parts.scheme, parts.netloc, None, is_tls, None, connection.connection_id, (),
        is_tls and not connection.is_loopback,
    )  # fmt: skip


@contextmanager
def told(what: str, options: Mapping[str, Any]) -> Iterator[None]:
    """Turns what a file system raises in the block into words, without the options' secrets.

    what: what was being done, for the message. Raises SourceError, or TransientSourceError where
    trying again may help.
    """
    try:
        yield
    except PermissionError as error:
        raise SourceError(f"{what}: refused ({words(error, options)}).") from None
    except FileNotFoundError as error:
        raise SourceError(f"{what}: not there ({words(error, options)}).") from None
    except failures() as error:
        raise TransientSourceError(f"{what}: {words(error, options)}") from None


def failures() -> tuple[type[Exception], ...]:
    """What a file system raises, S3's own exceptions among it."""
    from aiohttp import ClientError
    from botocore.exceptions import BotoCoreError

    return (OSError, BotoCoreError, ClientError)


def words(error: Exception, options: Mapping[str, Any]) -> str:
    """What a file system said, in one line, without the options' secrets."""
    text = " ".join(str(error).split()) or type(error).__name__
    for name in _SECRETS:
        value = options.get(name)
        if value and len(value) >= _MIN_LENGTH:
            text = text.replace(value, "***")
    return text[:200]
