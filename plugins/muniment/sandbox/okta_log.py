"""The Okta system log: what happened, when, and when the tenant had stored it.

Every hour holds a heartbeat of the directory import; working hours hold sign-ins, each a session
start, its second factor and an application, in one external session. One event in about 150 is
stored a day late, as Okta says can happen.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache

from muniment.sandbox import okta_events as events
from muniment.sandbox.okta_events import Event, Session
from muniment.sandbox.people import Company, Person
from muniment.sandbox.plan import Plan, SingleFactor
from muniment.sandbox.times import at, dice, iso_ms

LOG_START = date(2025, 12, 25)
WORKING_HOURS = range(7, 18)
WEEKEND_HOURS = (10, 15)
SESSIONS_AN_HOUR = 3
LONGEST_DELAY_DAYS = 2
RETENTION = timedelta(days=90)


@dataclass(frozen=True)
class Entry:
    """One event of the log: when it happened, when it was stored, and its JSON text."""

    published: datetime
    stored: datetime
    uuid: str
    event: Event
    text: str

    @property
    def order(self) -> tuple[datetime, str]:
        """Its place in polling mode."""
        return self.stored, self.uuid


class OktaLog:
    """The log of one seed, made day by day when asked for."""

    def __init__(self, seed: int, company: Company, plan: Plan) -> None:
        """`delays` holds back single events (uuid -> how long), for tests."""
        self.seed, self.company, self.plan = seed, company, plan
        self.delays: dict[str, timedelta] = {}
        self._entries = lru_cache(maxsize=128)(self._published_on)
        self._sign_ins = lru_cache(maxsize=64)(self._sign_ins_on)

    def delay(self, event_uuid: str, by: timedelta) -> None:
        """Stores one event later than it would have been."""
        self.delays[event_uuid] = by
        self._forget()

    def clear_delays(self) -> None:
        """Stores every event when the seed says so, again."""
        self.delays.clear()
        self._forget()

    def _forget(self) -> None:
        self._entries.cache_clear()
        self._sign_ins.cache_clear()

    def stored_between(self, start: datetime, end: datetime) -> Iterator[Entry]:
        """Entries stored in (start, end], in the order in which they were stored."""
        longest = max([timedelta(days=LONGEST_DELAY_DAYS), *self.delays.values()])
        reach = longest.days + 1
        day = max(start.date(), LOG_START)
        while day <= end.date():
            near = [day - timedelta(days=back) for back in range(reach + 1)]
            found = [
                entry
                for other in near
                for entry in self._entries(other)
                if entry.stored.date() == day and start < entry.stored <= end
            ]
            yield from sorted(found, key=lambda entry: entry.order)
            day += timedelta(days=1)

    def published_between(self, start: datetime, end: datetime, now: datetime) -> list[Entry]:
        """Entries that happened in [start, end) and were stored by `now`, in order of time."""
        day, found = max(start.date(), LOG_START), []
        while day <= end.date():
            found += [
                entry
                for entry in self._entries(day)
                if start <= entry.published < end and entry.stored <= now
            ]
            day += timedelta(days=1)
        return sorted(found, key=lambda entry: (entry.published, entry.uuid))

    def last_login(self, person: Person, now: datetime) -> datetime | None:
        """The person's newest session start by `now`, of the last two weeks."""
        for back in range(15):
            starts = self._sign_ins(now.date() - timedelta(days=back)).get(person.okta_id, ())
            known = [entry.published for entry in starts if entry.stored <= now]
            if known:
                return known[-1]
        return None

    def happened_on(self, day: date) -> tuple[Entry, ...]:
        """Everything that happened on a day, whenever it was stored."""
        return self._entries(day)

    def is_quiet(self, day: date, hour: int) -> bool:
        """Whether the plan's lull of this hour took place: not when something planted needs it."""
        return (day, hour) in self.plan.quiet_hours and not any(
            event.at.hour == hour for event in self._planted.get(day, ())
        )

    def single_factor_uuid(self, sign_in: SingleFactor) -> str:
        """The id of the session start of a planned sign-in with a password alone."""
        return self._uuid(self._single_factor(sign_in)[0])

    def _published_on(self, day: date) -> tuple[Entry, ...]:
        if day < LOG_START:
            return ()
        happened = sorted(
            [*self._heartbeats(day), *self._usual(day), *self._planted.get(day, ())],
            key=lambda event: (event.at, event.event_type, event.session),
        )
        return tuple(self._entry(event) for event in happened)

    def _sign_ins_on(self, day: date) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self._entries(day):
            if entry.event.is_sign_in:
                found.setdefault(entry.event.actor_id, []).append(entry)
        return found

    def _entry(self, event: Event) -> Entry:
        chance = dice(self.seed, "stored", event.at, event.event_type, event.session)
        delay = timedelta(milliseconds=chance.randrange(800, 40_000))
        if event.is_late or (event.may_be_late and chance.random() < 1 / 50):
            delay = timedelta(hours=chance.randrange(24, 28), minutes=chance.randrange(60))
        name = self._uuid(event)
        text = json.dumps(event.record(name), separators=(",", ":"), ensure_ascii=False)
        stored = event.at + self.delays.get(name, delay)
        return Entry(event.at, stored, name, event, text)

    def _uuid(self, event: Event) -> str:
        parts = (event.event_type, event.actor_id, iso_ms(event.at), event.target_id)
        return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join((str(self.seed), *parts))))

    def _heartbeats(self, day: date) -> Iterator[Event]:
        for hour in range(24):
            second = dice(self.seed, "import", day, hour).randrange(60)
            yield events.directory_import(at(day, hour, 5, second))

    def _usual(self, day: date) -> Iterator[Event]:
        """The day's ordinary sign-ins, and now and then a mistyped password."""
        people = [p for p in self.company.people if p.works_throughout(day)]
        absent = {
            self.company.staff[gap.staff].okta_id
            for gap in self.plan.unenrolled
            if gap.first - timedelta(days=1) <= day <= gap.end
        }
        people = [person for person in people if person.okta_id not in absent]
        is_workday = day.weekday() < 5
        for hour in WORKING_HOURS if is_workday else WEEKEND_HOURS:
            if self.is_quiet(day, hour):
                continue
            chance = dice(self.seed, "hour", day, hour)
            for _ in range(SESSIONS_AN_HOUR if is_workday else 1):
                moment = at(day, hour, chance.randrange(1, 57), chance.randrange(60))
                yield from events.sign_in(Session.of(chance.choice(people), moment))
            if is_workday and chance.random() < 0.3:
                moment = at(day, hour, 58, chance.randrange(60))
                yield events.mistyped(chance.choice(people), moment)

    @cached_property
    def _planted(self) -> dict[date, list[Event]]:
        """What the plan and the roster put into each day."""
        administrator = self.company.administrator
        found = [event for plan in self.plan.single_factor for event in self._single_factor(plan)]
        for person in self.company.people:
            found += _life_of(person, administrator)
        for gap in self.plan.unenrolled:
            found += events.factor_lost_and_found(self.company.staff[gap.staff], administrator, gap)
        by_day: dict[date, list[Event]] = {}
        for event in found:
            by_day.setdefault(event.at.date(), []).append(event)
        return by_day

    def _single_factor(self, plan: SingleFactor) -> list[Event]:
        person = self.company.developers[plan.developer]
        moment = at(plan.day, 8, 20, plan.developer)
        session = Session.of(person, moment)
        start = events.session_start(session, is_late=plan.is_late)
        return [start, events.password_step(session)] if plan.is_told_as_factor else [start]


def _life_of(person: Person, administrator: Person) -> list[Event]:
    """Accounts made and taken away, and sign-ins around the end of a spell."""
    found: list[Event] = []
    for number, spell in enumerate(person.spells):
        if spell.account_from >= at(LOG_START, 0):
            found += events.account_made(person, administrator, spell, is_again=number > 0)
        if spell.end_at is None:
            continue
        if spell.revoked_at is not None:
            found += events.account_taken(person, administrator, spell.revoked_at)
        for moment in sign_ins_around_end(spell.leave, spell.end_at):
            found += events.sign_in(Session.of(person, moment))
    return found


def sign_ins_around_end(leave: str, end: datetime) -> list[datetime]:
    """Sign-ins near the end of a spell: some just allowed, some too late, some in doubt."""
    if leave == "used_after_end":
        return [end + timedelta(hours=2)]
    if leave == "bare_evening":
        return [at((end - timedelta(days=1)).date(), 20)]
    if leave == "kept":
        return [at((end + timedelta(days=2)).date(), 8, 45)]
    return [end - timedelta(minutes=2)] if leave == "at_limit" else []
