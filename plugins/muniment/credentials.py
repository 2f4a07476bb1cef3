"""A connection's credential: how it is presented, and that nothing else ever holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import requests

#: shorter secrets (test servers) would be found in any text
MIN_LENGTH = 8
_ARMOUR = "-----"

#: adds to a request that is ready to be sent what proves who asks
Signer = Callable[[requests.PreparedRequest], None]


class Signature(requests.auth.AuthBase):
    """A signer as `session.auth`, where it also keeps a .netrc file from replacing the header."""

    def __init__(self, sign: Signer) -> None:
        """`sign` sees the request with its address, headers and body."""
        self._sign = sign

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request, signed."""
        self._sign(request)
        return request


def in_header(name: str, scheme: str, secret: str) -> Signer:
    """Puts `scheme secret`, or the bare secret, into one header; an empty secret sends none."""
    value = f"{scheme} {secret}".strip()

    def sign(request: requests.PreparedRequest) -> None:
        if secret:
            request.headers[name] = value

    return sign


class Secrets:
    """Texts that must reach no locker, receipt, log or message."""

    def __init__(self, certain: Iterable[str], doubtful: Iterable[str] = ()) -> None:
        """doubtful: texts of which nobody knows, and which answers may hold for good reasons."""
        self._certain, self._doubtful = _parts(certain), _parts(doubtful)

    def add(self, *certain: str) -> None:
        """Hides these too."""
        self._certain = sorted({*self._certain, *_parts(certain)}, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """What is told or kept, without any of them."""
        for value in self._doubtful:
            text = text.replace(value, "***")
        return self.blank(text)

    def blank(self, text: str) -> str:
        """What is used further (links, addresses), without what is certain to be one."""
        for value in self._certain:
            text = text.replace(value, "***")
        return text

    def is_in(self, body: bytes) -> bool:
        """Whether an answer holds what is certain to be one."""
        return any(value.encode() in body for value in self._certain)


def _parts(values: Iterable[str]) -> list[str]:
    """What to look for, longest first; of a key over several lines, each that is long enough."""
    lines = [line for value in values for line in value.replace("\\n", "\n").splitlines()]
    found = {line.strip() for line in lines if not line.startswith(_ARMOUR)}
    return sorted((text for text in found if len(text) >= MIN_LENGTH), key=len, reverse=True)
