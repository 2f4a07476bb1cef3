"""GitHub: an organisation of one repository, and who is there and what was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from github_host import Host, Repo, pull
from http_kinds import DAY, Conversation, HttpKind, InHeader, Items
from http_source import Answer, Asked, HttpSource

RULES = "/repos/Acme/app/rules/branches/main"
OUTSIDE = "outside_collaborators"
OPTIONS = {"organisation": "acme"}
#: lists that are there and empty
NOTHING: dict[str, Items] = {
    "/repos/Acme/app/teams": [],
    RULES: [],
    "/repos/Acme/app/rulesets/rule-suites": [],
    "/orgs/Acme/members": [{"id": 1, "login": "owner"}],
    "/orgs/Acme/public_members": [],
}


@dataclass
class Organisation:
    """`items` is the repository's list that the matrix spoils."""

    host: Host
    items: Items

    def reply(self, asked: Asked) -> Answer:
        if asked.path.endswith("/protection"):
            return Answer({"message": "Branch not protected"}, 404)
        if asked.path.endswith("/codeowners/errors"):
            return Answer({"errors": []})
        return self.host.reply(asked)


def pulls(source: HttpSource) -> Organisation:
    repository = Repo("app", 42, pulls=[pull(number, DAY) for number in range(1, 6)])
    repository.commits = {"main": []}
    return Organisation(Host(source, [repository]), repository.pulls)


def deployments(source: HttpSource) -> Organisation:
    made: list[dict[str, Any]] = [
        {"id": number, "environment": "production", "created_at": f"{DAY}T0{number}:00:00Z"}
        for number in range(5, 0, -1)
    ]
    return Organisation(Host(source, [Repo("app", 42, deployments=made)]), made)


def a_list(path: str, items: Items) -> Callable[[HttpSource], Organisation]:
    """An organisation that has one list more."""

    def start(source: HttpSource) -> Organisation:
        mine = [dict(item) for item in items]
        return Organisation(Host(source, [Repo("app", 42)], lists={**NOTHING, path: mine}), mine)

    return start


@dataclass
class SignOn:
    """GraphQL's one answer about SAML identities."""

    host: Host
    items: Items

    def reply(self, asked: Asked) -> Answer:
        if asked.path != "/graphql":
            return self.host.reply(asked)
        found = {
            "totalCount": len(self.items), "nodes": self.items, "pageInfo": {"hasNextPage": False},
        }  # fmt: skip
        provider = {"externalIdentities": found}
        return Answer({"data": {"organization": {"samlIdentityProvider": provider}}})


def identities(source: HttpSource) -> SignOn:
    return SignOn(Host(source, []), [{"guid": f"g{number}"} for number in range(3)])


def account(number: int) -> dict[str, Any]:
    return {"id": number, "login": f"user{number}", "permissions": {"push": True}}


def audited(number: int) -> dict[str, Any]:
    moment = datetime.fromisoformat(f"{DAY}T0{number}:00:00Z")
    return {"_document_id": f"e{number}", "@timestamp": int(moment.timestamp()) * 1000}


def audited_late(vendor: Conversation) -> None:
    vendor.items.append(audited(9))


KINDS = [
    HttpKind(
        kind="github_audit_log",
        options={**OPTIONS, "settling_h": 48},
        start=a_list("/orgs/Acme/audit-log", [audited(number) for number in range(1, 6)]),
        path="/orgs/Acme/audit-log",
        paging=InHeader("page"),
        stream="access_events.grant",
        late=audited_late,
    ),
    HttpKind(
        kind="github_branch_protection",
        options=OPTIONS,
        start=a_list(RULES, [{"type": "deletion", "ruleset_id": number} for number in range(5)]),
        path=RULES,
        paging=InHeader("page"),
        stream="assets.setting",
        basis="snapshot_count",
        mode="snapshot",
        refusals="No branch's settings could be read",
    ),
    HttpKind(
        kind="github_members",
        options=OPTIONS,
        start=a_list(f"/orgs/Acme/{OUTSIDE}", [account(number) for number in range(5)]),
        path=f"/orgs/Acme/{OUTSIDE}",
        paging=InHeader("page"),
        stream="identities.account",
        basis="snapshot_count",
        mode="snapshot",
        refusals="GitHub refused the list",
    ),
    HttpKind(
        kind="github_saml_identities",
        options=OPTIONS,
        start=identities,
        path="/graphql",
        paging=None,
        stream="identities.account",
        basis="snapshot_count",
        mode="snapshot",
        method="POST",
    ),
    HttpKind(
        kind="github_repo_access",
        options=OPTIONS,
        start=a_list("/repos/Acme/app/collaborators", [account(number) for number in range(5)]),
        path="/repos/Acme/app/collaborators",
        paging=InHeader("page"),
        stream="repo_access",
        basis="snapshot_count",
        mode="snapshot",
        refusals="No repository's list of collaborators could be read",
    ),
    HttpKind(
        kind="github_pulls",
        options=OPTIONS,
        start=pulls,
        path=r"/(repos/Acme/app|repositories/42)/pulls",
        paging=InHeader("page"),
        stream="change_events.pull_request",
    ),
    HttpKind(
        kind="github_deployments",
        options=OPTIONS,
        start=deployments,
        path=r"/(repos/Acme/app|repositories/42)/deployments",
        paging=InHeader("page"),
        stream="change_events.deployment",
    ),
]
