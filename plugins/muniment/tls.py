"""Who answered over TLS: the certificate's key, and the authorities that are trusted."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import IO

import certifi
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from muniment.errors import UsageError


def leaf_key_sha256(answer: requests.Response) -> str | None:
    """SHA-256 (hex) of the answering certificate's SubjectPublicKeyInfo; None for plain HTTP.

    To be asked while the body is still unread: after that the connection may serve others.
    """
    connection = answer.raw.connection
    socket = getattr(connection, "sock", None)
    if socket is None or not hasattr(socket, "getpeercert"):
        return None
    certificate = x509.load_der_x509_certificate(socket.getpeercert(binary_form=True))
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key).hexdigest()


def authorities(private_ca: str) -> IO[bytes]:
    """A temporary PEM bundle of the public authorities and a private one; gone when closed.

    Raises UsageError where the private authority's file cannot be read.
    """
    try:
        private = Path(private_ca).read_bytes()
        x509.load_pem_x509_certificates(private)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"trusted_private_ca: found {private_ca}; expected a readable PEM file ({error})."
        ) from error
    bundle = tempfile.NamedTemporaryFile(suffix=".pem")  # noqa: SIM115 (lives with the client)
    bundle.write(Path(certifi.where()).read_bytes() + b"\n" + private)
    bundle.flush()
    return bundle
