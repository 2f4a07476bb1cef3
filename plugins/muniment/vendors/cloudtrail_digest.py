"""One CloudTrail digest: what it lists, and whether its region's key signed it.

AWS signs the SHA-256 of the uncompressed digest together with its end, its place in the bucket and
the signature of the digest before it (RSA PKCS #1 v1.5, SHA-256); the signature is the object's
metadata `signature`, in hexadecimal. Keys come from the region's ListPublicKeys, as DER of PKCS #1,
and are known by the fingerprint that the digest names.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from muniment.bronze.plain import Unreadable, inflated

SIGNATURE_ALGORITHM = "SHA256withRSA"
HASH_ALGORITHM = "SHA-256"
_GZIP = b"\x1f\x8b"
#: a digest lists an hour's files at some 300 bytes each
_LARGEST_BYTES = 64 << 20


@dataclass(frozen=True)
class LogFile:
    """A log file that a digest lists. sha256: of its uncompressed bytes, in hexadecimal."""

    key: str
    sha256: str
    algorithm: str


@dataclass(frozen=True)
class Digest:
    """The log files delivered in [start, end), and what names the digest before.

    key: where it was found; bucket and object: where it says that it lies. previous_*: None where
    the chain begins. sha256: of its own uncompressed bytes.
    """

    key: str
    sha256: str
    signature: str | None
    start: datetime
    end: datetime
    end_text: str
    bucket: str
    object: str
    algorithm: str
    fingerprint: str
    previous_object: str | None
    previous_sha256: str | None
    previous_signature: str | None
    files: tuple[LogFile, ...]

    @property
    def signed_text(self) -> bytes:
        """What AWS signs; a chain's first digest has the word null for a signature before it."""
        before = self.previous_signature or "null"
        place = f"{self.bucket}/{self.object}"
        return f"{self.end_text}\n{place}\n{self.sha256}\n{before}".encode()


def plain_sha256(body: bytes) -> str:
    """SHA-256 of the uncompressed bytes. Raises ValueError where they do not unpack."""
    digest = hashlib.sha256()
    try:
        for chunk in inflated(iter([body])) if body.startswith(_GZIP) else [body]:
            digest.update(chunk)
    except Unreadable as reason:
        raise ValueError(str(reason)) from None
    return digest.hexdigest()


def parse(key: str, body: bytes, signature: str | None) -> Digest:
    """A digest file's bytes as stored. Raises ValueError where they are no digest."""
    try:
        text = _plain(body)
        data = json.loads(text)
        return _digest(key, hashlib.sha256(text).hexdigest(), signature, data)
    except (Unreadable, ValueError, RecursionError) as reason:
        raise ValueError(str(reason)) from None
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a digest ({error})") from None


def _plain(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body
    text = bytearray()
    for chunk in inflated(iter([body])):
        text += chunk
        if len(text) > _LARGEST_BYTES:
            raise ValueError(f"it unpacks to more than {_LARGEST_BYTES} bytes")
    return bytes(text)


def _digest(key: str, sha256: str, signature: str | None, data: dict[str, Any]) -> Digest:
    files = tuple(
        LogFile(str(item["s3Object"]), str(item["hashValue"]).lower(), str(item["hashAlgorithm"]))
        for item in data["logFiles"]
    )
    found = Digest(
        key=key,
        sha256=sha256,
        signature=signature.lower() if signature else None,
        start=_instant(data["digestStartTime"]),
        end=_instant(data["digestEndTime"]),
        end_text=data["digestEndTime"],
        bucket=str(data["digestS3Bucket"]),
        object=str(data["digestS3Object"]),
        algorithm=str(data["digestSignatureAlgorithm"]),
        fingerprint=str(data["digestPublicKeyFingerprint"]),
        previous_object=data.get("previousDigestS3Object"),
        previous_sha256=data.get("previousDigestHashValue"),
        previous_signature=data.get("previousDigestSignature"),
        files=files,
    )
    if found.start >= found.end:
        raise ValueError(f"it covers nothing: from {data['digestStartTime']} to {found.end_text}")
    return found


def unsigned_because(digest: Digest, keys: Mapping[str, bytes]) -> str | None:
    """Why a digest's signature does not hold; None where it does. keys: DER by fingerprint."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    if digest.signature is None:
        return "it carries no signature"
    if digest.algorithm != SIGNATURE_ALGORITHM:
        return f"it is signed with {digest.algorithm!r}, which is not known here"
    der = keys.get(digest.fingerprint)
    if der is None:
        return f"its region lists no public key {digest.fingerprint!r} for that time"
    try:
        key = load_der_public_key(der)
        if not isinstance(key, RSAPublicKey):
            return "the key that its region lists is not RSA"
        key.verify(bytes.fromhex(digest.signature), digest.signed_text, PKCS1v15(), SHA256())
    except InvalidSignature:
        return "its signature does not fit its contents"
    except ValueError as error:
        return f"its signature or key cannot be read ({error})"
    return None


def public_keys(answer: Mapping[str, Any]) -> dict[str, bytes]:
    """DER by fingerprint, of one page of ListPublicKeys. Raises ValueError for another shape."""
    try:
        return {
            str(key["Fingerprint"]): base64.b64decode(key["Value"], validate=True)
            for key in answer["PublicKeyList"]
        }
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a list of public keys ({error})") from None


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
