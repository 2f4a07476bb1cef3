"""Who works at Harbourline Health: its own staff, two offshore vendors, and who comes and goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cached_property

from muniment.sandbox.times import YEAR_END, at, blocks, dice, workdays

COMPANY = "Harbourline Health"
ORGANISATION = "harbourline"
LEAVER_LIMIT = timedelta(hours=24)  # the control library's default for IAM-04
NOTICE = timedelta(days=10)
SEATS = 18
LEAVES = ("late", "kept", "at_limit", "bare_date", "bare_evening", "used_after_end")
STAFF_ROLES = (
    "head of engineering", "security lead", "IT administrator", "HR partner", "finance analyst",
    "support lead", "product manager", "vendor lead", "vendor lead",
)  # fmt: skip
FIRST = (
    "Aanya", "Amara", "Anton", "Bea", "Carla", "Chidi", "Dana", "Deepa", "Edgars", "Elena",
    "Emil", "Farid", "Grace", "Hana", "Ilze", "Imran", "Ines", "Ivo", "Jonas", "Kavya", "Laila",
    "Liga", "Marek", "Maya", "Mira", "Nadia", "Nikhil", "Noor", "Olga", "Oskar", "Priya",
    "Rafael", "Ravi", "Rosa", "Samir", "Sofia", "Tomas", "Uma", "Vera", "Yusuf",
)  # fmt: skip
LAST = (
    "Abara", "Balodis", "Berg", "Bose", "Castro", "Dias", "Eglitis", "Farrow", "Gupta", "Hale",
    "Ibarra", "Iyer", "Jansen", "Kalnins", "Khan", "Kumar", "Larsen", "Liepa", "Lund", "Mehta",
    "Moreau", "Nair", "Novak", "Okafor", "Ozols", "Patel", "Pereira", "Quinn", "Rao", "Reyes",
    "Saini", "Silva", "Sharma", "Stone", "Turner", "Vance", "Varga", "Weber", "Ziedins", "Zhou",
)  # fmt: skip


@dataclass(frozen=True)
class Employer:
    """A company whose people work here; `vendor_id` is None for the organisation itself."""

    name: str
    vendor_id: str | None
    domain: str
    country: str
    utc_offset: timedelta


HARBOURLINE = Employer(COMPANY, None, "harbourline.example", "GB", timedelta(0))
KESTREL = Employer("Kestrel Software", "V-KESTREL", "kestrel.example", "IN", timedelta(hours=5.5))
BALTICA = Employer("Baltica Digital", "V-BALTICA", "baltica.example", "LV", timedelta(hours=2))


@dataclass(frozen=True)
class Spell:
    """One employment: what the roster says, and what was really done with the account.

    `end_text` is the roster's own wording of the end (an instant with zone, or a bare date);
    `revoked_at` None means that nobody has taken the account away.
    """

    start_at: datetime
    end_at: datetime | None = None
    end_text: str = ""
    revoked_at: datetime | None = None
    leave: str = ""

    @property
    def account_from(self) -> datetime:
        """When the account is made or made active again: half past seven on the first day."""
        return at(self.start_at.date(), 7, 30)


@dataclass(frozen=True)
class Person:
    """One person of the roster."""

    person_id: str
    name: str
    email: str
    employer: Employer
    role: str
    okta_id: str
    github: tuple[str, ...]
    spells: tuple[Spell, ...]
    manager_id: str = ""

    def works_throughout(self, day: date) -> bool:
        """Whether the person is here from the day's start to a whole day after its end."""
        start, after = at(day, 0), at(day, 0) + timedelta(days=2)
        return any(
            spell.start_at < start and (spell.end_at is None or spell.end_at > after)
            for spell in self.spells
        )


