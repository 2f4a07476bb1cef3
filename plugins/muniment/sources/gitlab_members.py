"""Members of GitLab groups and projects with their access levels: a snapshot of its day.

Every list is asked for with inherited and invited members, so that nobody's right hangs on walking
the groups above. GitLab pages by offset: where a list changes while it is read, items can slip past
its pages, and its total then differs from what came.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from muniment import snapshots
from muniment.collecting import Ask
from muniment.snapshots import Reading
from muniment.sources.spec import Shape, SourceSpec
from muniment.vendors import gitlab
from muniment.vendors.unread import UNREAD

ACCOUNT, ROLE, REPOSITORY = "identities.account", "identities.role", "repo_access"
GROUPS, PROJECTS = f"{gitlab.API}/groups", f"{gitlab.API}/projects"
#: gone meanwhile, or not for this credential
_REFUSALS = (403, 404)

SPEC = SourceSpec(
    kind="gitlab_members",
    title="GitLab members of groups and projects",
    mode="state",
    needs="connection",
    shapes=(
        Shape("group", "document", "group", native_id=("/id",)),
        Shape("groups", "array", "group", native_id=("/id",)),
        Shape("projects", "array", "project", native_id=("/id",)),
        Shape("group_members", "array", "group_member", native_id=("/id",)),
        Shape("project_members", "array", "project_member", native_id=("/id",)),
        UNREAD,
    ),
    feeds={
        "group": (ROLE,),
        "project": (REPOSITORY,),
        "group_member": (ACCOUNT, ROLE),
        "project_member": (ACCOUNT, ROLE, REPOSITORY),
    },
    options=gitlab.GitLabOptions,
    basis=("snapshot_count", "not_provable"),
    permissions=(
        "read_api, for an account that is a member of every group named (a group access token with "
        "the role Owner sees SAML identities and email addresses of managed users too)",
    ),
    limits=gitlab.LIMITS,
    blind_spots=(
        "Second factors are told to the administrators of an instance alone: none are collected.",
        "Projects and groups that the credential is no member of are left out without a word.",
        "Email addresses are given only for users whom the group manages; accounts join to people "
        "by their name in GitLab, as the roster gives it.",
        "Above 10,000 items GitLab gives no total, so that a list that shifts while it is read is "
        "not noticed.",
        "Whoever may merge into a protected branch is the branch's own setting: a Developer's "
        "right to merge is not known from here.",
    ),
    seen=gitlab.seen,
)


def collect(ask: Ask) -> None:
    """Lists the groups named and all below them, projects, and everybody's level there."""
    assert isinstance(ask.options, gitlab.GitLabOptions)  # validated against SPEC.options
    client = gitlab.connect(ask, ask.options)
    reading = Reading(ask, client, total_header=gitlab.TOTAL_HEADER)
    projects: dict[str, dict[str, Any]] = {}
    groups: dict[str, dict[str, Any]] = {}
    for path in ask.options.groups:
        address = f"{GROUPS}/{quote(path, safe='')}"
        top = reading.document(f"{address}?with_projects=false", f"{GROUPS}/{{id}}", "group")
        assert top is not None  # no refusal is accepted: a wrong name must not pass for nobody
        gitlab.name_tenant(ask, top)
        below = _listing(reading, f"{address}/descendant_groups", "groups", "descendant_groups")
        groups |= {str(group.get("id")): group for group in (top, *below)}
        wanted = {"include_subgroups": "true", "with_shared": "false"}
        found = _listing(reading, f"{address}/projects", "projects", "projects", wanted)
        projects |= {str(project.get("id")): project for project in found}
    for group_id, group in groups.items():
        context = {"group_id": group_id, "group": str(group.get("full_path"))}
        _members(reading, GROUPS, group_id, "group_members", context)
    for project_id, project in projects.items():
        context = {
            "project_id": project_id, "project": str(project.get("path_with_namespace")),
        }  # fmt: skip
        _members(reading, PROJECTS, project_id, "project_members", context)
    _prove(reading)


def _listing(
    reading: Reading, path: str, shape: str, last: str, params: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    return (
        reading.listing(
            path, f"{GROUPS}/{{id}}/{last}", shape, params={**gitlab.PAGE, **(params or {})},
            refusals=_REFUSALS,
        )
        or []
    )  # fmt: skip


def _members(
    reading: Reading, base: str, native_id: str, shape: str, context: dict[str, str]
) -> None:
    reading.listing(
        f"{base}/{quote(native_id, safe='')}/members/all", f"{base}/{{id}}/members/all", shape,
        params=gitlab.PAGE, context=context, refusals=_REFUSALS,
    )  # fmt: skip


def _prove(reading: Reading) -> None:
    holes: dict[str, str] = {}
    trouble = {
        "groups": (ACCOUNT, ROLE),
        "projects": (ACCOUNT, ROLE, REPOSITORY),
        "group_members": (ACCOUNT, ROLE),
        "project_members": (ACCOUNT, ROLE, REPOSITORY),
    }
    for shape, streams in trouble.items():
        reason = None
        if reading.refused[shape]:
            reason = (
                f"GitLab refused (HTTP 403 or 404) {reading.refused[shape]} lists of {shape}: who "
                "is in them is not known."
            )
        elif reading.unequal[shape]:
            reason = (
                f"{reading.unequal[shape]} lists of {shape} hold another number of items than "
                "GitLab counts: they changed while they were read. Collect again."
            )
        if reason:
            reading.ask.warn(reason)
            holes |= dict.fromkeys(streams, reason)
    said = (
        f"{reading.read('group_members')} lists of group members and "
        f"{reading.read('project_members')} lists of project members read."
    )
    snapshots.prove(
        reading.ask, reading.counted(), said, never_empty=frozenset({ACCOUNT, ROLE}), holes=holes
    )
