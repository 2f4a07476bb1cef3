"""Everything that can go wrong between a collector and a vendor, switched on request by request."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

from muniment.sandbox.answers import Answer, Question, Vendor, document, text_of
from muniment.sandbox.github_errors import error as github_error
from muniment.sandbox.okta_http import Okta

Kind = Literal[
    "status", "secondary_limit", "drop", "html", "truncated", "repeat_next", "duplicates",
    "foreign_next", "redirect", "slow",
]  # fmt: skip
LIMITED = 429
PROXY_PAGE = b"<!doctype html><html><body><h1>Signing you in...</h1></body></html>"


@dataclass
class Fault:
    """One thing that goes wrong.

    kind: what; path: pattern searched in base path, path and query; times: for how many matching
    requests (None: until cleared); after: how many matching requests pass first; until: the
    simulated instant from which it is over; status: for kind status; retry_after: seconds, an
    instant (written as an HTTP date), or None for no header; reset_s: seconds until the limit's
    reset, in the limit's headers; host: address for foreign_next and redirect; seconds: how long
    a slow answer takes.
    """

    kind: Kind
    path: str = ".*"
    times: int | None = None
    after: int = 0
    until: datetime | None = None
    status: int = 500
    retry_after: int | datetime | None = None
    reset_s: int = 1
    host: str = "http://elsewhere.invalid"
    seconds: float = 0.0
    last_item: str = field(default="", repr=False)

    def takes(self, target: str, now: datetime) -> bool:
        """Whether this request is hit; counts it."""
        is_over = self.until is not None and now >= self.until
        if is_over or self.times == 0 or not re.search(self.path, target):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(frozen=True)
class Outcome:
    """What goes over the wire: the answer, and after how many bytes of body the line is cut."""

    answer: Answer
    cut_after: int | None = None


def refusal(fault: Fault, question: Question, vendor: Vendor) -> Answer:
    """The answer of a fault that needs none of the vendor's own."""
    if fault.kind == "html":
        return Answer(200, PROXY_PAGE, content_type="text/html; charset=utf-8")
    if fault.kind == "redirect":
        return Answer(302, b"", {"Location": fault.host + urlsplit(question.url()).path})
    if fault.kind == "secondary_limit":
        answer = github_error(403, "You have exceeded a secondary rate limit. Please wait.")
        answer.headers = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4000"}
    else:
        answer = _failed(vendor, fault.status)
    if fault.status == LIMITED and fault.kind == "status":
        answer.headers.update(_limits(fault, question.now, isinstance(vendor, Okta)))
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = _retry_after(fault.retry_after)
    return answer


def _failed(vendor: Vendor, status: int) -> Answer:
    """An error in the vendor's own form, where it has one."""
    failed = getattr(vendor, "failed", None)
    if failed is None:
        return document({"message": HTTPStatus(status).phrase}, status)
    answer: Answer = failed(status)
    return answer


def _limits(fault: Fault, now: datetime, is_okta: bool) -> dict[str, str]:
    family = "X-Rate-Limit" if is_okta else "X-RateLimit"
    reset = int((now + timedelta(seconds=fault.reset_s)).timestamp())
    return {f"{family}-Limit": "600", f"{family}-Remaining": "0", f"{family}-Reset": str(reset)}


def _retry_after(value: int | datetime) -> str:
    return str(value) if isinstance(value, int) else format_datetime(value, usegmt=True)


def is_before_answer(fault: Fault) -> bool:
    """Whether the fault answers in the vendor's place."""
    return fault.kind in ("status", "secondary_limit", "html", "redirect")


def spoil(fault: Fault, question: Question, answer: Answer) -> Outcome:
    """What a fault makes of the vendor's own answer."""
    if fault.kind == "slow":
        time.sleep(fault.seconds)
    if fault.kind == "drop":
        return Outcome(answer, cut_after=len(answer.body) // 2)
    if fault.kind == "truncated":
        return Outcome(replace(answer, body=answer.body[: len(answer.body) * 2 // 3]))
    if fault.kind == "repeat_next":
        answer.links["next"] = question.url()
    if fault.kind == "foreign_next":
        parts = urlsplit(answer.links.get("next", question.url()))
        answer.links["next"] = f"{fault.host}{parts.path}?{parts.query}"
    if fault.kind == "duplicates":
        answer = _with_duplicate(fault, answer)
    return Outcome(answer)


def _with_duplicate(fault: Fault, answer: Answer) -> Answer:
    """The last item of the page before comes again as the first item of this one."""
    items = [text_of(item) for item in json.loads(answer.body)]
    again = [fault.last_item] if fault.last_item and items else []
    fault.last_item = items[-1] if items else ""
    return replace(answer, body=f"[{','.join([*again, *items])}]".encode())
