"""Okta users and their second factors: a snapshot of the day on which it is taken.

Okta's listing leaves out deprovisioned users, so these are asked for in a listing of their own;
their factors are gone. A factor list that Okta does not give is kept as unread, never as empty.
"""

from __future__ import annotations

from urllib.parse import quote

from muniment import snapshots
from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.sources.spec import Shape, SourceSpec
from muniment.transport import Client
from muniment.vendors import okta
from muniment.vendors.unread import UNREAD

USERS = "/api/v1/users"
FACTORS = "/api/v1/users/{userId}/factors"
PAGE_SIZE = 200
ACCOUNT, FACTOR = "identities.account", "identities.factor"
_LISTINGS: tuple[dict[str, str], ...] = ({}, {"filter": 'status eq "DEPROVISIONED"'})
_UNREADABLE = (403, 404)

SPEC = SourceSpec(
    kind="okta_users",
    title="Okta users and factors",
    mode="state",
    needs="connection",
    shapes=(
        Shape("users", "array", "account", native_id=("/id",)),
        Shape("factors", "array", "factor", native_id=("/id",)),
        okta.ORGANISATION,
        UNREAD,
    ),
    feeds={"account": (ACCOUNT,), "factor": (FACTOR,)},
    options=okta.OktaOptions,
    seen=okta.seen,
    basis=("snapshot_count", "not_provable"),
    permissions=("okta.users.read (OAuth), or an API token of a read-only administrator",),
    limits=okta.LIMITS,
    blind_spots=(
        "Okta lists only factors that the enrolment policy in force for the asking "
        "administrator's client allows; others are enrolled and unseen.",
        "Users who were deleted (not only deprovisioned) are gone from every listing.",
    ),
)


def collect(ask: Ask) -> None:
    """Lists everybody, then everybody's factors. Raises SourceError."""
    assert isinstance(ask.options, okta.OktaOptions)  # validated against SPEC.options
    client = okta.connect(ask, ask.options)
    users: set[bytes] = set()
    living: dict[str, None] = {}
    for listing in _LISTINGS:
        parameters = {"limit": str(PAGE_SIZE), **listing}
        for page, response in enumerate(client.pages(USERS, USERS, parameters), start=1):
            ask.keep_response(response, "users", page=page)
            for user in response.array():
                users.add(canonical(user))
                if user.get("status") != "DEPROVISIONED":
                    living[str(user.get("id"))] = None
    factors: set[bytes] = set()
    unread = [user_id for user_id in living if not _read_factors(ask, client, user_id, factors)]
    if unread:
        ask.warn(
            f"{len(unread)} of {len(living)} factor lists were refused (HTTP 403 or 404) and are "
            "kept as unread: nothing is known of these accounts' second factors."
        )
    _prove(ask, len(users), len(living), len(unread), len(factors))


def _read_factors(ask: Ask, client: Client, user_id: str, factors: set[bytes]) -> bool:
    """Keeps one user's factor list and adds its factors; whether Okta gave it."""
    path = f"{USERS}/{quote(user_id, safe='')}/factors"
    response = client.get(path, FACTORS, ok=(200, *_UNREADABLE))
    is_read = response.status == 200
    shape = "factors" if is_read else UNREAD.name
    ask.keep_response(response, shape, context={"account_id": user_id})
    if is_read:
        factors.update(canonical(factor) for factor in response.array())
    return is_read


def _prove(ask: Ask, users: int, living: int, unread: int, factors: int) -> None:
    """What was listed, told apart by content: Bronze must hold as many."""
    holes: dict[str, str] = {}
    if not users:
        nobody = "Okta listed nobody, not even the user whom the credential belongs to."
        holes = {ACCOUNT: nobody, FACTOR: nobody}
    elif living and unread == living:
        holes = {FACTOR: "No factor list could be read."}
    snapshots.prove(
        ask,
        {ACCOUNT: users, FACTOR: factors},
        f"{users} users listed, {living - unread} of {living} factor lists read.",
        holes=holes,
    )
