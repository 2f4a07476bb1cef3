"""Signatures over checkpoints, pointers and packs, and the keyed MAC behind pseudonyms.

A signer is an interface. The default is a key file in the home: it proves integrity, but only
asserts origin, since whoever runs the machine could sign again. A key held elsewhere, or an
outside witness, lifts that.

Ed25519 (RFC 8032). Stock openssl checks a signature over the exact bytes of FILE:
`openssl pkeyutl -verify -pubin -inkey signing.pub.pem -rawin -in FILE -sigfile SIG`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import uuid
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from muniment.collection import canonical
from muniment.errors import EvidenceError, MachineError, UsageError
from muniment.storage import Store

PRIVATE_KEY = "keys/signing.pem"
PUBLIC_KEY = "keys/signing.pub.pem"
PSEUDONYM_KEY = "keys/pseudonym.key"
_PSEUDONYM_KEY_BYTES = 32
_PSEUDONYM_DIGITS = 32  # 128 bits: no two people of any company collide


class Signer(Protocol):
    """Whatever can sign. `is_witness`: the key is out of reach of whoever runs this machine."""

    @property
    def kind(self) -> str:
        """What holds the key, in words for a report."""

    @property
    def is_witness(self) -> bool:
        """Whether its signature also proves origin."""

    @property
    def public_key(self) -> bytes:
        """SPKI PEM."""

    def sign(self, data: bytes) -> bytes:
        """A detached signature."""


class FileSigner:
    """An Ed25519 key in the home (PKCS#8 PEM, mode 0600, folder 0700), made on first use."""

    kind = "key file on the collecting machine"
    is_witness = False

    def __init__(self, home: Store) -> None:
        """Reads or makes the key pair. Raises UsageError for unsafe modes or a home elsewhere."""
        path = home.local_path(PRIVATE_KEY)
        if not path.exists() and home.exists(PUBLIC_KEY):
            raise EvidenceError(
                f"{path} is gone, but {PUBLIC_KEY} is still there. A new key would not fit what "
                "was signed before. Bring the key back from a backup; to begin again with a new "
                "key, move the public key away first and keep it for the old checkpoints."
            )
        key = load_pem_private_key(_secret_file(path, _new_private_key), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise UsageError(f"{path}: found another kind of key, expected Ed25519.")
        self._key = key
        self.public_key = key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        self._export(home)

    def sign(self, data: bytes) -> bytes:
        """64 bytes over exactly `data`."""
        return self._key.sign(data)

    def _export(self, home: Store) -> None:
        try:
            home.create(PUBLIC_KEY, self.public_key)
        except FileExistsError:
            if home.read(PUBLIC_KEY) != self.public_key:
                raise EvidenceError(
                    f"{PUBLIC_KEY} does not belong to {PRIVATE_KEY}: one of them was exchanged. "
                    "Nothing was signed. Compare them with a copy of the public key kept elsewhere."
                ) from None


def signer(home: Store) -> Signer:
    """The signer of this home."""
    return FileSigner(home)


def public_key(home: Store) -> bytes:
    """The public key (SPKI PEM) that this home's signatures are checked with."""
    try:
        return home.read(PUBLIC_KEY)
    except FileNotFoundError as error:
        raise EvidenceError(
            f"{home.url}/{PUBLIC_KEY} is missing: signatures cannot be checked. Bring it back "
            "from a copy; it is also in every audit pack."
        ) from error


def key_id(public_key_pem: bytes) -> str:
    """SHA-256 (hex) of the key's SPKI DER form."""
    der = _public(public_key_pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def is_signed(data: bytes, signature: bytes, public_key_pem: bytes) -> bool:
    """Whether this key signed exactly these bytes."""
    try:
        _public(public_key_pem).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def envelope(by: Signer, body: dict[str, Any]) -> bytes:
    """A signed JSON file: `body` is the exact text that was signed, `signature` is base64."""
    text = canonical(body)
    return canonical(
        {
            "body": text.decode(),
            "key_id": key_id(by.public_key),
            "signature": base64.b64encode(by.sign(text)).decode(),
        }
    )


def open_envelope(data: bytes, public_key_pem: bytes) -> dict[str, Any]:
    """The body of a signed file. Raises EvidenceError where form or signature do not fit."""
    try:
        parts = json.loads(data)
        text, stated_key = str(parts["body"]).encode(), parts["key_id"]
        signature = base64.b64decode(parts["signature"], validate=True)
        body = json.loads(text)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise EvidenceError(f"not a signed file ({error!r})") from error
    ours = key_id(public_key_pem)
    if stated_key != ours:
        raise EvidenceError(f"signed with key {stated_key}, expected {ours}")
    if not isinstance(body, dict) or not is_signed(text, signature, public_key_pem):
        raise EvidenceError("the signature does not fit the body")
    return body


def pseudonym_key(home: Store) -> bytes:
    """The secret behind pseudonyms, made on first use; it stays outside every release and pack."""
    text = _secret_file(
        home.local_path(PSEUDONYM_KEY), lambda: os.urandom(_PSEUDONYM_KEY_BYTES).hex().encode()
    )
    return bytes.fromhex(text.decode())


def pseudonym(key: bytes, value: str) -> str:
    """What stands for a person outside the warehouse: the first 128 bits of HMAC-SHA-256, hex.

    The same value gives the same pseudonym under one key; without the key it cannot be guessed.
    """
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:_PSEUDONYM_DIGITS]


def _public(pem: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise EvidenceError(f"the public key cannot be read ({error})") from error
    if not isinstance(key, Ed25519PublicKey):
        raise EvidenceError("the public key is not an Ed25519 key")
    return key


def _new_private_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


class _Maker(Protocol):
    def __call__(self) -> bytes: ...


def _secret_file(path: Path, make: _Maker) -> bytes:
    """Reads a secret, or makes it whole in one step; of several processes the first one wins."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.parent.chmod(0o700)
            _create_secret(path, make())
    except OSError as error:
        raise MachineError(f"Cannot write the key {path}: {error.strerror}.") from error
    if path.stat().st_mode & 0o077:
        raise UsageError(
            f"{path} can be read by others. Nothing was signed. Run `chmod 600 {path}`, and "
            "consider whether the key is still secret."
        )
    return path.read_bytes()


def _create_secret(path: Path, secret: bytes) -> None:
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(secret)
            handle.flush()
            os.fsync(handle.fileno())
        os.link(part, path)
    except FileExistsError:
        return  # another process made it first
    finally:
        part.unlink(missing_ok=True)
