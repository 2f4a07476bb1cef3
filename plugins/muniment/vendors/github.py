"""GitHub: headers, tenant, what is kept of one conversation, and lists read newest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from pydantic import Field

from muniment.collecting import Ask
from muniment.sources.spec import Options, Shape
from muniment.transport import Client
from muniment.vendors.unread import UNREAD

API_VERSION = "2022-11-28"
PAGE_SIZE = 100
#: GitHub's limit is by the hour: two whole hours may be waited out, with a minute for each for
#: rounding and for what was asked before. The task `collect` of the DAG may take longer than this.
MAX_WAIT_S = 2 * (3600 + 60)
#: for the reference pages; figures from GitHub's "Rate limits for the REST API" (tokens of a user;
#: an organisation's GitHub App may have more)
LIMITS = (
    "GitHub answers 5,000 requests an hour and credential, those of other programs with the same "
    "credential included.",
    f"A collection waits for the limit to reset, `max_wait_s` in all: by default {MAX_WAIT_S} s, "
    "two of GitHub's hours, so that about 15,000 requests fit into one collection. What needs more "
    "ends as a failure that says when the limit resets, and its days are a GAP: collect fewer days "
    "at a time with `--from` and `--to`, or raise `max_wait_s` and, under Airflow, the timeout of "
    "the task `collect` (3 h).",
)
DAY = timedelta(days=1)
ORGANISATION = Shape("organisation", "document", "organisation", native_id=("/id",))
REPOSITORIES = Shape("repositories", "array", "repository", native_id=("/id",))
#: a repository that is named in the options is asked for alone
REPOSITORY = Shape("repository", "document", "repository", native_id=("/id",))


class OrganisationOptions(Options):
    """organisation: its login.

    max_wait_s: how long one collection may wait in all for GitHub's limits to reset.
    """

    organisation: str
    max_wait_s: int = Field(default=MAX_WAIT_S, ge=0)


class GitHubOptions(OrganisationOptions):
    """repositories: names, default all of them, archived ones included."""

    repositories: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class Repository:
    """What the connectors need of one repository; `name` is `organisation/name`."""

    name: str
    default_branch: str


@dataclass
class GitHub:
    """One collection's conversation with GitHub; every answer is kept."""

    ask: Ask
    client: Client
    organisation: str
    holes: list[tuple[str, date, str]] = field(default_factory=list)

    @property
    def first_day(self) -> date:
        """First day that is asked for."""
        return self.ask.window.first_day

    @property
    def end_day(self) -> date:
        """End (exclusive) of what this collection can prove: no day that has not ended."""
        return min(self.ask.window.end_day, self.ask.last_ended_day + DAY)

    def document(
        self, path: str, template: str, shape: str, context: dict[str, str],
        absent: tuple[int, ...] = (),
    ) -> dict[str, Any] | None:  # fmt: skip
        """One JSON object, kept; None where GitHub answers with a status in `absent`."""
        response = self.client.get(path, template, ok=(200, *absent))
        is_there = response.status == 200
        self.ask.keep_response(response, shape if is_there else UNREAD.name, context=context)
        return response.object() if is_there else None

    def listing(
        self, path: str, template: str, shape: str, context: dict[str, str],
        params: dict[str, str] | None = None,
        is_past: Callable[[dict[str, Any]], bool] = lambda item: False,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """All items of a list, each page kept; ends early once a page's last item `is_past`."""
        found = self.listing_if_there(path, template, shape, context, params, is_past)
        assert found is not None  # no status is accepted but 200
        return found

    def listing_if_there(
        self, path: str, template: str, shape: str, context: dict[str, str],
        params: dict[str, str] | None = None,
        is_past: Callable[[dict[str, Any]], bool] = lambda item: False,
        absent: tuple[int, ...] = (),
    ) -> list[dict[str, Any]] | None:  # fmt: skip
        """As `listing`; None where GitHub answers with a status in `absent`."""
        found: list[dict[str, Any]] = []
        parameters = {"per_page": str(PAGE_SIZE), **(params or {})}
        pages = self.client.pages(path, template, parameters, ok=(200, *absent))
        for page, response in enumerate(pages, start=1):
            if response.status != 200:
                self.ask.keep_response(response, UNREAD.name, context=context)
                return None
            self.ask.keep_response(response, shape, page=page, context=context)
            items = response.array()
            found += items
            if items and is_past(items[-1]):
                break
        return found

    def hole(self, stream: str, day: date, reason: str) -> None:
        """Notes that one day of one ledger stream can never be proven, and warns."""
        self.holes.append((stream, day, reason))
        self.ask.warn(reason)

    def prove(self) -> None:
        """Cursors exhausted for every day of the window but the holes."""
        for stream in self.ask.spec.ledger_streams(self.ask.options):
            holes = {day: reason for name, day, reason in self.holes if name == stream}
            start = self.first_day
            for day in sorted(day for day in holes if self.first_day <= day < self.end_day):
                self._prove_sound(stream, start, day)
                self.ask.prove(
                    stream, "not_provable", day, day + DAY, reason=holes[day], is_final=True
                )
                start = day + DAY
            self._prove_sound(stream, start, self.end_day)

    def _prove_sound(self, stream: str, first_day: date, end_day: date) -> None:
        if first_day < end_day:
            self.ask.prove(stream, "cursor_exhausted", first_day, end_day)


def connect(ask: Ask, options: OrganisationOptions) -> GitHub:
    """The conversation, authorised, with the tenant on record. Raises SourceError."""
    client = ask.client
    client.patience.max_total_s = options.max_wait_s
    _authorise(client)
    path = f"/orgs/{quote(options.organisation, safe='')}"
    response = client.get(path, "/orgs/{org}")
    ask.keep_response(response, ORGANISATION.name)
    scopes = [scope.strip() for scope in response.headers.get("X-OAuth-Scopes", "").split(",")]
    login = str(response.object().get("login") or options.organisation)
    ask.set_tenant(login, tuple(scope for scope in scopes if scope))
    return GitHub(ask, client, login)


def seen(client: Client) -> list[dict[str, Any]]:
    """The organisations that the credential's owner belongs to. Raises SourceError."""
    _authorise(client)
    path = "/user/orgs"
    pages = client.pages(path, path, {"per_page": str(PAGE_SIZE)})
    return [{"organisation": item["login"]} for page in pages for item in page.array()]


def _authorise(client: Client) -> None:
    client.authorise(
        "Bearer",
        {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": API_VERSION},
    )


def midnight(day: date) -> str:
    """The beginning of a UTC day, as GitHub writes times."""
    return datetime.combine(day, time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
