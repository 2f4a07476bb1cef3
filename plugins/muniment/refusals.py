"""Why an HTTP exchange came to nothing, in words for people."""

from __future__ import annotations

import requests

from muniment.errors import SourceError
from muniment.retries import TryAgainError

CONNECT_TIMEOUT_S = 10
#: longest silence while an answer is read
READ_TIMEOUT_S = 60
_HINTS = {
    401: "The credential is not accepted: put a valid one into the connection.",
    403: "The credential lacks a permission that this kind needs (`muniment sources` lists them).",
    404: "It does not exist, or the credential may not see it.",
}


def refused(where: str, status: int, message: str) -> SourceError:
    """A status that no later try mends. `message`: the vendor's own words, without secrets."""
    hint = _HINTS.get(status, "")
    return SourceError(f"{where}: HTTP {status}{message and f' ({message})'}. {hint}")


def broken(where: str, error: requests.RequestException) -> SourceError:
    """What kept an answer from coming whole; a TryAgainError where another try may mend it."""
    if isinstance(error, requests.exceptions.SSLError):
        return SourceError(
            f"{where}: the TLS certificate does not lead to a known authority, so nothing was "
            "sent. Name a private authority's PEM file as `trusted_private_ca`."
        )
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return SourceError(f"{where}: the connection's address is not usable.")
    return TryAgainError(f"{where}: {_what_broke(error)}.")


def _what_broke(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return f"no answer within {READ_TIMEOUT_S} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke before the whole body had come"
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return "the compressed body does not unpack"
    return "no connection, or it broke before an answer came"
