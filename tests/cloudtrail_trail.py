"""A trail as AWS delivers it, signed with a key of the test: log files, and a digest an hour."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Put = Callable[[str, bytes, dict[str, str]], None]


@cache
def private_key(number: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def listed_key(number: int = 0) -> dict[str, Any]:
    """As ListPublicKeys answers."""
    der = private_key(number).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return {"Fingerprint": hashlib.md5(der).hexdigest(), "Value": base64.b64encode(der).decode()}


@dataclass
class Trail:
    """Delivers to `put` under `prefix`; every step can be spoilt by the test afterwards."""

    put: Put
    bucket: str = "evidence"
    prefix: str = ""
    account: str = "111122223333"
    folder: str = ""
    region: str = "eu-central-1"
    name: str = "the_trail"
    key: int = 0
    files: list[tuple[str, bytes]] = field(default_factory=list)
    #: (key, plain bytes, signature) of every digest so far
    digests: list[tuple[str, bytes, str]] = field(default_factory=list)

    def log(self, stamp: datetime, records: list[dict[str, Any]]) -> str:
        """Delivers a log file, which the next digest will list."""
        name = (
            f"{self.account}_CloudTrail_{self.region}_{stamp:%Y%m%dT%H%MZ}_{len(self.files):016d}"
        )
        key = f"{self._folder('CloudTrail', stamp)}/{name}.json.gz"
        plain = json.dumps({"Records": records}).encode()
        self.files.append((key, plain))
        self.put(key, gzip.compress(plain, mtime=0), {})
        return key

    def digest(self, start: datetime, end: datetime, *, is_first: bool = False) -> str:
        """Delivers the digest of [start, end), which lists what was delivered since the last."""
        name = (
            f"{self.account}_CloudTrail-Digest_{self.region}_{self.name}_{self.region}_"
            f"{end:%Y%m%dT%H%M%SZ}"
        )
        key = f"{self._folder('CloudTrail-Digest', end)}/{name}.json.gz"
        before = None if is_first or not self.digests else self.digests[-1]
        data = {
            "awsAccountId": self.account,
            "digestStartTime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "digestEndTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "digestS3Bucket": self.bucket,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": listed_key(self.key)["Fingerprint"],
            "digestSignatureAlgorithm": "SHA256withRSA",
            "previousDigestS3Bucket": self.bucket if before else None,
            "previousDigestS3Object": before[0] if before else None,
            "previousDigestHashValue": hashlib.sha256(before[1]).hexdigest() if before else None,
            "previousDigestHashAlgorithm": "SHA-256" if before else None,
            "previousDigestSignature": before[2] if before else None,
            "logFiles": [
                {
                    "s3Bucket": self.bucket, "s3Object": path,
                    "hashValue": hashlib.sha256(plain).hexdigest(), "hashAlgorithm": "SHA-256",
                }
                for path, plain in self.files
            ],
        }  # fmt: skip
        self.files = []
        plain = json.dumps(data).encode()
        text = "\n".join([
            data["digestEndTime"], f"{self.bucket}/{key}", hashlib.sha256(plain).hexdigest(),
            before[2] if before else "null",
        ])  # fmt: skip
        signature = private_key(self.key).sign(text.encode(), padding.PKCS1v15(), SHA256()).hex()
        self.digests.append((key, plain, signature))
        self.store(key, plain, signature)
        return key

    def store(self, key: str, plain: bytes, signature: str | None) -> None:
        """Puts a digest, as it is or as a test wants it."""
        metadata = {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        self.put(key, gzip.compress(plain, mtime=0), metadata if signature else {})

    def deliver(self, day: str, hours: int = 26, files_an_hour: int = 1) -> None:
        """A digest at half past every hour from half an hour before `day` on."""
        midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
        for hour in range(hours):
            start = midnight + timedelta(minutes=60 * hour - 30)
            for number in range(files_an_hour):
                stamp = start + timedelta(minutes=35 + number)
                self.log(stamp, [event(f"{self.region}-{stamp:%d%H%M}-{number}", stamp)])
            self.digest(start, start + timedelta(hours=1))

    def _folder(self, kind: str, stamp: datetime) -> str:
        account = self.folder or self.account
        return f"{self.prefix}AWSLogs/{account}/{kind}/{self.region}/{stamp:%Y/%m/%d}"


def event(event_id: str, at: datetime) -> dict[str, Any]:
    return {
        "eventVersion": "1.10", "eventID": event_id, "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "readOnly": True,
        "awsRegion": "eu-central-1", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "userName": "mallory"},
    }  # fmt: skip
