"""Whether an address stays where the credential belongs: one scheme, host and port."""

from __future__ import annotations

from urllib.parse import urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_same_origin(url: str, base_url: str) -> bool:
    """Whether `url` is on the scheme, host and port of `base_url`, however it is read."""
    origin = _origin(url)
    return origin is not None and origin == _origin(base_url)


def address(url: str) -> str:
    """Host and port of a URL, for messages."""
    return urlsplit(url).netloc.rpartition("@")[2] or "an unreadable address"


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """(scheme, host, port) as the HTTP library will connect.

    None where the address cannot be read, carries a user name, or where Python's own parser sees
    another host (a backslash before an `@` is enough).
    """
    try:
        parts, seen = parse_url(url), urlsplit(url)
        host = (parts.hostname or "").strip("[]")  # of an IPv6 address
        is_plain = parts.auth is None and host == seen.hostname and seen.username is None
    except (LocationParseError, ValueError):
        return None
    if not is_plain or not parts.scheme or not host:
        return None
    return parts.scheme, host, parts.port or _DEFAULT_PORTS.get(parts.scheme)
