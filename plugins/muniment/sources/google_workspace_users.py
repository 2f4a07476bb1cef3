"""Google Workspace accounts (Directory API): a snapshot of the day on which it is taken.

Deleted users stand in a listing of their own for as long as Google can restore them. Google gives
no total: the listing's end is known by its missing page token.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from muniment import snapshots
from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.sources.spec import Shape, SourceSpec
from muniment.vendors import google
from muniment.vendors.google import USERS

PAGE_SIZE = 500
ACCOUNT, FACTOR, ROLE = "identities.account", "identities.factor", "identities.role"
_LISTINGS: tuple[dict[str, str], ...] = ({"showDeleted": "false"}, {"showDeleted": "true"})


class GoogleWorkspaceUsersOptions(google.GoogleOptions):
    """customer: the account's id, or `my_customer` for the one that the credential belongs to."""

    customer: str = Field(default="my_customer", min_length=1)


SPEC = SourceSpec(
    kind="google_workspace_users",
    title="Google Workspace users",
    mode="state",
    needs="connection",
    shapes=(
        Shape(
            "users", "document", "account", elements=("/users/*",), rest="page",
            native_id=("/id",), marks=(("/kind", USERS.kind),),
        ),
    ),
    feeds={"account": (ACCOUNT, FACTOR, ROLE)},
    options=GoogleWorkspaceUsersOptions,
    basis=("snapshot_count", "not_provable"),
    permissions=(
        f"{USERS.scope}, in the name of an administrator who may read users",
        google.CREDENTIAL,
    ),
    limits=google.LIMITS,
    blind_spots=(
        "Google says whether 2-step verification is enrolled and enforced, not with which factors.",
        "Of delegated administrators Google's listing says that they are, not with which roles.",
        "Users deleted more than 20 days ago are in no listing.",
        "When a user was suspended is not said; the daily snapshots show between which days.",
    ),
    seen=google.seen,
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Lists everybody, then those who were deleted. Raises SourceError."""
    assert isinstance(ask.options, GoogleWorkspaceUsersOptions)  # validated against SPEC.options
    client = google.connect(ask, ask.options, USERS)
    users: set[bytes] = set()
    counts: list[int] = []
    for listing in _LISTINGS:
        params = {
            "customer": ask.options.customer, "maxResults": str(PAGE_SIZE), "projection": "full",
            "orderBy": "email", **listing,
        }  # fmt: skip
        count = 0
        pages = client.pages(USERS.path, USERS.path, params, follow=google.following)
        for page, response in enumerate(pages, start=1):
            ask.keep_response(response, "users", page=page, context=listing)
            items = google.listed(response, USERS)
            _note_tenant(ask, items)
            users.update(canonical(user) for user in items)
            count += len(items)
        counts.append(count)
    said = f"{counts[0]} users listed, {counts[1]} deleted ones beside them."
    counted = dict.fromkeys((ACCOUNT, FACTOR, ROLE), len(users))
    snapshots.prove(ask, counted, said, never_empty=frozenset(counted))


def _note_tenant(ask: Ask, users: list[dict[str, Any]]) -> None:
    for user in users:
        if user.get("customerId"):
            ask.set_tenant(str(user["customerId"]))
            return
