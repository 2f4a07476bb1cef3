"""AWS over HTTP: the bucket (S3), IAM's credential report, and CloudTrail's public keys.

All services answer at one address, told apart as AWS tells them: by the action of the query (IAM),
by the target header (CloudTrail), else by bucket and key (S3, path style). Of a signature only the
id of its key is looked at.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from muniment.sandbox.answers import Answer, Question, document
from muniment.sandbox.aws import ACCOUNT, BUCKET, hash_of
from muniment.sandbox.aws_config import ConfigBucket
from muniment.sandbox.aws_trail import Stored, Trail
from muniment.sandbox.times import HISTORY_START, at, days
from muniment.sandbox.world import World

_DAY = re.compile(r"/(\d{4})/(\d{1,2})/(\d{1,2})/")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_XML = "application/xml"
_S3, _IAM = "http://s3.amazonaws.com/doc/2006-03-01/", "https://iam.amazonaws.com/doc/2010-05-08/"
_LARGEST_PAGE = 1000
_REPORT_LIVES = timedelta(hours=4)
_COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used",
    "password_last_changed", "password_next_rotation", "mfa_active",
    *(f"access_key_{number}_{what}" for number in (1, 2) for what in (
        "active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")),
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip


class Aws:
    """The services of one account."""

    def __init__(self, world: World, home: Path) -> None:
        """`home`: the sandbox's, where the trail's key is kept."""
        self._account = world.aws
        self._trail = Trail(world.aws, home)
        self._config = ConfigBucket(world.aws)

    def answer(self, question: Question) -> Answer:
        """The answer to one signed request."""
        target = question.headers.get("x-amz-target", "")
        if question.method == "POST" and target.endswith(".ListPublicKeys"):
            return document({"PublicKeyList": [self._trail.listed_key]})
        if "Action" in question.query:
            return self._iam(question, question.query["Action"])
        if question.method not in ("GET", "HEAD"):
            return _s3_error(405, "MethodNotAllowed")
        bucket, _, key = question.path.lstrip("/").partition("/")
        if bucket != BUCKET:
            return _s3_error(404, "NoSuchBucket")
        return self._object(question, key) if key else self._listing(question)

    def refused(self) -> Answer:
        """As S3 and IAM answer to a key that they do not know."""
        return _s3_error(403, "InvalidAccessKeyId")

    def failed(self, status: int) -> Answer:
        """An error in S3's form."""
        return _s3_error(status, {429: "SlowDown", 503: "SlowDown"}.get(status, "InternalError"))

    def _object(self, question: Question, key: str) -> Answer:
        found = next((item for item in self._below(key, question.now) if item.key == key), None)
        if found is None:
            return _s3_error(404, "NoSuchKey")
        headers = {
            "ETag": f'"{found.etag}"',
            "Last-Modified": format_datetime(found.since.astimezone(UTC), usegmt=True),
            **{f"x-amz-meta-{name}": value for name, value in found.metadata.items()},
        }
        asked = _RANGE.fullmatch(question.headers.get("range", ""))
        if asked is None:
            return Answer(200, found.body, headers, content_type="application/x-gzip")
        first, last = int(asked[1]), min(int(asked[2] or len(found.body)), len(found.body) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(found.body)}"
        body = found.body[first : last + 1]
        return Answer(206, body, headers, content_type="application/x-gzip")

    def _listing(self, question: Question) -> Answer:
        """ListObjectsV2: by prefix, folded at the delimiter, in pages of `max-keys`."""
        query = question.query
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = query.get("continuation-token") or query.get("start-after", "")
        objects = {item.key: item for item in self._below(prefix, question.now)}
        names: dict[str, Stored | None] = {}
        for key in sorted(objects):
            head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            name = f"{prefix}{head}{delimiter}" if found else key
            names[name] = None if found else objects[key]
        waiting = [name for name in names if name > after]
        page = waiting[: question.number("max-keys", _LARGEST_PAGE, _LARGEST_PAGE)]
        is_cut = len(page) < len(waiting)
        entries = "".join(_entry(name, names[name]) for name in page)
        token = escape(page[-1]) if is_cut else ""
        more = f"<NextContinuationToken>{token}</NextContinuationToken>" if is_cut else ""
        return _xml(
            f'<ListBucketResult xmlns="{_S3}"><Name>{BUCKET}</Name><Prefix>{quote(prefix)}</Prefix>'
            f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{str(is_cut).lower()}</IsTruncated>"
            f"<EncodingType>url</EncodingType>{entries}{more}</ListBucketResult>"
        )

    def _below(self, prefix: str, now: datetime) -> Iterator[Stored]:
        """The objects that are there now and whose keys begin so."""
        named = _DAY.search(prefix)
        if named is not None:
            day = date(*map(int, named.groups()))
            wanted = [day] if HISTORY_START - timedelta(days=1) <= day <= now.date() else []
        else:
            wanted = list(days(HISTORY_START, now.date() + timedelta(days=1)))
            if prefix.count("/") < len(("AWSLogs", ACCOUNT, "kind", "region")):
                wanted = wanted[:1]  # every day has the same folders
        for day in wanted:
            trail = [] if "/Config/" in prefix else self._trail.objects(day)
            for item in (*trail, *self._config.objects(day)):
                if item.since <= now and item.key.startswith(prefix):
                    yield item

    def _iam(self, question: Question, action: str) -> Answer:
        now = question.now
        users = self._account.users(now)
        if action == "GenerateCredentialReport":
            return _iam(action, "<State>COMPLETE</State>")
        if action == "GetAccountSummary":
            entry = f"<entry><key>Users</key><value>{len(users)}</value></entry>"
            return _iam(action, f"<SummaryMap>{entry}</SummaryMap>")
        if action != "GetCredentialReport":
            return _s3_error(400, "InvalidAction")
        lines = [_root(), *(_line(*user, now=now) for user in users)]
        text = "\n".join(",".join(line[name] for name in _COLUMNS) for line in lines)
        content = base64.b64encode(f"{','.join(_COLUMNS)}\n{text}".encode()).decode()
        return _iam(
            action,
            f"<Content>{content}</Content><ReportFormat>text/csv</ReportFormat>"
            f"<GeneratedTime>{self._generated_at(now):%Y-%m-%dT%H:%M:%SZ}</GeneratedTime>",
        )

    def _generated_at(self, now: datetime) -> datetime:
        """AWS keeps a report four hours; on some nights one was made the evening before."""
        midnight = at(now.date(), 0)
        if now.date() in self._account.stale_days and now < midnight + timedelta(hours=3):
            return midnight - timedelta(minutes=40)
        return midnight + (now - midnight) // _REPORT_LIVES * _REPORT_LIVES


