"""When to ask a source again, and how long to wait before.

Permanent refusals (401, 403, 404, 410, 422, other 4xx) are never repeated. What a later try may
mend is repeated a bounded number of times, waiting as long as the source itself says, within one
total for the whole collection.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

import tenacity

from muniment.errors import TransientSourceError

MAX_ATTEMPTS = 5
FIRST_WAIT_S = 0.5
#: longest pause of our own choosing, where the source names none
LONGEST_BACKOFF_S = 30.0
#: GitHub's documentation: after a secondary limit without `Retry-After`, at least one minute
SECONDARY_LIMIT_WAIT_S = 60.0
DEFAULT_MAX_WAIT_S = 900
TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})
#: of a vendor's own words, in messages
MESSAGE_LENGTH = 80
_LIMIT_STATUSES = frozenset({403, 429})
#: GitHub's secondary limits in words; Google's reasons (`userRateLimitExceeded`, …), also with 403
_SECONDARY_WORDS = (
    "secondary rate limit", "abuse detection", "ratelimitexceeded", "quotaexceeded",
)  # fmt: skip
_REMAINING = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")
_RESET = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")
#: a reset below this is no instant of this century but seconds from now (Microsoft Graph)
_FIRST_EPOCH_S = 1_000_000_000


class TryAgainError(TransientSourceError):
    """One attempt failed; another may succeed. `wait_s`: what the source asks for, if anything."""

    def __init__(self, text: str, wait_s: float | None = None, backoff_s: float = FIRST_WAIT_S):
        """`backoff_s`: the first pause where the source asks for none; it doubles."""
        super().__init__(text)
        self.wait_s = wait_s
        self.backoff_s = backoff_s


@dataclass
class Patience:
    """The waiting of one collection: `max_total_s` seconds in all, over every request."""

    max_total_s: float = DEFAULT_MAX_WAIT_S
    sleep: Callable[[float], None] = field(default_factory=lambda: time.sleep)
    waited_s: float = field(default=0.0, init=False)

    def retrying(self) -> tenacity.Retrying:
        """Repeats on TryAgainError; raises the last one once patience or attempts are used up."""
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TryAgainError),
            wait=_wait_s,
            stop=self._is_used_up,
            sleep=self.pause,
            reraise=True,
        )

    def pause(self, seconds: float) -> None:
        """Waits, on the collection's account."""
        self.waited_s += seconds
        self.sleep(seconds)

    def allows(self, seconds: float) -> bool:
        """Whether this much more waiting is within the total."""
        return self.waited_s + seconds <= self.max_total_s

    def _is_used_up(self, state: tenacity.RetryCallState) -> bool:
        return state.attempt_number >= MAX_ATTEMPTS or not self.allows(state.upcoming_sleep)


def _wait_s(state: tenacity.RetryCallState) -> float:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert isinstance(error, TryAgainError)
    if error.wait_s is not None:
        return error.wait_s
    doubled = error.backoff_s * 2.0 ** (state.attempt_number - 1)
    return min(doubled, max(LONGEST_BACKOFF_S, error.backoff_s * 8))


def check(status: int, headers: Mapping[str, str], message: str, where: str) -> None:
    """Raises TryAgainError where this answer says that a later try may succeed.

    `message`: the vendor's own error text; `where`: the request, for people.
    """
    asked, limit = retry_after_s(headers), used_up_limit(headers, where)
    if status in _LIMIT_STATUSES and limit is not None:
        limit.wait_s = max(limit.wait_s or 0.0, asked or 0.0)
        raise limit
    is_secondary = any(word in message.lower() for word in _SECONDARY_WORDS)
    if status in _LIMIT_STATUSES and (is_secondary or (status == 403 and asked is not None)):
        due_s = SECONDARY_LIMIT_WAIT_S if asked is None else asked
        raise TryAgainError(
            f"{where}: a secondary request limit or quota is reached (HTTP {status}"
            f"{message and f', {message[:MESSAGE_LENGTH]}'}); {due_s:.0f} s of pause are due.",
            asked,
            SECONDARY_LIMIT_WAIT_S,
        )
    if status in TRANSIENT_STATUSES:
        phrase = HTTPStatus(status).phrase
        pause = "" if asked is None else f" It asks for {asked:.0f} s of pause."
        raise TryAgainError(f"{where}: HTTP {status} {phrase}.{pause}", asked)


def used_up_limit(headers: Mapping[str, str], where: str) -> TryAgainError | None:
    """What to wait for, where these headers say that no request remains; else None.

    GitHub's `X-RateLimit-*`, Okta's `X-Rate-Limit-*` and GitLab's `RateLimit-*` give the reset in
    epoch seconds, Microsoft's `RateLimit-*` in seconds from now; one second is added, since all
    are rounded.
    """
    remaining, reset = _number(headers, _REMAINING), _number(headers, _RESET)
    if remaining is None or remaining > 0 or reset is None:
        return None
    if reset < _FIRST_EPOCH_S:
        reset += _server_now(headers)
    wait = max(0.0, reset - _server_now(headers)) + 1.0
    until = _instant(_server_now(headers) + wait)
    return TryAgainError(f"{where}: the request limit is reached; it resets at {until}.", wait)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds from now: a number of seconds or an HTTP date; None if absent."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    moment = _http_date(text)
    return None if moment is None else max(0.0, moment - _server_now(headers))


def _server_now(headers: Mapping[str, str]) -> float:
    """The server's own clock (epoch seconds), so that a wrong clock here does not matter."""
    moment = _http_date(headers.get("Date", ""))
    return time.time() if moment is None else moment


def _http_date(text: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return None


def _number(headers: Mapping[str, str], names: tuple[str, ...]) -> float | None:
    for name in names:
        try:
            return float(headers[name])
        except (KeyError, ValueError):
            continue
    return None


def _instant(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
