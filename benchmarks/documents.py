"""CloudTrail log files as they are delivered, indexed: documents of records, not lines.

Each file is one JSON document with thousands of records, compressed; the kind is the real
`aws_cloudtrail`. Made records, seeded, always the same; making them is not timed.
"""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from muniment import bronze
from muniment.collection import Collection, StoredObject, canonical
from muniment.locker import Locker
from muniment.settings import load

FILE_RECORDS = 5_000
RECORD_BYTES = 1_200
SOURCE, RECEIPT = "trail", "0" * 32
CONFIG = """
organisation: Bench
home: home
sandbox: true
sources:
  - {id: trail, kind: aws_cloudtrail, location: drop, system: aws}
"""
_CALLS = (("ec2", "DescribeInstances"), ("sts", "AssumeRole"), ("s3", "GetBucketAcl"),
          ("kms", "Decrypt"), ("iam", "ListUsers"))  # fmt: skip


def index(folder: Path, wanted: str) -> dict[str, Any]:
    """Makes so many records in log files, and indexes them as one collection."""
    folder.mkdir(parents=True)
    (folder / "muniment.yml").write_text(CONFIG)
    settings = load(folder / "muniment.yml")
    moment = "2026-01-02T00:00:00.000000Z"
    collection = Collection(
        RECEIPT, SOURCE, "aws_cloudtrail", "Bench", "aws", 1, "", "", "", "2026-01-01",
        "2026-01-02", moment, moment, is_sandbox=True,
    )  # fmt: skip
    locker = Locker(settings.home)
    for number in range(max(1, int(wanted) // FILE_RECORDS)):
        sha256, size = locker.put(gzip.compress(_file(number), 6, mtime=0))
        item = StoredObject(sha256, size, "application/gzip", "log", number + 1)
        collection.objects.append(item)
    settings.home.create(collection.path, canonical(collection.to_json()))
    started = time.perf_counter()
    counts = bronze.index(settings, SOURCE, RECEIPT)
    return {"seconds": time.perf_counter() - started, "records": counts.records["event"]}


def _file(number: int) -> bytes:
    chance = random.Random(number)
    records = [_record(chance) for _ in range(FILE_RECORDS)]
    return json.dumps({"Records": records}, separators=(",", ":")).encode()


def _record(chance: random.Random) -> dict[str, Any]:
    service, name = chance.choice(_CALLS)
    person = chance.randrange(5_000)
    arn = f"arn:aws:sts::111122223333:assumed-role/Engineer/person{person}@example.com"
    second = chance.randrange(86_400)
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    record = {
        "eventVersion": "1.10",
        "userIdentity": {
            "type": "AssumedRole", "principalId": f"AROAEXAMPLE:person{person}", "arn": arn,
            "accountId": "111122223333", "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/Engineer"},
                "attributes": {"mfaAuthenticated": "true", "creationDate": "2026-01-01T00:00:00Z"},
            },
        },
        "eventTime": f"2026-01-01T{clock}Z", "eventSource": f"{service}.amazonaws.com",
        "eventName": name, "awsRegion": "eu-central-1", "sourceIPAddress": "198.51.100.7",
        "userAgent": "", "requestParameters": {"roleArn": arn, "maxResults": 100},
        "responseElements": None, "requestID": f"{chance.getrandbits(128):032x}",
        "eventID": f"{chance.getrandbits(128):032x}", "readOnly": True,
        "resources": [{"accountId": "111122223333", "type": "AWS::IAM::Role", "ARN": arn}],
        "eventType": "AwsApiCall", "managementEvent": True,
        "recipientAccountId": "111122223333", "eventCategory": "Management",
    }  # fmt: skip
    missing = RECORD_BYTES - len(json.dumps(record, separators=(",", ":")))
    return record | {"userAgent": ("aws-sdk-go-v2/1.30 os/linux lang/go " * 20)[:missing]}


MEASURES: dict[str, Callable[..., dict[str, Any]]] = {"documents": index}
