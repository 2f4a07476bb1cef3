"""How GitHub protects branches: protection, rules in effect, bypasses of rules, CODEOWNERS errors.

A snapshot of the day on which it is taken. That a branch is not protected is an answer and
evidence; that the credential may not know is neither.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

from pydantic import Field

from muniment import snapshots
from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.sources.spec import Shape, SourceSpec
from muniment.transport import Response
from muniment.vendors import github
from muniment.vendors.github import GitHub, Repository
from muniment.vendors.github_repositories import read_repositories
from muniment.vendors.unread import UNREAD

STREAM = "assets.setting"
REPO = "/repos/{owner}/{repo}"
#: GitHub's own words, by which its 404 is told from that of a branch nobody may see
UNPROTECTED = "Branch not protected"
_REFUSED = (403, 404)


class GitHubBranchProtectionOptions(github.GitHubOptions):
    """protected_branches: names, default each repository's default branch."""

    protected_branches: list[str] = Field(default_factory=list)


SPEC = SourceSpec(
    kind="github_branch_protection",
    title="GitHub branch protection, rules and bypasses",
    mode="state",
    needs="connection",
    shapes=(
        Shape("protection", "document", "protection", native_id=("/url",)),
        Shape("unprotected", "document", "unprotected"),
        Shape("rules", "array", "rule", native_id=("/ruleset_id", "/type")),
        Shape("rule_suites", "array", "rule_suite", native_id=("/id",)),
        Shape("codeowners", "document", "codeowners"),
        github.ORGANISATION,
        github.REPOSITORIES,
        github.REPOSITORY,
        UNREAD,
    ),
    feeds={
        "protection": (STREAM,),
        "unprotected": (STREAM,),
        "rule": (STREAM,),
        "codeowners": (STREAM,),
        "rule_suite": (),
        "repository": (),
    },
    options=GitHubBranchProtectionOptions,
    seen=github.seen,
    basis=("snapshot_count", "not_provable"),
    permissions=(
        "Administration: read, Contents: read and Metadata: read (fine-grained or GitHub App), or "
        "scope repo of an administrator of each repository: GitHub shows the protection of a "
        "branch, and who bypassed a rule, to administrators.",
    ),
    limits=(*github.LIMITS, "A branch costs three requests, a repository one more."),
    blind_spots=(
        "What GitHub refuses (403, or a 404 other than 'Branch not protected') is kept as unread: "
        "nothing is known of that branch's settings. A repository without a CODEOWNERS file "
        "answers 404 too.",
        "What was changed and changed back between two snapshots; github_audit_log tells of it.",
        "Bypasses of rules are read for the week before the snapshot and feed no ledger stream; "
        "those of classic protection are in the audit log alone.",
    ),
)  # fmt: skip


@dataclass
class _Seen:
    """What was answered, told apart by content, and what was refused."""

    hub: GitHub
    records: dict[str, set[bytes]] = field(default_factory=dict)
    known: int = 0
    refused: list[str] = field(default_factory=list)

    def keep(self, response: Response, shape: str, context: dict[str, str]) -> None:
        """Keeps one answer that says something."""
        self.hub.ask.keep_response(response, shape, context=context)
        self.records.setdefault(shape, set()).add(canonical(response.object()))

    def refuse(self, response: Response, what: str, context: dict[str, str]) -> None:
        """Keeps an answer that says nothing."""
        self.hub.ask.keep_response(response, UNREAD.name, context=context)
        self.refused.append(f"{what} of {context['subject']}")

    def listed(
        self, path: str, template: str, shape: str, context: dict[str, str],
        params: dict[str, str] | None = None,
    ) -> bool:  # fmt: skip
        """Keeps one list; whether GitHub gave it."""
        found = self.hub.listing_if_there(path, template, shape, context, params, absent=_REFUSED)
        self.records.setdefault(shape, set()).update(canonical(item) for item in found or ())
        if found is None:
            self.refused.append(f"{shape} of {context['subject']}")
        return found is not None


def collect(ask: Ask) -> None:
    """Asks for the settings of every repository's branches. Raises SourceError."""
    assert isinstance(ask.options, GitHubBranchProtectionOptions)  # validated against SPEC.options
    seen = _Seen(github.connect(ask, ask.options))
    read_repositories(seen.hub, ask.options, partial(_read, seen, ask.options))
    _prove(ask, seen)


def _read(seen: _Seen, options: GitHubBranchProtectionOptions, repository: Repository) -> None:
    default = [repository.default_branch] if repository.default_branch else []
    root = f"/repos/{quote(repository.name)}"
    for branch in options.protected_branches or default:
        context = {
            "repository": repository.name, "branch": branch,
            "subject": f"{repository.name}:{branch}",
        }  # fmt: skip
        name = quote(branch, safe="")
        is_known = _read_protection(seen, f"{root}/branches/{name}/protection", context)
        is_ruled = seen.listed(
            f"{root}/rules/branches/{name}", REPO + "/rules/branches/{branch}", "rules", context
        )
        seen.known += is_known and is_ruled
        seen.listed(
            f"{root}/rulesets/rule-suites", REPO + "/rulesets/rule-suites", "rule_suites", context,
            {"ref": branch, "time_period": "week", "rule_suite_result": "bypass"},
        )  # fmt: skip
    _read_codeowners(seen, f"{root}/codeowners/errors", repository)


def _read_protection(seen: _Seen, path: str, context: dict[str, str]) -> bool:
    """Keeps the protection, or that there is none; whether GitHub said either."""
    template = REPO + "/branches/{branch}/protection"
    response = seen.hub.client.get(path, template, ok=(200, *_REFUSED))
    is_unprotected = response.status == 404 and _message(response) == UNPROTECTED
    if response.status != 200 and not is_unprotected:
        seen.refuse(response, "protection", context)
        return False
    seen.keep(response, "unprotected" if is_unprotected else "protection", context)
    return True


def _read_codeowners(seen: _Seen, path: str, repository: Repository) -> None:
    context = {"repository": repository.name, "subject": repository.name}
    response = seen.hub.client.get(path, REPO + "/codeowners/errors", ok=(200, *_REFUSED))
    if response.status == 200:
        seen.keep(response, "codeowners", context)
    else:
        seen.hub.ask.keep_response(response, UNREAD.name, context=context)


def _message(response: Response) -> str:
    try:
        body: Any = json.loads(response.body)
    except ValueError:
        return ""
    return str(body.get("message", "")) if isinstance(body, dict) else ""


def _prove(ask: Ask, seen: _Seen) -> None:
    """Bronze must hold what was answered; no branch whose settings are known proves nothing."""
    fed = [shape.name for shape in SPEC.shapes if STREAM in SPEC.feeds.get(shape.stream, ())]
    count = sum(len(seen.records.get(name, ())) for name in fed)
    said = f"The settings of {seen.known} branches are known; {len(seen.refused)} were refused."
    if seen.refused:
        named = "; ".join(seen.refused[:10]) + (" and more" if len(seen.refused) > 10 else "")
        ask.warn(f"Refused (HTTP 403 or 404) and kept as unread: {named}.")
    holes = {} if seen.known else {STREAM: "No branch's settings could be read."}
    snapshots.prove(ask, {STREAM: count}, said, holes=holes)
