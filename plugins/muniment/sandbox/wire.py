"""HTTP/1.1 of the simulated company: keep-alive, one write an answer, the simulated Date."""

from __future__ import annotations

import json
import socket
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from muniment.errors import MunimentError
from muniment.sandbox.answers import Answer, Question, document
from muniment.sandbox.faults import Outcome
from muniment.sandbox.tokens_http import TOKENS

if TYPE_CHECKING:
    from muniment.sandbox.server import Sandbox

#: vendors that put all relations into one Link header
ONE_LINK_HEADER = ("github", "gitlab")


class Wire(BaseHTTPRequestHandler):
    """Turns requests into questions and answers into bytes."""

    company: ClassVar[Sandbox]
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 20
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """One question to a vendor, or to the sandbox's own addresses."""
        parts = urlsplit(self.path)
        vendor = parts.path.split("/")[1]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if vendor not in (*self.company.vendors, TOKENS):
            self._administer(body)
            return
        path = unquote(parts.path[len(vendor) + 1 :]) or "/"
        headers = {name.lower(): value for name, value in self.headers.items()}
        root = f"{self.company.url}/{vendor}"
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        question = Question(path, query, headers, root, self.company.clock, self.command, body)
        self._send(self.company.respond(vendor, question), vendor in ONE_LINK_HEADER)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def _administer(self, body: bytes) -> None:
        try:
            values: dict[str, Any] = json.loads(body) if body else {}
            answer = self.company.administer(urlsplit(self.path).path, values, self.command)
        except (KeyError, TypeError, ValueError, MunimentError) as error:
            answer = document({"message": str(error)}, 400)
        self._send(Outcome(answer))

    def _send(self, outcome: Outcome, is_joined: bool = False) -> None:
        answer = outcome.answer
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        for value in _link_headers(answer, is_joined):
            self.send_header("Link", value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: outcome.cut_after])
        if outcome.cut_after is not None:
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header: the simulated clock's."""
        return format_datetime(self.company.clock, usegmt=True)

    def version_string(self) -> str:
        """The Server header."""
        return "muniment-sandbox"

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: their addresses hold the ids of people."""


def _link_headers(answer: Answer, is_joined: bool) -> list[str]:
    """Okta sends one Link header a relation, GitHub and GitLab one for all of them."""
    links = [f'<{url}>; rel="{relation}"' for relation, url in answer.links.items()]
    return [", ".join(links)] if is_joined and links else links
