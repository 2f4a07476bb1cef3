"""AWS IAM's credential report: every user of an account with password, second factor and keys.

AWS makes the report on request and gives the same one for four hours, so its own time decides which
day it shows. It is read through IAM's query interface; the report inside the answer is kept beside
it as the CSV file that it is.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from muniment import snapshots
from muniment.collecting import Ask
from muniment.collection import instant
from muniment.connections import Connection
from muniment.errors import SourceError, TransientSourceError
from muniment.retries import DEFAULT_MAX_WAIT_S
from muniment.sources.spec import CsvDialect, Options, Shape, SourceSpec
from muniment.transport import Client, Response
from muniment.vendors import aws, aws_query

VERSION = "2010-05-08"
#: what AWS answers while there is no report yet: in progress (404), none or an expired one (410)
_NOT_YET = (404, 410)
#: AWS makes a report in some seconds
POLL_S = 2.0
STREAMS = ("identities.account", "identities.factor", "identities.credential")


class AwsIamCredentialReportOptions(Options):
    """max_wait_s: how long one collection may wait in all, for the report to be made among it."""

    max_wait_s: int = Field(default=DEFAULT_MAX_WAIT_S, ge=0)


def _seen(client: Client) -> list[dict[str, Any]]:
    """No options: a connection that IAM accepts is of one account."""
    if not client.connection.login:
        raise SourceError("the connection names no access key id")
    iam = _signed(client, client.connection)
    aws_query.pairs(iam.get("/", "/?Action=GetAccountSummary", _action("GetAccountSummary")))
    return [{}]


SPEC = SourceSpec(
    kind="aws_iam_credential_report",
    title="AWS IAM credential report",
    mode="state",
    needs="connection",
    shapes=(
        Shape("report", "csv", "account", native_id=("/arn",)),
        # IAM answers XML: kept as it came, its lines for records
        Shape(
            "answer", "csv", "answer",
            csv=CsvDialect(delimiter="\x1f", quote="", names=("line",), is_lenient=True),
        ),
    ),
    feeds={"account": STREAMS, "answer": ()},
    options=AwsIamCredentialReportOptions,
    seen=_seen,
    basis=("total_count", "not_provable"),
    permissions=(
        "iam:GenerateCredentialReport and iam:GetCredentialReport: the report",
        "iam:GetAccountSummary: how many users there are, by which the report is proven whole",
    ),
    limits=(
        "AWS gives the same report for four hours. One that was made on the day before shows that "
        "day: today is then not proven, and a later collection mends it.",
    ),
    blind_spots=(
        "The report says whether a second factor is active, not which.",
        "Two access keys a user, and no more, though AWS may allow others in future.",
        "People who come in through a role (identity centre, federation) are no users of IAM.",
        "A user's password use and keys' last use are recorded by AWS since 2014 and 2015 alone.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Has the report made, keeps it, and counts it against the account's own count of users."""
    assert isinstance(ask.options, AwsIamCredentialReportOptions)  # validated against SPEC.options
    client = _connect(ask, ask.options)
    body, generated_at = _report(ask, client)
    rows = _rows(body)
    users = _users(ask, client)
    ask.set_tenant(_account(rows))
    context = {"generated_at": instant(generated_at)}
    ask.keep(body, "report", media_type="text/csv", context=context)
    _prove(ask, rows, users, generated_at)


def _connect(ask: Ask, options: AwsIamCredentialReportOptions) -> Client:
    assert ask.connection is not None  # checked when the configuration was loaded
    client = ask.move_to(_signed(ask.client, ask.connection))
    client.patience.max_total_s = options.max_wait_s
    return client


def _signed(client: Client, connection: Connection) -> Client:
    """A client of IAM's own address, whose requests the connection's key signs."""
    region = connection.extra.get("region_name", aws.DEFAULT_REGION)
    service = aws.service("iam", region, connection)
    other = client.beside(service.base_url)
    other.sign_with(aws.signer(service, connection), {"Accept": "text/xml"})
    return other


def _action(name: str) -> dict[str, str]:
    return {"Action": name, "Version": VERSION}


def _asked(ask: Ask, client: Client, action: str, ok: tuple[int, ...] = (200,)) -> Response:
    response = client.get("/", f"/?Action={action}", _action(action), ok=ok)
    ask.keep_response(response, "answer")
    return response


def _report(ask: Ask, client: Client) -> tuple[bytes, datetime]:
    """The report's CSV and when AWS made it."""
    while True:
        state = aws_query.text(_asked(ask, client, "GenerateCredentialReport"), "State")
        if state == "COMPLETE":
            response = _asked(ask, client, "GetCredentialReport", ok=(200, *_NOT_YET))
            if response.status == 200:
                return _content(response), _generated_at(response)
            state = f"HTTP {response.status}"
        if not client.patience.allows(POLL_S):
            raise TransientSourceError(
                f"GET /?Action=GetCredentialReport: the report was not made in time (last state: "
                f"{state}). Collect again, or allow more with options.max_wait_s."
            )
        client.patience.pause(POLL_S)


def _content(response: Response) -> bytes:
    form = aws_query.text(response, "ReportFormat")
    if form != "text/csv":
        raise SourceError(f"GET {response.template}: the report is {form!r}, expected text/csv.")
    try:
        return base64.b64decode(aws_query.text(response, "Content"), validate=True)
    except binascii.Error as error:
        raise SourceError(
            f"GET {response.template}: the report cannot be decoded ({error})."
        ) from None


def _generated_at(response: Response) -> datetime:
    text = aws_query.text(response, "GeneratedTime")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SourceError(
            f"GET {response.template}: GeneratedTime is {text!r}, which is no time."
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _rows(body: bytes) -> list[dict[str, str | None]]:
    try:
        rows = list(csv.DictReader(io.StringIO(body.decode("utf-8"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"The credential report is no CSV text ({error}).") from None
    if not rows or not {"user", "arn"} <= set(rows[0]):
        raise SourceError(
            "The credential report has no rows with the columns user and arn, not even the "
            "account's own root."
        )
    return rows


def _account(rows: list[dict[str, str | None]]) -> str | None:
    """The account's id, from the first ARN: `arn:aws:iam::123456789012:root`."""
    parts = (rows[0]["arn"] or "").split(":")
    return parts[4] if len(parts) > 4 else None


def _users(ask: Ask, client: Client) -> int:
    """How many users the account says that it has."""
    response = _asked(ask, client, "GetAccountSummary")
    users = aws_query.pairs(response).get("Users", "")
    if users.isdigit():
        return int(users)
    raise SourceError(f"GET {response.template}: the summary does not count the Users.")


def _prove(ask: Ask, rows: list[dict[str, str | None]], users: int, generated_at: datetime) -> None:
    today = ask.started_at.date()
    made = f"The report was made at {generated_at:%Y-%m-%d %H:%M}Z"
    holes: dict[str, str] = {}
    if generated_at.date() != today:
        until = generated_at + timedelta(hours=4)
        reason = (
            f"{made} and shows that day, not {today}: AWS gives the same one for four hours. "
            f"Collect again after {until:%H:%M}Z."
        )
        holes = dict.fromkeys(STREAMS, reason)
    said = f"{made} with {len(rows)} rows; the account counts {users} users beside its root."
    snapshots.prove(
        ask, dict.fromkeys(STREAMS, users + 1), said, never_empty=frozenset(STREAMS), holes=holes,
        basis="total_count",
    )  # fmt: skip
