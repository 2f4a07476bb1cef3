"""What is planted in the estate: snapshots that are not whole, and what should not be there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from muniment.sandbox import bills, cluster, exploited, feeds_http, fleet_http
from muniment.sandbox.times import YEAR_END, YEAR_START
from muniment.sandbox.truths import Json, content, gap
from muniment.sandbox.world import World


def gaps(world: World) -> Iterator[Json]:
    """Snapshots that nobody can take again, and files that never came."""
    planted = [
        ("cisa_kev", exploited.short_days, "GAP", "The feed counts one entry more than it lists."),
        ("fleet_hosts", fleet_http.short_days, "GAP", "Fleet counts a host more than it lists."),
        ("endoflife", feeds_http.missing_days, "NOT_PROVABLE", "One product is not found (404)."),
        (
            "kubernetes_workloads", cluster.refused_days, "NOT_PROVABLE",
            "The list of deployments is refused (403); the pods are listed.",
        ),
    ]  # fmt: skip
    for kind, days_of, verdict, description in planted:
        for day in days_of(world.seed):
            yield gap(kind, day, verdict, description)
    for kind in ("cyclonedx", "spdx"):
        for day in bills.lost_days(world.seed, kind):
            yield gap(kind, day, "EMPTY_CONFIRMED", "No bill of the day came, then or later.")
    for day in bills.lost_days(world.seed, "osquery_results"):
        description = "A host's result of the morning never came."
        yield gap("osquery_results", day, "NOT_PROVABLE", description)


def contents(world: World) -> Iterator[Json]:
    """What a source shows that no control test judges yet."""
    for first in cluster.stray_days(world.seed):
        yield content(
            "kubernetes_workloads",
            cluster.STRAY_DIGEST,
            "an image runs that nobody scans and no register knows",
            first,
            first + timedelta(days=cluster.STRAY_DAYS),
        )
    yield content(
        "cyclonedx",
        f"debian@{bills.OLD_DEBIAN}",
        f"the image of {bills.OLD_IMAGE} is built upon a release without support",
        YEAR_START,
        YEAR_END,
    )
    yield content(
        "fleet_hosts",
        fleet_http.ended_serial(world),
        "a laptop's operating system is not supported any more",
        YEAR_START,
        YEAR_END,
    )