def _entry(name: str, item: Stored | None) -> str:
    if item is None:
        return f"<CommonPrefixes><Prefix>{quote(name)}</Prefix></CommonPrefixes>"
    return (
        f"<Contents><Key>{quote(name)}</Key><LastModified>{item.since:%Y-%m-%dT%H:%M:%S.000Z}"
        f"</LastModified><ETag>&quot;{item.etag}&quot;</ETag><Size>{len(item.body)}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    )


def _root() -> dict[str, str]:
    return dict.fromkeys(_COLUMNS, "N/A") | {
        "user": "<root_account>", "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "user_creation_time": "2022-03-01T09:00:00+00:00", "password_enabled": "not_supported",
        "password_last_used": "no_information", "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported", "mfa_active": "true",
        "access_key_1_active": "false", "access_key_2_active": "false",
        "cert_1_active": "false", "cert_2_active": "false",
    }  # fmt: skip


def _line(name: str, person: object, since: datetime, now: datetime) -> dict[str, str]:
    made = f"{since:%Y-%m-%dT%H:%M:%S}+00:00"
    used = f"{now - timedelta(days=hash_of(name) % 5 + 1):%Y-%m-%dT%H:%M:%S}+00:00"
    is_person = person is not None
    return dict.fromkeys(_COLUMNS, "N/A") | {
        "user": name, "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}", "user_creation_time": made,
        "password_enabled": str(is_person).lower(),
        "password_last_used": used if is_person else "N/A",
        "password_last_changed": made if is_person else "N/A",
        "mfa_active": str(is_person).lower(),
        "access_key_1_active": str(not is_person).lower(),
        "access_key_1_last_rotated": "N/A" if is_person else made,
        "access_key_1_last_used_date": "N/A" if is_person else used,
        "access_key_2_active": "false", "cert_1_active": "false", "cert_2_active": "false",
    }  # fmt: skip


def _iam(action: str, result: str) -> Answer:
    return _xml(
        f'<{action}Response xmlns="{_IAM}"><{action}Result>{result}</{action}Result>'
        f"</{action}Response>"
    )


def _xml(text: str) -> Answer:
    return Answer(200, f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode(), content_type=_XML)


def _s3_error(status: int, code: str) -> Answer:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Answer(status, body.encode(), content_type=_XML)
