"""One HTTP answer as connectors see it: whole, parsed only on request, with its next link."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from muniment.errors import SourceError

_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL = re.compile(r'\brel\s*=\s*"?([^";,]*)', re.IGNORECASE)


@dataclass(frozen=True)
class Response:
    """One answer, its body whole and content decoding undone.

    `template`: the URL without personal data, for messages.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    media_type: str
    server_date: str | None
    template: str = ""
    method: str = "GET"

    def json(self) -> Any:
        """The parsed body. Raises SourceError saying what came instead, without its data."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise SourceError(f"{self._asked}: JSON nested too deeply to read.") from error
        except ValueError as error:
            raise SourceError(f"{self._asked}: {self._oddity(error)}") from error

    def array(self) -> list[dict[str, Any]]:
        """The parsed body, which must be a JSON array of objects. Raises SourceError."""
        data = self.json()
        if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
            raise self._unexpected("an array of objects")
        return data

    def object(self) -> dict[str, Any]:
        """The parsed body, which must be one JSON object. Raises SourceError."""
        data = self.json()
        if not isinstance(data, dict):
            raise self._unexpected("one object")
        return data

    @property
    def next_url(self) -> str | None:
        """The `rel="next"` of all Link headers (they may be several), absolute; None at the end."""
        for target, parameters in _LINK.findall(self.headers.get("Link", "")):
            rel = _REL.search(parameters)
            if rel and "next" in rel.group(1).lower().split():
                return urljoin(self.url, str(target))
        return None

    def url_with(self, **params: str) -> str:
        """The address that was asked for, with these query parameters set (page tokens)."""
        parts = urlsplit(self.url)
        query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **params}
        return urlunsplit(parts._replace(query=urlencode(query)))

    @property
    def error_text(self) -> str:
        """The vendor's own words; '' where it has none.

        Without the ids that were asked for: Okta repeats a user's id in it.
        """
        try:
            data = json.loads(self.body)
        except (ValueError, RecursionError):
            return ""
        text = _words(data)
        for part in urlsplit(self.url).path.split("/"):
            if part and part not in self.template:
                text = text.replace(part, "…")
        return " ".join(text.split())

    @property
    def _asked(self) -> str:
        return f"{self.method} {self.template}"

    def _oddity(self, error: ValueError) -> str:
        where = f"HTTP {self.status}, {len(self.body)} bytes of {self.media_type or 'no type'}"
        if not self.body.strip():
            return f"expected JSON, found an empty body ({where})."
        if self.body.lstrip()[:1] in (b"[", b"{"):
            position = getattr(error, "pos", None)
            at = "" if position is None else f" at character {position}"
            return f"the JSON is cut short or broken{at} ({where})."
        start = " ".join(self.body[:80].decode("utf-8", "replace").split())
        return f"expected JSON, found {start!r} ({where})."

    def _unexpected(self, wanted: str) -> SourceError:
        return SourceError(f"{self._asked}: expected {wanted} of JSON, found another shape.")


def link_header(response: Response) -> str | None:
    """Where the Link headers say that the next page is."""
    return response.next_url


def _words(data: Any) -> str:
    """What an error's body says, in the form of any vendor.

    Okta `errorSummary`; GitHub, Kubernetes (Status), Fleet `message`; GitLab `message` (text, or
    lists by field) or `error`; Google and Microsoft Graph `error.message`, beside Google's reason
    (`rateLimitExceeded`) or Microsoft's code; OAuth `error_description`.
    """
    if not isinstance(data, dict):
        return ""
    for name in ("errorSummary", "message", "error_description", "error"):
        value = data.get(name)
        if isinstance(value, dict) and name == "error":
            codes = [value.get("code"), value.get("status"), *_reasons(value.get("errors"))]
            named = [str(code) for code in codes if isinstance(code, str)]
            return f"{value.get('message') or ''} {' '.join(named)}".strip()
        if value:
            return value if isinstance(value, str) else json.dumps(value)
    return ""


def _reasons(errors: Any) -> list[Any]:
    items = errors if isinstance(errors, list) else []
    return [item.get("reason") for item in items if isinstance(item, dict)]
