"""Refuses, and tells, whatever Python tries to reach beyond this machine.

It is told as well as refused, since a library may swallow the refusal. To ask for this machine by
its own name is no reaching out (Airflow does, in every task). What opens sockets without
Python is not seen here (DuckDB's extensions: the settings of every connection forbid those).
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

Tell = Callable[[str], object]
#: Python's audit events: those that bear a host, and those that bear a socket and its address
NAMES = ("socket.getaddrinfo", "socket.gethostbyname")
ADDRESSES = ("socket.connect", "socket.sendto", "socket.sendmsg")
OWN_NAMES = ("localhost", socket.gethostname())
_listeners: list[Tell] = []


@contextmanager
def watched() -> Iterator[list[str]]:
    """What is tried inside the block."""
    tried: list[str] = []
    watch(tried.append)
    try:
        yield tried
    finally:
        _listeners.pop()


def watch(tell: Tell) -> None:
    """Tells it of everything that this process and its forks try from here on."""
    _listeners.append(tell)
    _install()


@cache
def _install() -> None:
    """Once: an audit hook cannot be taken away again."""
    sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _listeners or event not in (*NAMES, *ADDRESSES):
        return
    host = arguments[0] if event in NAMES else arguments[1]
    if event in ADDRESSES:  # the address of a file's socket is no pair
        host = host[0] if isinstance(host, tuple) else None
    if not _is_here(host):
        _listeners[-1](f"{event} {host}")
        raise OSError(f"no network in this test: {event} {host}")


def _is_here(host: object) -> bool:
    text = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    try:
        return text in OWN_NAMES or ipaddress.ip_address(text).is_loopback
    except ValueError:  # any other name
        return False
