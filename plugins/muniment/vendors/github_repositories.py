"""The repositories of a GitHub organisation, one after the other; those no longer listed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.parse import quote

from muniment.collecting import Ask
from muniment.errors import SourceError, TransientSourceError
from muniment.vendors.github import (
    DAY,
    REPOSITORIES,
    REPOSITORY,
    GitHub,
    GitHubOptions,
    Repository,
)

#: repositories that a failure names in its own line
_NAMED = 10


def each_repository(
    github: GitHub, options: GitHubOptions, read: Callable[[Repository], None]
) -> None:
    """Reads every repository, then proves the window. Raises as `read_repositories`."""
    read_repositories(github, options, read)
    github.prove()


def read_repositories(
    github: GitHub, options: GitHubOptions, read: Callable[[Repository], None]
) -> None:
    """Reads every repository; what it proves is the caller's to say.

    One that fails does not stop the others; what they gave is kept. Raises SourceError naming the
    failed ones at the end (TransientSourceError where a later run may mend all of them).
    """
    failures: list[tuple[str, SourceError]] = []
    for repository in _repositories(github, options, failures):
        try:
            read(repository)
        except SourceError as error:
            failures.append((repository.name, error))
    if not failures:
        return
    for name, failure in failures:
        github.ask.warn(f"{name}: {failure}")
    is_transient = all(isinstance(failure, TransientSourceError) for _, failure in failures)
    names = ", ".join(name for name, _ in failures[:_NAMED])
    more = f" and {len(failures) - _NAMED} more" if len(failures) > _NAMED else ""
    raise (TransientSourceError if is_transient else SourceError)(
        f"{len(failures)} of the repositories could not be read: {names}{more} (each with its "
        f"reason among the warnings). What the others gave is kept. {failures[0][1]}"
    )


def _repositories(
    github: GitHub, options: GitHubOptions, failures: list[tuple[str, SourceError]]
) -> Iterator[Repository]:
    if not options.repositories:
        path, template = f"/orgs/{quote(github.organisation, safe='')}/repos", "/orgs/{org}/repos"
        params = {"type": "all", "sort": "full_name", "direction": "asc"}
        listed = github.listing(path, template, REPOSITORIES.name, {}, params)
        if github.ask.spec.mode == "event":  # a snapshot shows who is there, and is done
            _note_vanished(github, {str(item.get("id")) for item in listed})
        yield from map(_repository, {str(item.get("id")): item for item in listed}.values())
        return
    for name in options.repositories:
        full_name = name if "/" in name else f"{github.organisation}/{name}"
        context = {"repository": full_name}
        try:
            path = f"/repos/{quote(full_name)}"
            item = github.document(path, "/repos/{owner}/{repo}", REPOSITORY.name, context)
        except SourceError as error:
            failures.append((full_name, error))
            continue
        assert item is not None  # no status is accepted but 200
        yield _repository(item)


def _note_vanished(github: GitHub, listed: set[str]) -> None:
    """A repository that was listed before and is not any more leaves its days unproven.

    Deleted, moved away, or hidden from the credential: GitHub's list does not tell which.
    """
    known = _listed_before(github.ask, github.first_day)
    gone = sorted(name for number, name in known.items() if number not in listed)
    if not gone:
        return
    names = ", ".join(gone[:_NAMED]) + (f" and {len(gone) - _NAMED} more" * (len(gone) > _NAMED))
    reason = (
        f"GitHub listed {names} before and does not any more: deleted, moved away, or hidden from "
        "the credential. What happened there on this day was not read; once the credential sees it "
        "again, collect the day anew with --from and --to."
    )
    github.ask.warn(reason)
    days = (github.end_day - github.first_day).days
    for stream in github.ask.spec.ledger_streams(github.ask.options):
        for offset in range(days):
            github.holes.append((stream, github.first_day + offset * DAY, reason))


def _listed_before(ask: Ask, first_day: date) -> dict[str, str]:
    """Number and name of what was listed since the last list made for days before `first_day`.

    Going back that far, asking again for the same days compares them with the same list. A list of
    nothing is passed over: it would make everything unknown.
    """
    known: dict[str, str] = {}
    for receipt in ask.earlier():
        pages = [item.sha256 for item in receipt.objects if item.shape == REPOSITORIES.name]
        if receipt.failure is not None:
            continue
        items = [item for page in pages for item in json.loads(ask.locker.read(page))]
        for item in items:
            known.setdefault(str(item.get("id")), str(item.get("full_name")))
        if items and receipt.window_end[:10] <= first_day.isoformat():
            break
    return known


def _repository(item: dict[str, Any]) -> Repository:
    name, branch = item.get("full_name"), item.get("default_branch")
    if not name:
        raise SourceError("GET /orgs/{org}/repos: a repository came without its full_name.")
    return Repository(str(name), str(branch or ""))
