"""Azure's activity log: what was done to the resources of each subscription, newest first.

Every write, delete and action of the control plane, those on network security groups and role
assignments among them; reads are not in it. Azure delivers late, so a young day is proven by a
second read.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from pydantic import Field, field_validator

from muniment.collecting import Ask
from muniment.settling import Found
from muniment.sources.spec import Shape, SourceSpec
from muniment.vendors import microsoft
from muniment.vendors.microsoft import ARM_NEXT, Log

API_VERSION = "2015-04-01"
#: Azure Monitor keeps every entry for 90 days
RETENTION_DAYS = 90
_TEMPLATE = (
    "/subscriptions/{subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values"
)
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SHAPE = microsoft.page_shape(
    "activities", "activity", native_id=("/eventDataId",), event_time="/eventTimestamp"
)
LOG = Log(_TEMPLATE, "eventTimestamp", SHAPE, ARM_NEXT)
#: `/subscriptions/{id}` names the tenant
SUBSCRIPTION = "subscription"


class AzureActivityOptions(microsoft.LogOptions):
    """subscriptions: the ids of those that are asked for."""

    subscriptions: tuple[str, ...] = Field(
        min_length=1, examples=[["00000000-0000-0000-0000-000000000000"]]
    )

    @field_validator("subscriptions")
    @classmethod
    def _are_ids(cls, found: tuple[str, ...]) -> tuple[str, ...]:
        for name in found:
            if not _GUID.fullmatch(name):
                raise ValueError("a subscription is named by its id (8-4-4-4-12 hex digits)")
        return found


SPEC = SourceSpec(
    kind="azure_activity",
    title="Azure activity log",
    mode="event",
    needs="connection",
    shapes=(SHAPE, Shape(SUBSCRIPTION, "document", SUBSCRIPTION)),
    feeds={"activity": ("change_events.config_change", "change_events.infra_change")},
    options=AzureActivityOptions,
    basis=("cursor_exhausted", "not_provable"),
    retention_days=RETENTION_DAYS,
    seen=microsoft.seen_by_azure,
    permissions=(
        "Role Reader, or Monitoring Reader, on each subscription "
        "(Microsoft.Insights/eventtypes/values/read)",
    ),
    limits=microsoft.LIMITS,
    blind_spots=(
        "Subscriptions that the options do not name, and what belongs to the tenant or to a "
        "management group (role assignments at that level among them).",
        "Reads, and what is done inside a resource (its data plane), are not in this log.",
        "Azure keeps 90 days: older entries cannot be asked for again.",
        "Entries may be delivered late: a day younger than settling_h is NOT_PROVABLE until a "
        "second read holds the same entries.",
        "An entry says which resource was written, rarely what its setting was before.",
    ),
)


def collect(ask: Ask) -> None:
    """Reads one window of every subscription. Raises SourceError."""
    assert isinstance(ask.options, AzureActivityOptions)  # validated against SPEC.options
    client = microsoft.authorise(ask, ask.options)
    found = Found()
    for subscription in ask.options.subscriptions:
        path = f"/subscriptions/{quote(subscription, safe='')}"
        params = {"api-version": microsoft.SUBSCRIPTION_API_VERSION}
        answer = client.get(path, "/subscriptions/{subscriptionId}", params)
        ask.keep_response(answer, SUBSCRIPTION)
        tenant = answer.object().get("tenantId")
        ask.set_tenant(str(tenant) if tenant else None)
        path += _TEMPLATE.partition("}")[2]
        microsoft.read_log(ask, client, LOG, path, {"api-version": API_VERSION}, found)
    microsoft.prove(ask, LOG, found, ask.options.settling_h, RETENTION_DAYS)
