"""Retries: what is worth another try, how long to wait before it, and when to stop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from http_source import Answer, HttpSource, in_turn, serving
from muniment.collection import Request
from muniment.errors import SourceError, TransientSourceError
from muniment.retries import Patience
from muniment.transport import Client

#: the server's clock; far from ours, since a wrong clock here must not matter
SERVER_NOW = datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC)
DATE = ("Date", format_datetime(SERVER_NOW, usegmt=True))
OK = Answer([{"id": 1}])


@pytest.fixture
def source() -> Iterator[HttpSource]:
    with serving() as server:
        yield server


class Talk:
    def __init__(self, source: HttpSource, max_total_s: float = 900) -> None:
        self.requests: list[Request] = []
        self.waits: list[float] = []
        patience = Patience(max_total_s, self.waits.append)
        self.client = Client(source.connection(), None, self.requests.append, patience)


def _in(seconds: int) -> datetime:
    return SERVER_NOW + timedelta(seconds=seconds)


def _epoch(seconds: int) -> str:
    return str(int(_in(seconds).timestamp()))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 422, 451])
def test_a_refusal_is_not_repeated(source: HttpSource, status: int) -> None:
    source.reply = lambda asked: Answer({"errorSummary": "Not for you"}, status=status)
    talk = Talk(source)
    with pytest.raises(SourceError, match=rf"HTTP {status} \(Not for you\)") as raised:
        talk.client.get("/x", "/x")
    assert not isinstance(raised.value, TransientSourceError)
    assert len(source.asked) == 1
    assert [request.status for request in talk.requests] == [status]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_trouble_is_tried_again_a_bounded_number_of_times(
    source: HttpSource, status: int
) -> None:
    source.reply = in_turn(Answer(status=status), Answer(status=status), OK)
    talk = Talk(source)
    assert talk.client.get("/x", "/x").array() == [{"id": 1}]
    assert talk.waits == [0.5, 1.0]
    source.reply = lambda asked: Answer(status=status)
    source.asked.clear()
    with pytest.raises(TransientSourceError, match=f"HTTP {status}"):
        talk.client.get("/x", "/x")
    assert len(source.asked) == 5


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("asked_for", ["17", format_datetime(_in(17), usegmt=True)])
def test_retry_after_is_honoured(source: HttpSource, status: int, asked_for: str) -> None:
    headers = [DATE, ("Retry-After", asked_for)]
    source.reply = in_turn(Answer(status=status, headers=headers), OK)
    talk = Talk(source)
    talk.client.get("/x", "/x")
    assert talk.waits == [17.0]


@pytest.mark.parametrize("family", ["X-RateLimit", "X-Rate-Limit"])
@pytest.mark.parametrize("status", [403, 429])
def test_a_used_up_limit_is_waited_for(source: HttpSource, family: str, status: int) -> None:
    headers = [DATE, (f"{family}-Remaining", "0"), (f"{family}-Reset", _epoch(30))]
    source.reply = in_turn(Answer(status=status, headers=headers), OK)
    talk = Talk(source)
    talk.client.get("/x", "/x")
    assert talk.waits == [31.0]


@pytest.mark.parametrize("family", ["X-RateLimit", "X-Rate-Limit"])
def test_the_last_allowed_answer_counts_and_the_next_request_waits(
    source: HttpSource, family: str
) -> None:
    headers = [DATE, (f"{family}-Remaining", "0"), (f"{family}-Reset", _epoch(20))]
    source.reply = in_turn(Answer([{"id": 0}], headers=headers), OK)
    talk = Talk(source)
    assert talk.client.get("/x", "/x").array() == [{"id": 0}]
    assert talk.waits == []
    assert talk.client.get("/x", "/x").array() == [{"id": 1}]
    assert talk.waits == [21.0]


@pytest.mark.parametrize("is_refused", [True, False])
def test_a_limit_beyond_patience_ends_at_once_and_names_the_reset(
    source: HttpSource, is_refused: bool
) -> None:
    headers = [DATE, ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", _epoch(3000))]
    status = 403 if is_refused else 200
    source.reply = lambda asked: Answer([], status=status, headers=headers)
    talk = Talk(source, max_total_s=600)
    if not is_refused:
        talk.client.get("/x", "/x")
    for _ in range(2):  # and stays so for every later request of this collection
        with pytest.raises(TransientSourceError, match="resets at 2031-05-04T03:52:02Z"):
            talk.client.get("/x", "/x")
    assert talk.waits == []


def test_patience_is_one_total_for_the_collection(source: HttpSource) -> None:
    limited = Answer(status=429, headers=[("Retry-After", "40")])
    source.reply = in_turn(limited, OK, limited, OK, limited, OK)
    talk = Talk(source, max_total_s=100)
    talk.client.get("/x", "/x")
    talk.client.get("/x", "/x")
    with pytest.raises(TransientSourceError, match="HTTP 429"):
        talk.client.get("/x", "/x")
    assert talk.waits == [40.0, 40.0]


def test_the_longer_of_reset_and_retry_after_is_waited(source: HttpSource) -> None:
    limit = [DATE, ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", _epoch(5))]
    longer, shorter = ("Retry-After", "30"), ("Retry-After", "1")
    source.reply = in_turn(
        Answer(status=429, headers=[*limit, longer]), OK,
        Answer(status=429, headers=[*limit, shorter]), OK,
    )  # fmt: skip
    talk = Talk(source)
    talk.client.get("/x", "/x")
    talk.client.get("/x", "/x")
    assert talk.waits == [30.0, 6.0]


def test_a_limit_is_no_accepted_refusal(source: HttpSource) -> None:
    source.reply = in_turn(Answer(SECONDARY, status=403), Answer({}, status=403))
    talk = Talk(source)
    assert talk.client.get("/x", "/x", ok=(200, 403)).status == 403
    assert (talk.waits, len(source.asked)) == ([60.0], 2)


SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
#: Google refuses with 403 what others refuse with 429
QUOTA = {"error": {"message": "Quota exceeded", "errors": [{"reason": "quotaExceeded"}]}}
PLENTY = ("X-RateLimit-Remaining", "4000")


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        (Answer(SECONDARY, status=403, headers=[PLENTY]), [60.0]),
        (Answer(SECONDARY, status=429, headers=[PLENTY]), [60.0]),
        (Answer({}, status=403, headers=[PLENTY, ("Retry-After", "30")]), [30.0]),
        (Answer(QUOTA, status=403), [60.0]),
        (
            Answer(
                SECONDARY,
                status=403,
                headers=[PLENTY, DATE, ("Retry-After", format_datetime(_in(9), usegmt=True))],
            ),
            [9.0],
        ),
    ],
    ids=["403 silent", "429 silent", "403 seconds", "403 quota", "403 date"],
)
def test_secondary_limits_and_quotas_are_no_missing_permission(
    source: HttpSource, answer: Answer, waits: list[float]
) -> None:
    source.reply = in_turn(answer, OK)
    talk = Talk(source)
    assert talk.client.get("/x", "/x").array() == [{"id": 1}]
    assert talk.waits == waits


def test_nonsense_in_limit_headers_is_ignored(source: HttpSource) -> None:
    headers = [
        ("X-RateLimit-Remaining", "none"),
        ("X-RateLimit-Reset", ""),
        ("Retry-After", "soon"),
    ]
    source.reply = in_turn(Answer(status=429, headers=headers), OK)
    talk = Talk(source)
    assert talk.client.get("/x", "/x").array() == [{"id": 1}]
    assert talk.waits == [0.5]


@pytest.mark.parametrize("reset", ["7", _epoch(7)], ids=["from now", "epoch"])
def test_resets_are_read_in_both_forms(source: HttpSource, reset: str) -> None:
    limit = [DATE, ("RateLimit-Remaining", "0"), ("RateLimit-Reset", reset)]
    source.reply = in_turn(Answer(status=429, headers=limit), OK)
    talk = Talk(source)
    talk.client.get("/x", "/x")
    assert talk.waits == [8.0]
