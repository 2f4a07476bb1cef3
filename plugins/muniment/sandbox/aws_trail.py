"""What CloudTrail delivers to the company's bucket: log files, and an hourly digest, signed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muniment.sandbox.aws import ACCOUNT, BUCKET, REGION, TRAIL, AwsAccount
from muniment.sandbox.times import HISTORY_START, at, iso_s

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

HOUR = timedelta(hours=1)
#: a digest is there some minutes after the hour that it covers
_DIGEST_TAKES = timedelta(minutes=4)
_FIRST = at(HISTORY_START, 0) - timedelta(minutes=28, seconds=29)


@dataclass(frozen=True)
class Stored:
    """An object of the bucket, as it is from `since` on."""

    key: str
    body: bytes
    since: datetime
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """As S3 makes it of small objects."""
        return hashlib.md5(self.body, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class _Digest:
    key: str
    plain: bytes
    signature: str
    end: datetime


class Trail:
    """The objects of each day. Chains of digests are made up to the day that is asked for."""

    def __init__(self, account: AwsAccount, home: Path) -> None:
        """`home`: where the key that signs is kept, made at first use."""
        self._account = account
        self._key_file = home / "aws" / "trail-key.pem"
        self._chains: dict[datetime, list[_Digest]] = {}
        self._days: dict[date, list[Stored]] = {}
        self._lock = threading.RLock()
        restarts = [plant.restarted for plant in account.planted if plant.restarted]
        self._starts = [_FIRST, *(at(day, 12, 31, 31) for day in restarts)]

    def objects(self, day: date) -> list[Stored]:
        """Everything in the folders of a day, by key."""
        with self._lock:
            if day not in self._days:
                found = [*self._logs(day), *self._digests(day)]
                self._days[day] = sorted(found, key=lambda item: item.key)
            return self._days[day]

    @property
    def listed_key(self) -> dict[str, Any]:
        """The public key, as ListPublicKeys answers."""
        return {
            "Fingerprint": self._fingerprint,
            "Value": base64.b64encode(self._der).decode(),
            "ValidityStartTime": int(_FIRST.timestamp()),
            "ValidityEndTime": int((_FIRST + timedelta(days=800)).timestamp()),
        }

    @cached_property
    def _key(self) -> RSAPrivateKey:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        if self._key_file.exists():
            found = serialization.load_pem_private_key(self._key_file.read_bytes(), None)
            if isinstance(found, rsa.RSAPrivateKey):
                return found
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._key_file.parent.mkdir(parents=True, exist_ok=True)
        self._key_file.write_bytes(
            made.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )  # fmt: skip
        return made

    @cached_property
    def _der(self) -> bytes:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)

    @cached_property
    def _fingerprint(self) -> str:
        return hashlib.md5(self._der, usedforsecurity=False).hexdigest()

    def _logs(self, day: date) -> Iterator[Stored]:
        altered = {plant.altered for plant in self._account.planted}
        for number, (stamp, plain) in enumerate(self._account.log_files(day).items()):
            text = plain
            if day in altered and number == 0:
                text = plain.replace(b'"eventVersion":"1.10"', b'"eventVersion":"1.11"', 1)
            yield Stored(_log_key(stamp), gzip.compress(text, mtime=0), stamp)

    def _digests(self, day: date) -> Iterator[Stored]:
        lost = {at(plant.lost, 4, 31, 31) for plant in self._account.planted}
        late = {
            at(plant.late, 0, 31, 31) + timedelta(days=1): at(plant.late, 9) + timedelta(days=1)
            for plant in self._account.planted
        }
        first, last = at(day, 0), at(day, 0) + timedelta(days=1)
        for number, start in enumerate(self._starts):
            ends = self._starts[number + 1] if number + 1 < len(self._starts) else None
            for digest in self._chain(start, min(last, ends) if ends else last):
                if first <= digest.end < last and digest.end not in lost:
                    since = late.get(digest.end, digest.end + _DIGEST_TAKES)
                    metadata = {
                        "signature": digest.signature, "signature-algorithm": "SHA256withRSA"
                    }  # fmt: skip
                    body = gzip.compress(digest.plain, mtime=0)
                    yield Stored(digest.key, body, since, metadata)

    def _chain(self, start: datetime, until: datetime) -> list[_Digest]:
        """The digests from `start` on that end at or before `until`."""
        made = self._chains.setdefault(start, [])
        end = made[-1].end if made else start
        while end + HOUR <= until:
            made.append(self._digest(end, end + HOUR, made[-1] if made else None))
            end += HOUR
        return [digest for digest in made if digest.end <= until]

    def _digest(self, start: datetime, end: datetime, before: _Digest | None) -> _Digest:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        key = _digest_key(end)
        plain = json.dumps(self._content(start, end, key, before), separators=(",", ":")).encode()
        text = "\n".join([
            iso_s(end), f"{BUCKET}/{key}", hashlib.sha256(plain).hexdigest(),
            before.signature if before else "null",
        ])  # fmt: skip
        signature = self._key.sign(text.encode(), PKCS1v15(), SHA256()).hex()
        return _Digest(key, plain, signature, end)

    def _content(
        self, start: datetime, end: datetime, key: str, before: _Digest | None
    ) -> dict[str, Any]:
        files = [
            {
                "s3Bucket": BUCKET, "s3Object": _log_key(stamp),
                "hashValue": hashlib.sha256(plain).hexdigest(), "hashAlgorithm": "SHA-256",
            }
            for day in sorted({start.date(), end.date()})
            for stamp, plain in self._account.log_files(day).items()
            if start <= stamp < end
        ]  # fmt: skip
        return {
            "awsAccountId": ACCOUNT,
            "digestStartTime": iso_s(start),
            "digestEndTime": iso_s(end),
            "digestS3Bucket": BUCKET,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": self._fingerprint,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "previousDigestS3Bucket": BUCKET if before else None,
            "previousDigestS3Object": before.key if before else None,
            "previousDigestHashValue": (
                hashlib.sha256(before.plain).hexdigest() if before else None
            ),
            "previousDigestHashAlgorithm": "SHA-256" if before else None,
            "previousDigestSignature": before.signature if before else None,
            "logFiles": files,
        }


def _log_key(stamp: datetime) -> str:
    return (
        f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{stamp:%Y/%m/%d}/"
        f"{ACCOUNT}_CloudTrail_{REGION}_{stamp:%Y%m%dT%H%MZ}_{stamp:%d%H%M}aZ09bY18cX.json.gz"
    )


def _digest_key(end: datetime) -> str:
    return (
        f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/{end:%Y/%m/%d}/"
        f"{ACCOUNT}_CloudTrail-Digest_{REGION}_{TRAIL}_{REGION}_{end:%Y%m%dT%H%M%SZ}.json.gz"
    )
