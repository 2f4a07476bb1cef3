"""The company's AWS account: its IAM users, and what CloudTrail logs of a day."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from muniment.sandbox.people import Company, Person
from muniment.sandbox.times import Block, at, blocks, dice, iso_s

Json = dict[str, Any]
ACCOUNT, REGION = "402233445566", "eu-central-1"
BUCKET, TRAIL = "harbourline-audit", "harbourline"
#: users of programs: (name, day since which its key is as it is)
SERVICES = (("ci-deploy", date(2025, 11, 3)), ("backup", date(2023, 2, 6)))
_CALLS = (
    ("ec2", "DescribeInstances", True), ("s3", "ListBuckets", True),
    ("secretsmanager", "GetSecretValue", True), ("ec2", "RunInstances", False),
    ("s3", "PutBucketPolicy", False), ("iam", "ListUsers", True),
)  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """What goes wrong in thirty days. Days, UTC.

    restarted: at noon validation was off for a moment; lost: one digest is gone; rooted: root signs
    in without a second factor; late: the digest of midnight comes in the morning; altered: a log
    file is not as it was delivered; stale: the credential report is of the evening before;
    unrecorded: no snapshot of AWS Config comes; opened: it shows a bucket open to the public.
    """

    restarted: date | None
    lost: date
    rooted: date
    late: date
    altered: date
    stale: date
    unrecorded: date
    opened: date


def _plant(block: Block) -> Planted:
    return Planted(
        block.start if block.index else None,
        block.day(5), block.day(8), block.day(12), block.day(18), block.day(20),
        block.day(15), block.day(23),
    )  # fmt: skip


class AwsAccount:
    """One account, one region, one trail. Nothing depends on the clock."""

    def __init__(self, seed: int, company: Company) -> None:
        """`company`: whose administrators and developers have users."""
        self.seed = seed
        self.people = [
            company.administrator, company.security_lead, *company.release_managers,
            *company.developers[:3],
        ]  # fmt: skip
        self.planted = [_plant(block) for block in blocks()]

    @cached_property
    def stale_days(self) -> set[date]:
        """Days on which the report that AWS gives is of the evening before."""
        return {plant.stale for plant in self.planted}

    def users(self, now: datetime) -> list[tuple[str, Person | None, datetime]]:
        """(name, person or None for a program, since when) of everybody who has a user now."""
        found: list[tuple[str, Person | None, datetime]] = [
            (name, None, at(since, 9)) for name, since in SERVICES
        ]
        for person in self.people:
            own = [spell for spell in person.spells if spell.account_from <= now]
            if own and (own[-1].revoked_at is None or own[-1].revoked_at > now):
                found.append((person.email, person, own[-1].account_from))
        return found

    @lru_cache(maxsize=64)  # noqa: B019  # one account lives as long as its process
    def log_files(self, day: date) -> dict[datetime, bytes]:
        """Log files by the minute of their delivery: an hour's events, five minutes after it."""
        hours: defaultdict[datetime, list[Json]] = defaultdict(list)
        for moment, record in self._events(day):
            hour = moment.replace(minute=0, second=0)
            hours[hour + timedelta(minutes=65)].append(record)
        return {stamp: _text({"Records": hours[stamp]}) for stamp in sorted(hours)}

    def _events(self, day: date) -> list[tuple[datetime, Json]]:
        found: list[tuple[datetime, Json]] = []
        for name, person, _ in self.users(at(day, 7)):
            chance = dice(self.seed, "aws", name, day)
            if person is not None and (day.weekday() >= 5 or chance.random() < 0.3):
                continue
            first = at(day, chance.randint(8, 14), chance.randint(0, 59), chance.randint(0, 59))
            if person is not None:
                found.append((first, self._sign_in(name, first)))
            for number in range(chance.randint(2, 5)):
                moment = first + timedelta(minutes=7 * (number + 1))
                call = _CALLS[chance.randrange(len(_CALLS))]
                found.append((moment, self._call(name, moment, *call)))
        if any(plant.rooted == day for plant in self.planted):
            moment = at(day, 21, 17, 4)
            found.append((moment, self._root(moment)))
        return found

    def _record(self, moment: datetime, service: str, name: str, identity: Json) -> Json:
        chance = dice(self.seed, "aws", service, name, moment, identity["arn"])
        return {
            "eventVersion": "1.10",
            "userIdentity": identity,
            "eventTime": iso_s(moment),
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "awsRegion": REGION,
            "sourceIPAddress": f"198.51.100.{chance.randint(1, 250)}",
            "userAgent": "aws-sdk-go-v2/1.30",
            "requestParameters": None,
            "responseElements": None,
            "requestID": f"{chance.getrandbits(64):016x}",
            "eventID": f"{chance.getrandbits(128):032x}",
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        }

    def _sign_in(self, name: str, moment: datetime) -> Json:
        record = self._record(moment, "signin", "ConsoleLogin", self._user(name))
        return record | {
            "eventType": "AwsConsoleSignIn",
            "responseElements": {"ConsoleLogin": "Success"},
            "additionalEventData": {"MobileVersion": "No", "MFAUsed": "Yes"},
        }

    def _root(self, moment: datetime) -> Json:
        identity = {"type": "Root", "principalId": ACCOUNT, "accountId": ACCOUNT,
                    "arn": f"arn:aws:iam::{ACCOUNT}:root"}  # fmt: skip
        record = self._record(moment, "signin", "ConsoleLogin", identity)
        return record | {
            "eventType": "AwsConsoleSignIn",
            "responseElements": {"ConsoleLogin": "Success"},
            "additionalEventData": {"MobileVersion": "No", "MFAUsed": "No"},
        }

    def _call(self, name: str, moment: datetime, service: str, action: str, is_read: bool) -> Json:
        return self._record(moment, service, action, self._user(name)) | {"readOnly": is_read}

    def _user(self, name: str) -> Json:
        return {
            "type": "IAMUser", "principalId": f"AIDA{abs(hash_of(name)) % 10**12:012d}",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}", "accountId": ACCOUNT, "userName": name,
        }  # fmt: skip


def hash_of(name: str) -> int:
    """A number that a name always has."""
    return dice("aws", name).getrandbits(48)


def _text(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