class Company:
    """Everybody of one seed's year, in the order of their person ids."""

    def __init__(self, seed: int) -> None:
        """Draws the people; leavers and joiners follow the blocks of the plan."""
        self.seed = seed
        self._names = self._draw_names()
        self.developers = [self._developer(n) for n in range(14)]
        self.release_managers = [self._core("release manager", HARBOURLINE, 1) for _ in range(2)]
        self.staff = [
            self._core(role, (KESTREL, BALTICA)[n % 2] if role == "vendor lead" else HARBOURLINE)
            for n, role in enumerate(STAFF_ROLES)
        ]
        self.security_lead, self.administrator = self.staff[1], self.staff[2]
        self.rehired = self._rehired()
        self.future_leaver = self._future_leaver()
        self.seats = [person for seat in range(SEATS) for person in self._occupants(seat)]

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Everybody, each with the manager of their team."""
        everybody = [
            *self.developers, *self.release_managers, *self.staff, self.rehired,
            self.future_leaver, *self.seats,
        ]  # fmt: skip
        head = self.staff[0].person_id
        return tuple(
            replace(person, manager_id="" if person.person_id == head else head)
            for person in sorted(everybody, key=lambda person: person.person_id)
        )

    @cached_property
    def by_github(self) -> dict[str, Person]:
        """GitHub account name to person."""
        return {login: person for person in self.people for login in person.github}

    @property
    def second_account_holder(self) -> Person:
        """The one developer who has two GitHub accounts."""
        return self.developers[0]

    def _draw_names(self) -> list[str]:
        names = [f"{first} {last}" for first in FIRST for last in LAST]
        dice(self.seed, "names").shuffle(names)
        return names

    def _developer(self, number: int) -> Person:
        employer = (HARBOURLINE, KESTREL, HARBOURLINE, BALTICA)[number % 4]
        return self._core("developer", employer, accounts=2 if number == 0 else 1)

    def _core(self, role: str, employer: Employer, accounts: int = 0) -> Person:
        chance = dice(self.seed, "core", role, len(self._names))
        start = at(date(2023, 1, 2) + timedelta(days=chance.randrange(900)), 9)
        return self._person(role, employer, (Spell(start),), accounts)

    def _person(
        self, role: str, employer: Employer, spells: tuple[Spell, ...], accounts: int
    ) -> Person:
        name = self._names.pop()
        number = len(FIRST) * len(LAST) - len(self._names)
        first, last = name.lower().split()
        handle = f"{first[0]}{last}-hl{number}"
        return Person(
            person_id=f"P{number:03d}",
            name=name,
            email=f"{first}.{last}@{employer.domain}",
            employer=employer,
            role=role,
            okta_id=f"00u{dice(self.seed, 'okta id', number).getrandbits(80):017x}"[:20],
            github=(handle, f"{handle}-ops")[:accounts],
            spells=spells,
        )

    def _rehired(self) -> Person:
        first = leave("prompt", at(date(2024, 3, 4), 9), date(2026, 1, 9), HARBOURLINE)
        again = Spell(at(date(2026, 1, 26), 9))
        return self._person("data analyst", HARBOURLINE, (first, again), 0)

    def _future_leaver(self) -> Person:
        spell = leave("prompt", at(date(2024, 9, 2), 9), date(2026, 12, 18), HARBOURLINE)
        return self._person("project manager", HARBOURLINE, (spell,), 0)

    def _occupants(self, seat: int) -> list[Person]:
        """Everybody who sits on one seat in the course of the year, one after the other."""
        employer = (KESTREL, BALTICA, HARBOURLINE)[seat % 3]
        role = ("support engineer", "test engineer", "operations analyst")[seat % 3]
        chance = dice(self.seed, "seat", seat)
        start = at(date(2024, 1, 8) + timedelta(days=chance.randrange(500)), 9)
        people = []
        for kind, day in self._leaves(seat):
            spell = leave(kind, start, day, employer, chance.randrange(300, 1500))
            people.append(self._person(role, employer, (spell,), seat % 2))
            start = at(workdays(day, day + timedelta(days=9))[3], 9)
        if start.date() < YEAR_END:
            people.append(self._person(role, employer, (Spell(start),), seat % 2))
        return people

    def _leaves(self, seat: int) -> list[tuple[str, date]]:
        """When somebody leaves this seat and how: one seat a kind in every block."""
        found = []
        for block in blocks():
            chosen = dice(self.seed, "leaves", block.index).sample(
                block.workdays(2, 22), len(LEAVES)
            )
            for turn, kind in enumerate(LEAVES):
                if (len(LEAVES) * block.index + turn) % SEATS == seat:
                    is_bare_over = kind == "late" and block.index % 2 == 1
                    found.append(("just_late" if is_bare_over else kind, chosen[turn]))
        return found


def leave(kind: str, start: datetime, day: date, employer: Employer, late_min: int = 0) -> Spell:
    """A spell that ends on `day` at half past five local time, and what became of the account.

    late: taken away `late_min` minutes after the limit; just_late: one minute after it; at_limit:
    on the second; bare_date: the roster knows the day alone, the account was taken that morning;
    bare_evening: the same, but taken that evening (UTC) and used the evening before, which is too
    late, or in time, by the zone in which the day is read; kept: never taken away; used_after_end
    and prompt: taken away in time.
    """
    if kind in ("bare_date", "bare_evening"):
        taken = at(day, 8 if kind == "bare_date" else 20)
        return Spell(start, at(day, 23, 59), day.isoformat(), taken, kind)
    local = datetime(day.year, day.month, day.day, 17, 30, tzinfo=timezone(employer.utc_offset))
    end = local.astimezone(UTC)
    revoked: dict[str, datetime | None] = {
        "late": end + LEAVER_LIMIT + timedelta(minutes=late_min),
        "just_late": end + LEAVER_LIMIT + timedelta(minutes=1),
        "at_limit": end + LEAVER_LIMIT,
        "kept": None,
        "used_after_end": end + timedelta(hours=5),
        "prompt": end + timedelta(hours=2),
    }
    return Spell(start, end, local.isoformat(), revoked[kind], kind)
