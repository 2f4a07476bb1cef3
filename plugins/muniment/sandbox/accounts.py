"""The Okta accounts of the company and their second factors, as they stood at an instant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from muniment.sandbox.people import Company, Person, Spell
from muniment.sandbox.plan import Plan, Unenrolled
from muniment.sandbox.times import at, dice, iso_ms

TENANT_HOST = "harbourline.okta.com"
TENANT_URL = f"https://{TENANT_HOST}"
TENANT_ID = "00o4harbourline0001x7"
ADMIN_ROLE = "SUPER_ADMIN"
Json = dict[str, Any]


def factor_gap(unenrolled: Unenrolled) -> tuple[datetime, datetime]:
    """When the factor was taken off and put on again.

    Half an hour before midnight, so that a snapshot at any likely hour of a day sees the same.
    """
    half_an_hour = timedelta(minutes=30)
    return (
        at(unenrolled.first, 0) - half_an_hour,
        at(unenrolled.end, 0) - half_an_hour,
    )


class Accounts:
    """Every account; each question says for which instant it asks."""

    def __init__(self, company: Company, plan: Plan) -> None:
        """`plan` says who is without a factor when."""
        self.company = company
        self.people = {person.okta_id: person for person in company.people}
        self._gaps: dict[str, list[tuple[datetime, datetime]]] = {}
        for gap in plan.unenrolled:
            okta_id = company.staff[gap.staff].okta_id
            self._gaps.setdefault(okta_id, []).append(factor_gap(gap))

    def existing(self, moment: datetime) -> list[Person]:
        """Whoever had an account by then, deprovisioned ones included, in the order of ids."""
        found = [p for p in self.people.values() if p.spells[0].account_from <= moment]
        return sorted(found, key=lambda person: person.okta_id)

    def status(self, person: Person, moment: datetime) -> tuple[str, datetime]:
        """Status at an instant and since when it has been that."""
        spell = _newest_spell(person, moment)
        if spell.revoked_at is not None and spell.revoked_at <= moment:
            return "DEPROVISIONED", spell.revoked_at
        return "ACTIVE", spell.account_from

    def user(self, person: Person, moment: datetime, last_login: datetime | None) -> Json:
        """The account as GET /users gives it."""
        status, changed = self.status(person, moment)
        first, last = person.name.split()
        created = person.spells[0].account_from
        url = f"{TENANT_URL}/api/v1/users/{person.okta_id}"
        return {
            "id": person.okta_id,
            "status": status,
            "created": iso_ms(created),
            "activated": iso_ms(_newest_spell(person, moment).account_from),
            "statusChanged": iso_ms(changed),
            "lastLogin": iso_ms(last_login) if last_login else None,
            "lastUpdated": iso_ms(changed),
            "passwordChanged": iso_ms(created),
            "type": {"id": "oty4harbourline001x7"},
            "profile": {
                "firstName": first,
                "lastName": last,
                "login": person.email,
                "email": person.email,
                "secondEmail": None,
                "mobilePhone": None,
                "title": person.role,
                "organization": person.employer.name,
                "countryCode": person.employer.country,
                "userType": "vendor" if person.employer.vendor_id else "employee",
            },
            "credentials": {"password": {}, "provider": {"type": "OKTA", "name": "OKTA"}},
            "_links": {"self": {"href": url}},
        }

    def factors(self, person: Person, moment: datetime) -> list[Json]:
        """The second factors as GET /users/{id}/factors gives them; none once deprovisioned."""
        status, _ = self.status(person, moment)
        enrolled_at = _newest_spell(person, moment).account_from + timedelta(minutes=10)
        if status == "DEPROVISIONED" or moment < enrolled_at:
            return []
        for start, end in self._gaps.get(person.okta_id, ()):
            if start <= moment < end:
                return []
            enrolled_at = end if end <= moment else enrolled_at
        kinds = ["push"]
        if dice("second key", person.okta_id).random() < 0.3:
            kinds.append("webauthn")
        return [_factor(person, kind, enrolled_at) for kind in kinds]

    def roles(self, person: Person) -> list[Json]:
        """The administrator roles as GET /users/{id}/roles gives them."""
        if person.person_id != self.company.administrator.person_id:
            return []
        created = iso_ms(person.spells[0].account_from)
        return [
            {
                "id": "ra1" + person.okta_id[3:],
                "label": "Super Organization Administrator",
                "type": ADMIN_ROLE,
                "status": "ACTIVE",
                "created": created,
                "lastUpdated": created,
                "assignmentType": "USER",
            }
        ]


def _newest_spell(person: Person, moment: datetime) -> Spell:
    begun = [spell for spell in person.spells if spell.account_from <= moment]
    return begun[-1] if begun else person.spells[0]


def _factor(person: Person, kind: str, enrolled_at: datetime) -> Json:
    provider = "OKTA" if kind == "push" else "FIDO"
    number = dice("factor", person.okta_id, kind).getrandbits(64)
    return {
        "id": f"opf{number:017x}"[:20],
        "factorType": kind,
        "provider": provider,
        "vendorName": provider,
        "status": "ACTIVE",
        "created": iso_ms(enrolled_at),
        "lastUpdated": iso_ms(enrolled_at),
        "profile": {"credentialId": person.email},
    }
