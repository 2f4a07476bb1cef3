"""The estate: a cluster, a Fleet server, and two public lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from http_kinds import HttpKind, InBody, Items
from http_source import Answer, Asked, HttpSource

PODS = "/api/v1/pods"
CHUNKS = InBody("items", "metadata.continue", "continue", around={"kind": "PodList"})
LISTS = {
    "/apis/apps/v1/deployments": "DeploymentList", "/apis/apps/v1/statefulsets": "StatefulSetList",
    "/apis/apps/v1/daemonsets": "DaemonSetList", "/apis/batch/v1/cronjobs": "CronJobList",
}  # fmt: skip


@dataclass
class Cluster:
    source: HttpSource
    items: Items

    def reply(self, asked: Asked) -> Answer:
        if asked.path == PODS:
            return CHUNKS.page(self.source, asked, self.items)
        if asked.path in LISTS:
            return Answer({"kind": LISTS[asked.path], "metadata": {}, "items": []})
        return Answer({"kind": "Namespace", "metadata": {"name": "kube-system", "uid": "u-1"}})


@dataclass
class Fleet:
    source: HttpSource
    items: Items

    def reply(self, asked: Asked) -> Answer:
        if asked.path.endswith("/me"):
            return Answer({"user": {"id": 1, "global_role": "observer", "teams": []}})
        if asked.path.endswith("/count"):
            return Answer({"count": len(self.items)})
        return Answer({"hosts": self.items if asked.query["page"] == "0" else []})


@dataclass
class List:
    """One document, whatever is asked for."""

    body: dict[str, Any]
    items: Items = field(default_factory=list)

    def reply(self, asked: Asked) -> Answer:
        return Answer(self.body)


def cluster(source: HttpSource) -> Cluster:
    return Cluster(source, [{"metadata": {"uid": f"p{number}"}} for number in range(5)])


def catalogue(source: HttpSource) -> List:
    entry = {"cveID": "CVE-2025-1", "dateAdded": "2026-01-02", "dueDate": "2026-01-23"}
    return List(
        {"catalogVersion": "2026.01.15", "dateReleased": "2026-01-15T15:00:00Z", "count": 1,
         "vulnerabilities": [entry]}
    )  # fmt: skip


def releases(source: HttpSource) -> List:
    release = {"name": "22.04", "eolFrom": "2027-04-01", "isEol": False}
    return List({"result": {"name": "ubuntu", "releases": [release]}})


KINDS = [
    HttpKind(
        kind="kubernetes_workloads",
        options={},
        start=cluster,
        path=PODS,
        paging=CHUNKS,
        stream="workloads",
        basis="snapshot_count",
        mode="snapshot",
        refusals="The cluster refused its list of pods",
    ),
    HttpKind(
        kind="fleet_hosts",
        options={},
        start=lambda source: Fleet(source, [{"id": number} for number in range(1, 6)]),
        path="/api/v1/fleet/hosts",
        paging=None,
        stream="assets.device",
        basis="total_count",
        mode="snapshot",
    ),
    HttpKind(
        kind="cisa_kev",
        options={},
        start=catalogue,
        path=".*",
        paging=None,
        stream="kev",
        basis="total_count",
        mode="snapshot",
    ),
    HttpKind(
        kind="endoflife",
        options={"products": ["ubuntu"]},
        start=releases,
        path=".*",
        paging=None,
        stream="assets.inventory",
        basis="snapshot_count",
        mode="snapshot",
        refusals="The list does not give ubuntu",
    ),
]
