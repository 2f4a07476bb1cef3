"""The company's Google Workspace: who has an account there, and what its reports will say.

The organisation's own people who stay have one; of those who leave, those whose accounts are taken
away in time. Every block plants a super administrator whom nobody expects, a sign-in that is
reported more than a day late, and a day on which the quota is used up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from muniment.sandbox import google_shapes as shapes
from muniment.sandbox.google_shapes import event
from muniment.sandbox.people import HARBOURLINE, Company, Person
from muniment.sandbox.times import HISTORY_START, at, blocks, dice

DAY = timedelta(days=1)
#: how long a leaver's account stays suspended before it is deleted, and may be restored after that
KEPT, RESTORABLE = timedelta(days=14), timedelta(days=20)
#: applications whose events are there within minutes
QUICK = ("admin", "drive")
Json = dict[str, Any]


@dataclass(frozen=True)
class Activity:
    """One activity: when it happened, when Google reports it, and its JSON."""

    application: str
    happened: datetime
    reported: datetime
    qualifier: str
    record: Json

    @property
    def order(self) -> tuple[datetime, str]:
        """Its place in a report, which is newest first."""
        return self.happened, self.qualifier


@dataclass(frozen=True)
class Elevation:
    """Two days on which somebody who should not be is a super administrator."""

    person: Person
    start: datetime
    end: datetime


def quota_days(seed: int) -> list[date]:
    """Days on which every request is refused because the quota is used up: one in every block."""
    return [dice(seed, "google quota", b.index).choice(b.workdays(5, 25)) for b in blocks()]


def late_days(seed: int) -> list[date]:
    """Days with a sign-in that is reported more than a day later: one in every block.

    Never in the three days before a day without quota, so that the next run reads it.
    """
    found = []
    for block, quota in zip(blocks(), quota_days(seed), strict=True):
        days = [day for day in block.workdays(3, 25) if not day <= quota <= day + 3 * DAY]
        found.append(dice(seed, "google late", block.index).choice(days))
    return found


class Workspace:
    """Accounts and activities of one seed; whoever asks says for which instant."""

    def __init__(self, seed: int, company: Company) -> None:
        """Days are made when first asked for."""
        self.seed, self.company = seed, company
        core = [*company.developers, *company.release_managers, *company.staff]
        own = [person for person in core if person.employer == HARBOURLINE]
        self.leavers = [
            person
            for person in company.seats
            if person.employer == HARBOURLINE and person.spells[0].leave == "used_after_end"
        ]
        self.people = sorted([*own, *self.leavers], key=lambda person: person.email)
        self.happened_on = lru_cache(maxsize=64)(self._happened_on)

    @cached_property
    def elevations(self) -> list[Elevation]:
        """One in every block, seen by every snapshot: somebody of HR, finance or support."""
        found = []
        for block, quota in zip(blocks(), quota_days(self.seed), strict=True):
            chance = dice(self.seed, "google elevation", block.index)
            days = [day for day in block.workdays(4, 20) if not day <= quota <= day + 2 * DAY]
            start = at(chance.choice(days), 11, chance.randrange(60))
            found.append(Elevation(chance.choice(self.company.staff[3:6]), start, start + 2 * DAY))
        return found

    def reported(
        self, application: str, start: datetime, end: datetime, now: datetime
    ) -> list[Activity]:
        """What happened in [start, end) and is reported by `now`, newest first."""
        day, found = max(start.date(), HISTORY_START), list[Activity]()
        while day <= min(end, now).date():
            found += [
                item
                for item in self.happened_on(day)
                if item.application == application
                and start <= item.happened < end
                and item.reported <= now
            ]
            day += DAY
        return sorted(found, key=lambda item: item.order, reverse=True)

    def users(self, now: datetime, *, is_deleted: bool) -> list[Json]:
        """The directory's listing, by address: of those who are there, or of the deleted ones."""
        found = []
        for person in self.people:
            deleted_at = _deleted_at(person)
            is_gone = deleted_at is not None and deleted_at <= now
            is_restorable = deleted_at is not None and now < deleted_at + RESTORABLE
            has_begun = person.spells[0].account_from <= now
            if has_begun and is_gone == is_deleted and (not is_gone or is_restorable):
                found.append(self._user(person, now, deleted_at if is_gone else None))
        return found

    def _user(self, person: Person, now: datetime, deleted_at: datetime | None) -> Json:
        spell = person.spells[0]
        is_elevated = any(
            one.person == person and one.start <= now < one.end for one in self.elevations
        )
        return shapes.user(
            person,
            last_login=self._last_login(person, now),
            is_admin=person == self.company.administrator or is_elevated,
            is_delegated_admin=person == self.company.security_lead,
            is_suspended=spell.revoked_at is not None and spell.revoked_at <= now,
            deleted_at=deleted_at,
        )

    def _last_login(self, person: Person, now: datetime) -> datetime | None:
        for back in range(8):
            found = [
                item.happened
                for item in self.happened_on(now.date() - back * DAY)
                if item.application == "login"
                and item.happened <= now
                and item.record["actor"]["email"] == person.email
            ]
            if found:
                return max(found)
        return None

    def _happened_on(self, day: date) -> tuple[Activity, ...]:
        return tuple(sorted(self._made_on(day), key=lambda item: item.order))

    def _made_on(self, day: date) -> Iterator[Activity]:
        for person in self.people:
            if person.works_throughout(day) and day.weekday() < 5:
                yield from self._workday(person, day)
        administrator = self.company.administrator
        for moment, name, target in self._administered():
            if moment.date() == day:
                one = event("USER_SETTINGS", name, USER_EMAIL=target.email)
                yield self._activity("admin", administrator, moment, one)

    def _workday(self, person: Person, day: date) -> Iterator[Activity]:
        chance = dice(self.seed, "google", day, person.person_id)
        moment = at(day, chance.randrange(7, 17), chance.randrange(60), chance.randrange(60))
        is_late = day in self._late and person == self.company.developers[0]
        sign_in = event(
            "login", "login_success", login_type="google_password",
            login_challenge_method=["password", "google_prompt"], is_suspicious=False,
        )  # fmt: skip
        yield self._activity("login", person, moment, sign_in, is_late=is_late)
        if chance.random() < 0.4:
            document = f"doc-{chance.getrandbits(32):08x}"
            shown = {"doc_id": document, "doc_title": "Rota", "owner": person.email}
            view = event("access", "view", **shown, primary_event=True)
            edit = event("access", "edit", **shown, primary_event=False)
            later = moment + timedelta(minutes=chance.randrange(5, 90))
            yield self._activity("drive", person, later, view, edit)
        if chance.random() < 0.1:
            client = {"client_id": "7204.apps.googleusercontent.com", "app_name": "Calendar sync"}
            name = chance.choice(("authorize", "revoke"))
            scope = ["https://www.googleapis.com/auth/calendar"]
            one = event("auth", name, **client, client_type="WEB", scope=scope)
            yield self._activity("token", person, moment + timedelta(minutes=3), one)
        if chance.random() < 0.2:
            one = event(
                "login", "login_success", application_name="Benefits portal", initiated_by="sp"
            )
            yield self._activity("saml", person, moment + timedelta(minutes=4), one)

    def _administered(self) -> Iterator[tuple[datetime, str, Person]]:
        for one in self.elevations:
            yield one.start, "GRANT_ADMIN_PRIVILEGE", one.person
            yield one.end, "REVOKE_ADMIN_PRIVILEGE", one.person
        for person in self.leavers:
            yield person.spells[0].account_from, "CREATE_USER", person
            revoked_at, deleted_at = person.spells[0].revoked_at, _deleted_at(person)
            if revoked_at is not None and deleted_at is not None:
                yield revoked_at, "SUSPEND_USER", person
                yield deleted_at, "DELETE_USER", person

    def _activity(
        self, application: str, person: Person, moment: datetime, *events: Json,
        is_late: bool = False,
    ) -> Activity:  # fmt: skip
        chance = dice(self.seed, "google id", application, moment, person.person_id, str(events))
        qualifier = str(chance.getrandbits(63) - 2**62)
        lag = timedelta(minutes=chance.randrange(1, 6 if application in QUICK else 180))
        address = f"198.51.100.{chance.randrange(1, 250)}"
        record = shapes.activity(application, person, moment, qualifier, address, list(events))
        reported = moment + (timedelta(hours=30) if is_late else lag)
        return Activity(application, moment, reported, qualifier, record)

    @cached_property
    def _late(self) -> frozenset[date]:
        return frozenset(late_days(self.seed))


def _deleted_at(person: Person) -> datetime | None:
    revoked_at = person.spells[0].revoked_at
    return None if revoked_at is None else revoked_at + KEPT
