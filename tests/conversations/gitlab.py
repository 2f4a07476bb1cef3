"""GitLab: members of one group and one project, in numbered pages with totals."""

from __future__ import annotations

from dataclasses import dataclass

from http_kinds import HttpKind, InHeader, Items
from http_source import Answer, Asked, HttpSource

GROUP, PROJECT = "/api/v4/groups/org", "/api/v4/projects/7"


@dataclass
class Instance:
    source: HttpSource
    items: Items

    def reply(self, asked: Asked) -> Answer:
        if asked.path == GROUP:
            url = "https://gitlab.example/groups/org"
            return Answer({"id": 4, "full_path": "org", "web_url": url})
        if asked.path == f"{GROUP}/projects":
            return Answer([{"id": 7, "path_with_namespace": "org/a"}])
        if asked.path == f"{PROJECT}/members/all":
            return InHeader("page").page(self.source, asked, self.items)
        if asked.path == "/api/v4/groups/4/members/all":
            return Answer([{"id": 1, "username": "a", "state": "active", "access_level": 50}])
        return Answer([])


KINDS = [
    HttpKind(
        kind="gitlab_members",
        options={"groups": ["org"]},
        start=lambda source: Instance(
            source,
            [
                {"id": number, "username": f"u{number}", "state": "active", "access_level": 30}
                for number in range(5)
            ],
        ),
        path=f"{PROJECT}/members/all",
        paging=InHeader("page"),
        stream="repo_access",
        basis="snapshot_count",
        mode="snapshot",
        refusals="GitLab refused",
    ),
]
