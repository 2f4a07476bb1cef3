"""Activities and users as Google's Admin SDK writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from muniment.sandbox.people import Person
from muniment.sandbox.times import dice, iso_ms

CUSTOMER = "C01harbour"
NEVER = "1970-01-01T00:00:00.000Z"
Json = dict[str, Any]


def profile_id(person: Person) -> str:
    """Google's id of an account: 21 digits."""
    return f"1{dice('google', person.okta_id).randrange(10**20):020d}"


def activity(
    application: str, person: Person, moment: datetime, qualifier: str, address: str,
    events: list[Json],
) -> Json:  # fmt: skip
    """One activity of a report."""
    return {
        "kind": "admin#reports#activity",
        "id": {
            "time": iso_ms(moment), "uniqueQualifier": qualifier,
            "applicationName": application, "customerId": CUSTOMER,
        },
        "etag": '"harbourline"',
        "actor": {
            "callerType": "USER", "email": person.email, "profileId": profile_id(person)
        },
        "ipAddress": address,
        "networkInfo": {"ipAsn": [64500], "regionCode": person.employer.country},
        "events": events,
    }  # fmt: skip


def user(
    person: Person, *, last_login: datetime | None, is_admin: bool, is_delegated_admin: bool,
    is_suspended: bool, deleted_at: datetime | None,
) -> Json:  # fmt: skip
    """One user of the directory."""
    first, last = person.name.split()
    found: Json = {
        "kind": "admin#directory#user",
        "id": profile_id(person),
        "etag": '"harbourline"',
        "primaryEmail": person.email,
        "name": {"givenName": first, "familyName": last, "fullName": person.name},
        "isAdmin": is_admin,
        "isDelegatedAdmin": is_delegated_admin,
        "lastLoginTime": iso_ms(last_login) if last_login else NEVER,
        "creationTime": iso_ms(person.spells[0].account_from),
        "agreedToTerms": True,
        "suspended": is_suspended,
        "archived": False,
        "changePasswordAtNextLogin": False,
        "customerId": CUSTOMER,
        "orgUnitPath": "/",
        "isMailboxSetup": True,
        "isEnrolledIn2Sv": True,
        "isEnforcedIn2Sv": True,
    }
    if is_suspended:
        found["suspensionReason"] = "ADMIN"
    return {**found, "deletionTime": iso_ms(deleted_at)} if deleted_at else found


def event(group: str, name: str, **parameters: Any) -> Json:
    """An event with its parameters, each under the name that Google has for its type."""
    forms = {bool: "boolValue", list: "multiValue"}
    listed = [
        {"name": key, forms.get(type(value), "value"): value} for key, value in parameters.items()
    ]
    return {"type": group, "name": name, "parameters": listed}
