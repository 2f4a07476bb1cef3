"""The Kubernetes-shaped API of the simulated company's cluster."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from muniment.sandbox.answers import Answer, Question, document
from muniment.sandbox.cluster import (
    CLUSTER_UID,
    FOUNDED,
    PODS_EACH,
    Service,
    refused_days,
    services,
    uid,
)
from muniment.sandbox.times import iso_s
from muniment.sandbox.world import World

Json = dict[str, Any]
NAMESPACE = "production"
KINDS = {
    "/api/v1/pods": ("PodList", "v1"),
    "/apis/apps/v1/deployments": ("DeploymentList", "apps/v1"),
    "/apis/apps/v1/statefulsets": ("StatefulSetList", "apps/v1"),
    "/apis/apps/v1/daemonsets": ("DaemonSetList", "apps/v1"),
    "/apis/batch/v1/cronjobs": ("CronJobList", "batch/v1"),
}
_SCOPED = re.compile(r"^(/api/v1|/apis/\w+/v1)/namespaces/([\w-]+)/(\w+)$")


class Kubernetes:
    """One cluster; a continue token is good for the instant at which it was given."""

    def __init__(self, world: World) -> None:
        """`world` is the company whose releases run here."""
        self.world = world
        self._refused = set(refused_days(world.seed))

    def answer(self, question: Question) -> Answer:
        """A list, or the namespace that tells the cluster; a Status for anything else."""
        if question.path == "/api/v1/namespaces/kube-system":
            return document(_namespace())
        scoped = _SCOPED.match(question.path)
        path = f"{scoped[1]}/{scoped[3]}" if scoped else question.path
        if path not in KINDS:
            return status(404, "NotFound", "the server could not find the requested resource")
        if path.endswith("/deployments") and question.now.date() in self._refused:
            return status(403, "Forbidden", "deployments.apps is forbidden")
        items = list(_items(path, services(self.world, question.now), question.now))
        if scoped and scoped[2] != NAMESPACE:
            items = []
        return _page(question, path, items)

    def refused(self) -> Answer:
        """The answer to a wrong or missing token."""
        return status(401, "Unauthorized", "Unauthorized")


def status(code: int, reason: str, message: str) -> Answer:
    """A refusal, as the API server writes it."""
    return document(
        {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code,
        },
        code,
    )  # fmt: skip


def _page(question: Question, path: str, items: list[Json]) -> Answer:
    version = str(int(question.now.timestamp()))
    limit = question.number("limit", len(items) or 1, 500)
    start = 0
    if "continue" in question.query:
        try:
            token = json.loads(base64.urlsafe_b64decode(question.query["continue"]))
        except ValueError:
            return status(400, "BadRequest", "continue key is not valid")
        if token["rv"] != version:
            return status(410, "Expired", "The provided continue parameter is too old.")
        start = int(token["start"])
    end = start + limit
    metadata: Json = {"resourceVersion": version}
    if end < len(items):
        token = json.dumps({"rv": version, "start": end}).encode()
        metadata["continue"] = base64.urlsafe_b64encode(token).decode()
        metadata["remainingItemCount"] = len(items) - end
    kind, api = KINDS[path]
    return document(
        {"kind": kind, "apiVersion": api, "metadata": metadata, "items": items[start:end]}
    )


def _items(path: str, found: list[Service], now: datetime) -> Iterator[Json]:
    if path.endswith("/deployments"):
        yield from (_deployment(service) for service in found)
    if path.endswith("/pods"):
        for service in found:
            yield from (_pod(service, number) for number in range(PODS_EACH))


def _namespace() -> Json:
    return {
        "kind": "Namespace", "apiVersion": "v1",
        "metadata": {
            "name": "kube-system", "uid": CLUSTER_UID, "creationTimestamp": iso_s(FOUNDED)
        },
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    }  # fmt: skip


def _metadata(service: Service, name: str, identity: str) -> Json:
    return {
        "name": name, "namespace": NAMESPACE, "uid": identity, "resourceVersion": "1",
        "creationTimestamp": iso_s(service.created_at),
        "labels": {"app.kubernetes.io/name": service.name},
    }  # fmt: skip


def _container(service: Service) -> Json:
    return {
        "name": service.name, "image": service.image,
        "env": [
            {"name": "DATABASE_URL", "value": f"postgresql://{service.name}:planted@db/app"},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "token", "key": "value"}}},
        ],
    }  # fmt: skip


def _deployment(service: Service) -> Json:
    return {
        "metadata": _metadata(service, service.name, service.uid),
        "spec": {
            "replicas": PODS_EACH,
            "selector": {"matchLabels": {"app.kubernetes.io/name": service.name}},
            "template": {"spec": {"containers": [_container(service)]}},
        },
        "status": {"replicas": PODS_EACH, "readyReplicas": PODS_EACH},
    }


def _pod(service: Service, number: int) -> Json:
    made = uid("pod", service.name, service.digest, number)
    metadata = _metadata(service, f"{service.name}-{service.digest[7:17]}-{made[:5]}", made)
    metadata["ownerReferences"] = [
        {
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True,
            "name": f"{service.name}-{service.digest[7:17]}",
            "uid": uid("replicaset", service.name, service.digest),
        }
    ]  # fmt: skip
    name = service.image.rpartition(":")[0]
    return {
        "metadata": metadata,
        "spec": {
            "nodeName": f"node-{number + 1}", "serviceAccountName": service.name,
            "containers": [_container(service)],
        },
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": service.name, "image": service.image, "ready": True,
                    "imageID": f"{name}@{service.digest}", "restartCount": 0,
                    "state": {"running": {"startedAt": iso_s(service.created_at)}},
                }
            ],
        },
    }  # fmt: skip
