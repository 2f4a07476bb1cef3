"""A small real HTTP server that answers as a test says, faults included, and remembers requests.

It knows nothing of the sandbox company: tests write its answers from the vendors' contracts.
"""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from muniment.connections import Connection

TOKEN = "planted-00aBcDeFgHiJkLmNoPqRsTuVwXyZ"


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    client_port: int = 0
    body: bytes = b""


@dataclass
class Answer:
    """What to send back. `body`: bytes as they are, anything else as JSON.

    cut_at: close the connection after so many bytes of the body, whatever its length said.
    """

    body: Any = b""
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    media_type: str = "application/json"
    cut_at: int | None = None
    is_chunked: bool = False
    is_gzip: bool = False

    @property
    def raw(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return gzip.compress(body) if self.is_gzip else body


class HttpSource:
    """The server; `reply` is called for every request, on the server's thread."""

    def __init__(
        self, reply: Callable[[Asked], Answer] | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.asked: list[Asked] = []
        self.reply = reply or (lambda asked: Answer(status=404))
        source = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body leave together, else each answer waits for an ACK

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                headers = dict(self.headers.items())
                port = self.client_address[1]
                body = self.rfile.read(int(headers.get("Content-Length", 0)))
                asked = Asked(self.command, parts.path, query, headers, port, body)
                source.asked.append(asked)
                self._send(source.reply(asked))

            do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

            def _send(self, answer: Answer) -> None:
                names = {name.lower() for name, _ in answer.headers}
                self.send_response_only(answer.status)
                if "date" not in names:
                    self.send_header("Date", self.date_time_string())
                self.send_header("Content-Type", answer.media_type)
                if answer.is_gzip:
                    self.send_header("Content-Encoding", "gzip")
                for name, value in answer.headers:
                    self.send_header(name, value)
                raw = answer.raw
                if answer.is_chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                else:
                    self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                if answer.is_chunked:
                    raw = b"%x\r\n%s\r\n0\r\n\r\n" % (len(raw), raw)
                self.wfile.write(raw[: answer.cut_at])
                self.close_connection = answer.cut_at is not None

            def log_message(self, format: str, *args: Any) -> None:
                return

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self._scheme = "http"

    def use_tls(self, context: ssl.SSLContext) -> None:
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https"

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"{self._scheme}://{host!s}:{port}"

    def connection(
        self, base_path: str = "", login: str = "", extra: dict[str, str] | None = None
    ) -> Connection:
        return Connection("the_connection", self.url + base_path, TOKEN, login, extra or {})

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(
    reply: Callable[[Asked], Answer] | None = None, host: str = "127.0.0.1"
) -> Iterator[HttpSource]:
    source = HttpSource(reply, host)
    source.start()
    try:
        yield source
    finally:
        source.stop()


def in_turn(*answers: Answer) -> Callable[[Asked], Answer]:
    """Gives these answers one after the other; the last one again and again."""
    waiting = list(answers)
    return lambda asked: waiting.pop(0) if len(waiting) > 1 else waiting[0]
