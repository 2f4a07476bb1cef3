"""GitHub audit log of an organisation: rights given and taken, members removed, settings changed.

Read by the time of the events, some days before the window again, since events may appear hours
after they happened. Git events (clone, fetch, push) are kept by GitHub for seven days only; they
carry neither branch nor revisions, so that no ledger stream is fed from them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from pydantic import Field

from muniment import settling
from muniment.collecting import Ask
from muniment.collection import day_of
from muniment.sources.spec import Shape, SourceSpec
from muniment.vendors import github
from muniment.vendors.github import GitHub

TEMPLATE = "/orgs/{org}/audit-log"
#: how long GitHub keeps what it logs (GitHub: "Using the audit log API for your enterprise")
RETENTION_DAYS, GIT_RETENTION_DAYS = 180, 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class GitHubAuditLogOptions(github.OrganisationOptions):
    """settling_h: age at which a day's events count as delivered (project default: 2 hours).

    overlap_days: how many days before the window are read again for late events (project default).
    """

    settling_h: int = Field(default=2, ge=0)
    overlap_days: int = Field(default=2, ge=0)


SPEC = SourceSpec(
    kind="github_audit_log",
    title="GitHub audit log",
    mode="event",
    needs="connection",
    shapes=(
        Shape(
            "audit_events", "array", "audit_event", native_id=("/_document_id",),
            event_time="/@timestamp", time_form="epoch_ms",
        ),
        github.ORGANISATION,
    ),
    feeds={
        "audit_event": (
            "access_events.grant",
            "access_events.revoke",
            "access_events.disable",
            "change_events.config_change",
        )
    },
    options=GitHubAuditLogOptions,
    seen=github.seen,
    basis=("cursor_exhausted", "not_provable"),
    retention_days=RETENTION_DAYS,
    permissions=(
        "Administration of the organisation: read (fine-grained or GitHub App), or scope "
        "read:audit_log of an owner. GitHub offers the log to organisations on Enterprise Cloud.",
    ),
    limits=(
        "GitHub answers 1,750 requests an hour for the audit log, per user and address; a page "
        f"holds {github.PAGE_SIZE} events. A collection waits for the limit to reset, `max_wait_s` "
        f"in all: by default {github.MAX_WAIT_S} s.",
    ),
    blind_spots=(
        f"GitHub keeps {RETENTION_DAYS} days, Git events (clone, fetch, push) "
        f"{GIT_RETENTION_DAYS} days: of older days, Git events are not provable, and a collection "
        "of such a day says so. No ledger stream is fed from them: they name neither branch nor "
        "revisions, and movements of refs come from github_pulls.",
        "A day counts as delivered settling_h after its end. In GitHub's own incidents events were "
        "delayed by up to two hours; what comes later is read again for overlap_days, and staged "
        "as late.",
        "What members do in their own accounts (passwords, keys, second factors) is in their own "
        "security logs, which no organisation may read.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Reads one window and the days before it. Raises SourceError."""
    assert isinstance(ask.options, GitHubAuditLogOptions)  # validated against SPEC.options
    hub = github.connect(ask, ask.options)
    found = settling.Found()
    for page in _pages(hub, ask.options):
        found.note_all(_events(page))
    _note_git_events(ask)
    _prove_again(ask, ask.options)
    settling.prove(
        ask, found, shape="audit_events", read=lambda body: _events(json.loads(body)),
        settling_h=ask.options.settling_h, retention_days=RETENTION_DAYS,
    )  # fmt: skip


def _pages(hub: GitHub, options: GitHubAuditLogOptions) -> Iterator[list[dict[str, Any]]]:
    """Every page, kept; oldest events first, so that what arrives meanwhile comes at the end."""
    first = hub.first_day - timedelta(days=options.overlap_days)
    start, end = github.midnight(first), github.midnight(hub.ask.window.end_day)
    parameters = {
        "phrase": f"created:{start}..{end}", "include": "all", "order": "asc",
        "per_page": str(github.PAGE_SIZE),
    }  # fmt: skip
    path = f"/orgs/{quote(hub.organisation, safe='')}/audit-log"
    pages = hub.client.pages(path, TEMPLATE, parameters)
    for number, response in enumerate(pages, start=1):
        hub.ask.keep_response(response, "audit_events", page=number)
        yield response.array()


def _events(page: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """(id, time) of each event; without a time that can be read, the index counts it."""
    for event in page:
        moment = event.get("@timestamp")
        if isinstance(moment, int) and abs(moment) < 1 << 47:  # the years that a datetime can hold
            at = _EPOCH + timedelta(milliseconds=moment)
            yield str(event.get("_document_id")), at.isoformat()


def _prove_again(ask: Ask, options: GitHubAuditLogOptions) -> None:
    """Days that the collection before asked for and this one has read again, in vain or not."""
    before = next(ask.earlier(), None)
    if before is None:
        return
    overlap = ask.window.first_day - timedelta(days=options.overlap_days)
    settled = (ask.started_at - timedelta(hours=options.settling_h)).date()
    first, end = max(overlap, day_of(before.window_start)), min(ask.window.first_day, settled)
    if first < end:
        settling.prove_kept(ask, first, end, RETENTION_DAYS)


def _note_git_events(ask: Ask) -> None:
    kept_from = (ask.started_at - timedelta(days=GIT_RETENTION_DAYS)).date() + timedelta(days=1)
    if ask.window.first_day < kept_from:
        ask.warn(
            f"Git events (clone, fetch, push) before {kept_from} are not provable: GitHub keeps "
            f"them for {GIT_RETENTION_DAYS} days. No ledger stream is fed from them."
        )
