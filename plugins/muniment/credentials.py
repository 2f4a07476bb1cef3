"""A connection's credential: how it is presented, and that nothing else ever holds it."""

from __future__ import annotations

from dataclasses import dataclass, field

import requests

#: shorter secrets (test servers) would be found in any text
MIN_LENGTH = 8


@dataclass(frozen=True)
class Credential(requests.auth.AuthBase):
    """Sets the header; as `session.auth` it also keeps a .netrc file from replacing it."""

    scheme: str
    secret: str = field(repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request, authorised; an empty secret sends no header."""
        if self.secret:
            request.headers["Authorization"] = f"{self.scheme} {self.secret}"
        return request

    def redact(self, text: str) -> str:
        """The text without the secret."""
        return text.replace(self.secret, "***") if len(self.secret) >= MIN_LENGTH else text

    def is_in(self, body: bytes) -> bool:
        """Whether an answer holds the secret."""
        return len(self.secret) >= MIN_LENGTH and self.secret.encode() in body
