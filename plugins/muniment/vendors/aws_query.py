"""Answers of AWS's query interface (IAM, STS): XML, of which a few texts are wanted."""

from __future__ import annotations

from xml.etree import ElementTree

from muniment.errors import SourceError
from muniment.transport import Response


def text(response: Response, name: str) -> str:
    """The text of the first element of this name, without blanks. Raises SourceError."""
    for element in _tree(response).iter():
        if _local(element.tag) == name:
            return "".join((element.text or "").split())
    raise SourceError(f"GET {response.template}: the answer names no {name}.")


def pairs(response: Response) -> dict[str, str]:
    """The entries of a map: elements with a `key` and a `value`. Raises SourceError."""
    found: dict[str, str] = {}
    for entry in _tree(response).iter():
        texts = {_local(child.tag): (child.text or "").strip() for child in entry}
        if "key" in texts and "value" in texts:
            found[texts["key"]] = texts["value"]
    return found


def _tree(response: Response) -> ElementTree.Element:
    body = response.body
    if not body.strip():
        raise _unreadable(response, "expected XML, found an empty body")
    start = " ".join(body[:80].decode("utf-8", "replace").split())
    if b"<!" in body:  # no answer of AWS's declares a document type, and with it entities
        raise _unreadable(response, f"expected XML without document type, found {start!r}")
    try:
        return ElementTree.fromstring(body)  # noqa: S314  # without entities: see above
    except ElementTree.ParseError as error:
        if body.lstrip()[:1] == b"<":
            raise _unreadable(response, f"the XML is cut short or broken: {error}") from None
        raise _unreadable(response, f"expected XML, found {start!r}") from None


def _unreadable(response: Response, what: str) -> SourceError:
    where = f"HTTP {response.status}, {len(response.body)} bytes of {response.media_type or '?'}"
    return SourceError(f"GET {response.template}: {what} ({where}).")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
