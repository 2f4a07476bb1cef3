"""What AWS Config delivers to the company's bucket: a snapshot a day of what the account holds."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from muniment.sandbox.aws import ACCOUNT, BUCKET, REGION, AwsAccount, hash_of
from muniment.sandbox.aws_trail import Stored
from muniment.sandbox.times import HISTORY_START, at, iso_s

Json = dict[str, Any]
#: when the snapshot of a day is taken, and delivered
TAKEN, DELIVERED = (18, 20, 11), (18, 21, 40)
#: a bucket that one day lets the public in: the planted deviation
OPENED = "harbourline-exports"
_BUCKETS = (BUCKET, OPENED, "harbourline-backups")
#: (id, name, zone)
_INSTANCES = (
    ("i-0a11c0ffee0000001", "claims-batch-1", "a"), ("i-0a11c0ffee0000002", "claims-batch-2", "b"),
    ("i-0a11c0ffee0000003", "jump-1", "a"),
)  # fmt: skip


class ConfigBucket:
    """The snapshots of each day. On one day of a block none comes."""

    def __init__(self, account: AwsAccount) -> None:
        """`account`: whose users and planted days they show."""
        self._account = account
        self._lost = {plant.unrecorded for plant in account.planted}
        self._opened = {plant.opened for plant in account.planted}

    @lru_cache(maxsize=128)  # noqa: B019  # one bucket lives as long as its process
    def objects(self, day: date) -> tuple[Stored, ...]:
        """What lies in the folder of a day."""
        if day in self._lost:
            return ()
        taken = at(day, *TAKEN)
        chosen = f"{hash_of(iso_s(taken)):012x}"
        name = f"{ACCOUNT}_Config_{REGION}_ConfigSnapshot_{taken:%Y%m%dT%H%M%SZ}_{chosen}.json.gz"
        folder = f"AWSLogs/{ACCOUNT}/Config/{REGION}/{day.year}/{day.month}/{day.day}"
        document = {
            "fileVersion": "1.0", "configSnapshotId": chosen,
            "configurationItems": list(self._items(taken)),
        }  # fmt: skip
        body = gzip.compress(json.dumps(document, separators=(",", ":")).encode(), mtime=0)
        return (Stored(f"{folder}/ConfigSnapshot/{name}", body, at(day, *DELIVERED)),)

    def _items(self, taken: datetime) -> Iterator[Json]:
        for native_id, name, zone in _INSTANCES:
            arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{native_id}"
            configuration = {"instanceId": native_id, "instanceType": "m7g.large"}
            yield _item("AWS::EC2::Instance", native_id, arn, configuration) | {
                "availabilityZone": f"{REGION}{zone}", "tags": {"Name": name},
            }  # fmt: skip
        for name in _BUCKETS:
            is_open = name == OPENED and taken.date() in self._opened
            blocked = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy"), not is_open)
            found = _item("AWS::S3::Bucket", name, f"arn:aws:s3:::{name}", {"name": name})
            yield found | {
                "resourceName": name,
                "supplementaryConfiguration": {"PublicAccessBlockConfiguration": blocked},
                "configurationItemCaptureTime": iso_s(taken if is_open else at(HISTORY_START, 9)),
            }
        for name, _, since in self._account.users(taken):
            arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
            native_id = f"AIDA{hash_of(name) % 10**12:012d}"
            found = _item("AWS::IAM::User", native_id, arn, {"userName": name})
            yield found | {
                "awsRegion": "global",
                "resourceName": name,
                "resourceCreationTime": iso_s(since),
            }


def _item(kind: str, native_id: str, arn: str, configuration: Json) -> Json:
    return {
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": iso_s(at(HISTORY_START, 9)),
        "configurationStateId": int(at(HISTORY_START, 9).timestamp() * 1000),
        "awsAccountId": ACCOUNT,
        "configurationItemStatus": "OK",
        "resourceType": kind,
        "resourceId": native_id,
        "ARN": arn,
        "awsRegion": REGION,
        "availabilityZone": "Not Applicable",
        "tags": {},
        "relatedEvents": [],
        "relationships": [],
        "configuration": configuration,
        "supplementaryConfiguration": {},
    }
