"""Kubernetes: what runs in a cluster, by image and digest, as its own API lists it.

Pods say which digests run, controllers what is meant to run. Each list is read whole, as of one
version of the cluster's state; the snapshot counts for the day on which it is taken.
"""

from __future__ import annotations

from urllib.parse import quote

from pydantic import Field

from muniment import snapshots
from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.sources.spec import Options, Shape, SourceSpec
from muniment.vendors import kubernetes
from muniment.vendors.unread import UNREAD

WORKLOADS, INVENTORY = "workloads", "assets.inventory"
#: shape -> (API, resource, kind of the list)
CONTROLLERS = {
    "deployments": ("/apis/apps/v1", "deployments", "DeploymentList"),
    "statefulsets": ("/apis/apps/v1", "statefulsets", "StatefulSetList"),
    "daemonsets": ("/apis/apps/v1", "daemonsets", "DaemonSetList"),
    "cronjobs": ("/apis/batch/v1", "cronjobs", "CronJobList"),
}
LISTS = {"pods": ("/api/v1", "pods", "PodList"), **CONTROLLERS}
IDENTITY = "/api/v1/namespaces/kube-system"


class KubernetesOptions(Options):
    """cluster: its name in the inventory, since its API knows none. namespaces: where the
    credential may not list the whole cluster; default: the whole cluster."""

    cluster: str | None = None
    namespaces: list[str] = Field(default_factory=list)


def _shape(name: str) -> Shape:
    stream = "pod" if name == "pods" else "controller"
    return Shape(
        name, "document", stream, ("/items/*",), rest="chunk", native_id=("/metadata/uid",),
        marks=(("/kind", LISTS[name][2]),),
    )  # fmt: skip


SPEC = SourceSpec(
    kind="kubernetes_workloads",
    title="Kubernetes pods and controllers",
    mode="state",
    needs="connection",
    shapes=(
        *(_shape(name) for name in LISTS),
        Shape("cluster", "document", "cluster", native_id=("/metadata/uid",)),
        UNREAD,
    ),
    feeds={
        "pod": (WORKLOADS, INVENTORY), "controller": (INVENTORY,),
        "chunk": (), "cluster": (), "unread": (),
    },
    options=KubernetesOptions,
    basis=("snapshot_count", "not_provable"),
    permissions=(
        "list on pods, deployments, statefulsets, daemonsets and cronjobs (a ClusterRole, bound to "
        "a service account whose token is the connection's password)",
        "get on the namespace kube-system: its uid tells the cluster apart from others; and on "
        "those of `namespaces` in which nothing runs",
    ),
    limits=(
        f"Lists come in chunks of {kubernetes.CHUNK}. A cluster forgets a snapshot after about "
        f"five minutes (HTTP 410); the list is then begun again, {kubernetes.ATTEMPTS} times.",
    ),
    blind_spots=(
        "What ran and was gone between two snapshots is not seen: the audit log tells of it.",
        "A pod whose image was not pulled yet names no digest; it stays unknown.",
        "With `namespaces`, nothing is known of all others.",
        "Values of environment variables, commands and arguments are masked before they are "
        "stored, and the applied configuration kept in annotations.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Reads every list, then states what was listed. Raises SourceError."""
    assert isinstance(ask.options, KubernetesOptions)  # validated against SPEC.options
    _identify(ask)
    found: dict[str, set[bytes]] = {name: set() for name in LISTS}
    namespaces: list[str | None] = [*ask.options.namespaces] or [None]
    holes: dict[str, str] = {}
    reduced, silent = 0, dict.fromkeys(ask.options.namespaces)
    for name, (_, resource, _) in LISTS.items():
        for namespace in namespaces:
            known = len(found[name])
            masked = _read(ask, name, namespace, found[name])
            if masked is None:
                _refused(ask, resource, namespace, holes, is_pods=name == "pods")
            if namespace and (masked is None or len(found[name]) > known):
                silent.pop(namespace, None)
            reduced += masked or 0
    for namespace in silent:
        _look_for(ask, namespace, holes)
    if reduced:
        ask.declare_reduction("container_settings", 1, list(kubernetes.MASKED), reduced)
    counts = {name: len(items) for name, items in found.items()}
    said = "Listed: " + ", ".join(f"{count} {name}" for name, count in counts.items()) + "."
    snapshots.prove(
        ask, {WORKLOADS: counts["pods"], INVENTORY: sum(counts.values())}, said,
        never_empty=frozenset() if ask.options.namespaces else frozenset({WORKLOADS, INVENTORY}),
        holes=holes,
    )  # fmt: skip


def _identify(ask: Ask) -> None:
    """The cluster as it names itself; one whose API may not be asked is known by its address."""
    response = ask.client.get(IDENTITY, IDENTITY, ok=(200, 403, 404))
    if response.status == 200:
        metadata = response.object().get("metadata") or {}
        ask.keep_response(response, "cluster")
        ask.set_tenant(str(metadata.get("uid") or "") or None)
    else:
        ask.keep_response(response, UNREAD.name)
        ask.warn("The namespace kube-system may not be read: nothing tells this cluster by itself.")


def _read(ask: Ask, name: str, namespace: str | None, found: set[bytes]) -> int | None:
    """Keeps one list and adds its items; how many values were masked, None where it is refused."""
    api, resource, _ = LISTS[name]
    scope = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
    template = f"{api}/{'namespaces/{namespace}/' if namespace else ''}{resource}"
    listing = kubernetes.listing(ask.client, f"{api}{scope}/{resource}", template)
    context = {"resource": resource, **({"namespace": namespace} if namespace else {})}
    if listing.refusal is not None:
        ask.keep_response(listing.refusal, UNREAD.name, context=context)
        return None
    reduced = 0
    for page, chunk in enumerate(listing.chunks, start=1):
        body, items, masked = kubernetes.masked(chunk)
        ask.keep(
            body, name, page=page, context=context, media_type=chunk.media_type, url=chunk.url,
            status=chunk.status, server_date=chunk.server_date,
        )  # fmt: skip
        found.update(canonical(item) for item in items)
        reduced += masked
    return reduced


def _look_for(ask: Ask, namespace: str, holes: dict[str, str]) -> None:
    """Kubernetes lists nothing of a namespace that is empty, and of one that is not there."""
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}"
    response = ask.client.get(path, "/api/v1/namespaces/{namespace}", ok=(200, 403, 404))
    ask.keep_response(response, UNREAD.name, context={"namespace": namespace})
    if response.status != 200:
        reason = (
            f"Nothing is listed of namespace {namespace}, and whether there is one is not said "
            f"(HTTP {response.status}). Correct options.namespaces, or allow get on it."
        )
        ask.warn(reason)
        holes.update(dict.fromkeys((WORKLOADS, INVENTORY), reason))


def _refused(
    ask: Ask, resource: str, namespace: str | None, holes: dict[str, str], *, is_pods: bool
) -> None:
    where = f" of namespace {namespace}" if namespace else ""
    reason = f"The cluster refused its list of {resource}{where}: the credential may not read it."
    ask.warn(reason)
    holes.setdefault(INVENTORY, reason)
    if is_pods:
        holes.setdefault(WORKLOADS, reason)
