"""The Entra tenant of the simulated company: its own staff and developers, what they do and may do.

The vendors' seats have no accounts here. Nothing that leaves here leaves late; every person who can
sign in is registered for a second factor. In each block one member of staff is given a privileged
role directly, past Privileged Identity Management, for a day, and somebody tries passwords through
an old mail protocol.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from muniment.sandbox.entra_shapes import Audit, SignIn
from muniment.sandbox.people import Company, Person
from muniment.sandbox.times import YEAR_START, at, blocks, days, dice

TENANT_ID = "6f1d4b8e-2c3a-4d5e-9f70-4a7b0e11ca5e"
GLOBAL_ADMINISTRATOR = ("62e90394-69f5-4237-9190-012177145e10", "Global Administrator")
SECURITY_READER = ("5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader")
USER_ADMINISTRATOR = ("fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator")
ROLES = (GLOBAL_ADMINISTRATOR, SECURITY_READER, USER_ADMINISTRATOR)
LOG_START = date(2025, 12, 25)
RETENTION = timedelta(days=30)
#: a disabled account is deleted after a week, unless its person has come back by then
DELETED_AFTER = timedelta(days=21)
DELETED_KEPT = timedelta(days=30)
TAKEN_UP = "Add member to role completed (PIM activation)"
EXPIRED = "Remove member from role (PIM activation expired)"
SIGN_INS_A_WORKDAY, SIGN_INS_ON_OTHER_DAYS = 18, 3
Json = dict[str, Any]


@dataclass(frozen=True)
class Stored:
    """One entry of a log: when it happened, when it could be asked for, and how Graph shows it."""

    happened: datetime
    stored: datetime
    native_id: str
    record: Json


@dataclass(frozen=True)
class Planted:
    """What is out of order in one block.

    granted: the day on which a vendor's lead is made administrator, until ten the next morning;
    tried: the day of the failed sign-ins; late: the day one of whose sign-ins is stored late;
    miscounted: the day on which the directory counts one user more than it lists; refused: the day
    in whose run the audit log is refused.
    """

    granted: date
    tried: date
    late: date
    miscounted: date
    refused: date


class Entra:
    """The tenant of one seed; each question says for which instant it asks."""

    def __init__(self, seed: int, company: Company) -> None:
        """Draws what is planted; logs are made day by day when asked for."""
        self.seed, self.company = seed, company
        self.people = [
            *company.developers, *company.release_managers, *company.staff, company.rehired,
            company.future_leaver,
        ]  # fmt: skip
        self.planted = [self._plant(block.index, block.workdays(3, 26)) for block in blocks()]
        self._sign_ins = lru_cache(maxsize=64)(self._sign_ins_on)

    def user_id(self, person: Person) -> str:
        """The object id of a person's account."""
        return self._id("user", person.person_id)

    def sign_ins(self, first: date, last: date, now: datetime) -> list[Stored]:
        """What the sign-in log holds of these days, newest first."""
        found = [e for day in days(first, last + timedelta(days=1)) for e in self._sign_ins(day)]
        return _known(found, now)

    def audits(self, first: date, last: date, now: datetime) -> list[Stored]:
        """What the audit log holds of these days, newest first."""
        wanted = days(first, last + timedelta(days=1))
        return _known([entry for day in wanted for entry in self._audits.get(day, [])], now)

    def state(self, person: Person, now: datetime) -> tuple[str, datetime] | None:
        """enabled, disabled or deleted, and since when; None where there is no account."""
        begun = [spell for spell in person.spells if spell.account_from <= now]
        if not begun:
            return None
        spell = begun[-1]
        if spell.revoked_at is None or spell.revoked_at > now:
            return "enabled", spell.account_from
        deleted = spell.revoked_at + DELETED_AFTER
        if deleted > now:
            return "disabled", spell.revoked_at
        return ("deleted", deleted) if deleted + DELETED_KEPT > now else None

    def last_sign_ins(self, now: datetime) -> dict[str, datetime]:
        """The last successful one of each account, of the fourteen days before."""
        today, found = now.date(), {}
        for entry in reversed(self.sign_ins(today - timedelta(days=14), today, now)):
            if entry.record["status"]["errorCode"] == 0:
                found[str(entry.record["userId"])] = entry.happened
        return found

    def members(self, template_id: str, now: datetime) -> list[Person]:
        """Who holds a role at an instant."""
        held = {
            GLOBAL_ADMINISTRATOR[0]: [self.company.administrator],
            SECURITY_READER[0]: [self.company.security_lead],
        }
        is_lent = any(
            lent(plant.granted)[0] <= now < lent(plant.granted)[1] for plant in self.planted
        )
        held[USER_ADMINISTRATOR[0]] = [self.lent_to] * is_lent
        return held[template_id]

    @property
    def lent_to(self) -> Person:
        """The vendor's lead who is made an administrator now and then."""
        return self.company.staff[7]

    def _plant(self, index: int, workdays: list[date]) -> Planted:
        return Planted(*dice(self.seed, "entra", index).sample(workdays, 5))

    def _id(self, *parts: object) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, (self.seed, "entra", *parts)))))

    def _sign_ins_on(self, day: date) -> list[Stored]:
        chance = dice(self.seed, "entra sign-ins", day)
        people = [person for person in self.people if person.works_throughout(day)]
        is_workday = day.weekday() < 5
        found = []
        for number in range(SIGN_INS_A_WORKDAY if is_workday else SIGN_INS_ON_OTHER_DAYS):
            moment = at(day, chance.randrange(7, 18), chance.randrange(60), chance.randrange(60))
            found.append(
                self._stored_sign_in(chance.choice(people), moment, number, chance.random())
            )
        late = [plant for plant in self.planted if plant.late == day]
        if late:  # the first one of the day becomes known more than a day later
            found[0] = Stored(
                found[0].happened, found[0].happened + timedelta(hours=26), found[0].native_id,
                found[0].record,
            )  # fmt: skip
        for _ in (plant for plant in self.planted if plant.tried == day):
            found += self._tries(day)
        return found

    def _stored_sign_in(self, person: Person, moment: datetime, number: int, luck: float) -> Stored:
        name = self._id("sign-in", moment.isoformat(), number)
        record = SignIn(name, self.user_id(person), person, moment).record(luck)
        return Stored(moment, moment + timedelta(minutes=2 + 10 * luck), name, record)

    def _tries(self, day: date) -> Iterator[Stored]:
        for number in range(6):
            moment, person = at(day, 3, 10 + number), self.company.staff[4]
            name = self._id("try", moment.isoformat())
            record = SignIn(name, self.user_id(person), person, moment).failed_record()
            yield Stored(moment, moment + timedelta(minutes=5), name, record)

    @cached_property
    def _audits(self) -> dict[date, list[Stored]]:
        """Every audit of the year and of the days before it, by day."""
        found: dict[date, list[Stored]] = {}
        for audit in [*self._usual_audits(), *self._audits_of_people(), *self._planted_audits()]:
            name = self._id("audit", audit.activity, audit.at.isoformat(), audit.target_id)
            entry = Stored(audit.at, audit.at + timedelta(minutes=4), name, audit.record(name))
            found.setdefault(audit.at.date(), []).append(entry)
        return found

    def _usual_audits(self) -> Iterator[Audit]:
        """On working days the administrator takes up a role for three hours; PIM tells it."""
        person = self.company.administrator
        for day in days(LOG_START, YEAR_START + timedelta(days=365)):
            if day.weekday() >= 5:
                continue
            moment = at(day, 9, dice(self.seed, "pim", day).randrange(50))
            audit = Audit("", moment, self.user_id(person), person, USER_ADMINISTRATOR)
            yield audit.by(person, self.user_id(person), TAKEN_UP)
            yield audit.by_pim("Add member to role", timedelta(seconds=2))
            yield audit.by_pim("Remove member from role", timedelta(hours=3))
            yield audit.by_service(EXPIRED, timedelta(hours=3, seconds=1))

    def _audits_of_people(self) -> Iterator[Audit]:
        administrator = self.company.administrator
        acting = (administrator, self.user_id(administrator))
        for person in self.people:
            for number, spell in enumerate(person.spells):
                audit = Audit("", spell.account_from, self.user_id(person), person)
                yield audit.by(*acting, "Enable account" if number else "Add user")
                if spell.revoked_at is None:
                    continue
                yield audit.by(*acting, "Disable account", spell.revoked_at - spell.account_from)
                deleted = spell.revoked_at + DELETED_AFTER
                is_back = any(other.account_from < deleted for other in person.spells[number + 1 :])
                if not is_back:
                    yield audit.by(*acting, "Delete user", deleted - spell.account_from)

    def _planted_audits(self) -> Iterator[Audit]:
        administrator = self.company.administrator
        acting = (administrator, self.user_id(administrator))
        for plant in self.planted:
            start, end = lent(plant.granted)
            audit = Audit("", start, self.user_id(self.lent_to), self.lent_to, USER_ADMINISTRATOR)
            yield audit.by(*acting, "Add member to role")
            yield audit.by(*acting, "Remove member from role", end - start)


def lent(day: date) -> tuple[datetime, datetime]:
    """From two in the afternoon to ten the next morning, so that one snapshot sees it."""
    return at(day, 14), at(day + timedelta(days=1), 10)


def _known(entries: list[Stored], now: datetime) -> list[Stored]:
    kept = [e for e in entries if e.stored <= now and e.happened > now - RETENTION]
    return sorted(kept, key=lambda entry: (entry.happened, entry.native_id), reverse=True)
