"""kubernetes_workloads: lists in chunks, as of one moment, without what people hide in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from http_source import Answer, Asked, HttpSource, serving
from muniment.sources.kubernetes_workloads import INVENTORY, LISTS, WORKLOADS
from muniment.vendors.kubernetes import ATTEMPTS

DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")
PLANTED = "planted-in-the-environment"


@dataclass
class Cluster:
    """Chunks of two; `gone`: how many continued requests the cluster has forgotten."""

    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    gone: int = 0

    def reply(self, asked: Asked) -> Answer:
        if asked.path.endswith("kube-system"):
            status = self.refused.get("kube-system", 200)
            return Answer({"kind": "Namespace", "metadata": {"uid": "cluster-1"}}, status)
        folder, _, name = asked.path.rpartition("/")
        if folder.endswith("/namespaces"):
            return Answer({"kind": "Namespace"}, 200 if name == "edge" else 404)
        if name in self.refused:
            return Answer({"kind": "Status", "message": "forbidden"}, self.refused[name])
        if "continue" in asked.query and self.gone:
            self.gone -= 1
            return Answer({"kind": "Status", "reason": "Expired", "code": 410}, 410)
        items = self.items.get(asked.path, [])
        start = int(asked.query.get("continue", "0"))
        metadata = {"resourceVersion": "7"}
        if start + 2 < len(items):
            metadata["continue"] = str(start + 2)
        kind = next(listed for _, resource, listed in LISTS.values() if resource == name)
        return Answer({"kind": kind, "metadata": metadata, "items": items[start : start + 2]})


def pod(number: int) -> dict[str, Any]:
    return {
        "metadata": {
            "uid": f"p{number}", "name": f"web-{number}", "namespace": "prod",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": PLANTED, "team": "web"
            },
        },
        "spec": {
            "containers": [
                {"name": "web", "image": "r/web:1", "command": ["run", PLANTED], "args": [PLANTED],
                 "env": [{"name": "TOKEN", "value": PLANTED}, {"name": "NONE", "value": ""}],
                 "livenessProbe": {"exec": {"command": ["check", PLANTED]}}}
            ]
        },
    }  # fmt: skip


@pytest.fixture
def source() -> Iterator[HttpSource]:
    with serving() as server:
        yield server


def asked(source: HttpSource, folder: Path, cluster: Cluster, **options: Any) -> Collector:
    source.reply = cluster.reply
    return collector(folder, source, "kubernetes_workloads", options)


def test_every_chunk_of_every_list_is_kept(source: HttpSource, tmp_path: Path) -> None:
    job = {"spec": {"template": {"spec": {"containers": [{"env": [{"value": PLANTED}]}]}}}}
    cluster = Cluster(
        {"/api/v1/pods": [pod(n) for n in range(5)],
         "/apis/batch/v1/cronjobs": [{"metadata": {"uid": "c1"}, "spec": {"jobTemplate": job}}]}
    )  # fmt: skip
    run = asked(source, tmp_path, cluster)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    assert result.origin is not None
    assert result.origin.tenant == "cluster-1"
    receipt = run.commit(result)
    assert (receipt.records["pod"], receipt.records["controller"]) == (5, 1)
    assert [p.expected for p in result.proofs if p.stream == WORKLOADS] == [5]
    assert [p.expected for p in result.proofs if p.stream == INVENTORY] == [6]


def test_what_people_put_into_a_pod_s_settings_is_masked(
    source: HttpSource, tmp_path: Path
) -> None:
    run = asked(source, tmp_path, Cluster({"/api/v1/pods": [pod(1)]}))
    result = run.collect(*DAY, mode="snapshot")
    run.commit(result)
    assert PLANTED.encode() not in run.everything()
    (reduction,) = result.reductions
    assert reduction["count"] == 7
    (chunk,) = run.kept(result, "pods")
    (kept,) = chunk["items"]
    (container,) = kept["spec"]["containers"]
    assert container["env"] == [{"name": "TOKEN", "value": "***masked***"},
                                {"name": "NONE", "value": ""}]  # fmt: skip
    assert kept["metadata"]["annotations"]["team"] == "web"


def test_a_forgotten_snapshot_is_read_again_from_its_beginning(
    source: HttpSource, tmp_path: Path
) -> None:
    cluster = Cluster({"/api/v1/pods": [pod(n) for n in range(5)]}, gone=ATTEMPTS - 1)
    run = asked(source, tmp_path, cluster)
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    receipt = run.commit(result)
    assert receipt.records["pod"] == 5
    assert receipt.duplicates.get("pod", 0) == 0
    assert {request.status for request in result.requests} == {200, 410}


def test_a_snapshot_that_stays_forgotten_is_a_failure_that_may_pass(
    source: HttpSource, tmp_path: Path
) -> None:
    cluster = Cluster({"/api/v1/pods": [pod(n) for n in range(5)]}, gone=ATTEMPTS)
    result = asked(source, tmp_path, cluster).collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert result.failure.is_transient
    assert "HTTP 410" in result.failure.reason


def test_a_refused_list_leaves_the_inventory_unproven_and_the_pods_proven(
    source: HttpSource, tmp_path: Path
) -> None:
    cluster = Cluster({"/api/v1/pods": [pod(1)]}, {"cronjobs": 404, "kube-system": 403})
    result = asked(source, tmp_path, cluster).collect(*DAY, mode="snapshot")
    assert result.failure is None
    assert proofs(result, WORKLOADS) == [("snapshot_count", "2026-01-06", "2026-01-07")]
    assert proofs(result, INVENTORY) == [("not_provable", "2026-01-06", "2026-01-07")]
    assert any("cronjobs" in warning for warning in result.warnings)
    assert any("kube-system may not be read" in warning for warning in result.warnings)


def test_a_cluster_without_pods_is_none(source: HttpSource, tmp_path: Path) -> None:
    result = asked(source, tmp_path, Cluster()).collect(*DAY, mode="snapshot")
    assert proofs(result, WORKLOADS) == [("not_provable", "2026-01-06", "2026-01-07")]


def test_namespaces_are_asked_one_by_one(source: HttpSource, tmp_path: Path) -> None:
    cluster = Cluster({"/api/v1/namespaces/prod/pods": [pod(1)]})
    run = asked(source, tmp_path, cluster, namespaces=["prod", "edge"])
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, WORKLOADS) == [("snapshot_count", "2026-01-06", "2026-01-07")]
    paths = {path for path in source.paths() if path.endswith("/pods")}
    assert paths == {"/api/v1/namespaces/prod/pods", "/api/v1/namespaces/edge/pods"}
    templates = {r.template for r in result.requests if r.template.endswith("/pods")}
    assert templates == {"/api/v1/namespaces/{namespace}/pods"}


def test_a_namespace_that_is_not_there_is_not_an_empty_one(
    source: HttpSource, tmp_path: Path
) -> None:
    """Kubernetes answers both with an empty list."""
    cluster = Cluster({"/api/v1/namespaces/prod/pods": [pod(1)]})
    run = asked(source, tmp_path, cluster, namespaces=["prod", "egde"])
    result = run.collect(*DAY, mode="snapshot")
    for stream in (WORKLOADS, INVENTORY):
        assert proofs(result, stream) == [("not_provable", "2026-01-06", "2026-01-07")]
    assert any("namespace egde" in text for text in result.warnings)
