"""The Fleet-shaped API of the simulated company: the laptops of its people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from muniment.sandbox.answers import Answer, Question, document
from muniment.sandbox.people import Person
from muniment.sandbox.times import at, blocks, dice, iso_s
from muniment.sandbox.world import World

Json = dict[str, Any]
SYSTEMS = (
    ("darwin", "macOS 15.1.1"), ("ubuntu", "Ubuntu 22.04.4 LTS"),
    ("windows", "Microsoft Windows 11 Pro 23H2 10.0.22631.4460"), ("ubuntu", "Ubuntu 24.04.1 LTS"),
)  # fmt: skip
#: one laptop runs a release that nobody supports any more: the planted deviation
ENDED = ("ubuntu", "Ubuntu 18.04.6 LTS")


class Fleet:
    """The server that manages the laptops."""

    def __init__(self, world: World) -> None:
        """`world` is the company whose people have laptops."""
        self.world = world
        self._short = set(short_days(world.seed))

    def answer(self, question: Question) -> Answer:
        """Whose credential it is, the count, or a page of hosts."""
        if question.path == "/api/v1/fleet/me":
            return document(
                {"user": {"id": 7, "name": "evidence", "api_only": True,
                          "global_role": "observer", "teams": []}}
            )  # fmt: skip
        hosts = self.hosts(question.now)
        if question.path == "/api/v1/fleet/hosts/count":
            return document({"count": len(hosts)})
        if question.path == "/api/v1/fleet/hosts":
            if question.now.date() in self._short:
                hosts = hosts[:-1]
            size, page = question.number("per_page", 100, 10_000), question.query.get("page", "0")
            start = int(page) * size if page.isdigit() else 0
            return document({"hosts": hosts[start : start + size]})
        return error(404, "Resource Not Found")

    def refused(self) -> Answer:
        """The answer to a wrong or missing token."""
        return error(401, "Authentication required")

    def hosts(self, now: datetime) -> list[Json]:
        """The laptops of everybody who has an account, in order of their numbers."""
        found = []
        for number, person in enumerate(self.world.company.people, start=1):
            if any(
                s.account_from <= now and not _is_over(s.revoked_at, now) for s in person.spells
            ):
                found.append(_host(self.world.seed, number, person, now))
        return found


def error(code: int, message: str) -> Answer:
    """A refusal, as Fleet writes it."""
    return document({"message": message, "errors": [{"name": "base", "reason": message}]}, code)


def short_days(seed: int) -> list[date]:
    """Days on which the list holds one host fewer than the count: one a block."""
    return [dice(seed, "fleet", block.index).choice(block.workdays(4, 28)) for block in blocks()]


def ended_serial(world: World) -> str:
    """The serial number of the laptop whose system is not supported any more."""
    return _serial(world.seed, world.company.people[0])


def _serial(seed: int, person: Person) -> str:
    return sha256(f"{seed}/{person.person_id}".encode()).hexdigest()[:10].upper()


def _is_over(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def _host(seed: int, number: int, person: Person, now: datetime) -> Json:
    chance = dice(seed, "laptop", person.person_id)
    platform, system = chance.choice(SYSTEMS)
    if number == 1:
        platform, system = ENDED
    serial = _serial(seed, person)
    described = at(now.date(), 0, chance.randrange(60))
    described -= timedelta(days=1) if described > now else timedelta(0)
    return {
        "id": number, "uuid": f"{serial}-0000-4000-a000-000000000000", "hardware_serial": serial,
        "hostname": f"laptop-{number:03d}", "display_name": f"laptop-{number:03d}",
        "computer_name": f"laptop-{number:03d}", "hardware_model": "Simulated 14",
        "platform": platform, "os_version": system, "osquery_version": "5.15.0",
        "status": "online", "team_name": person.employer.name, "team_id": None,
        "disk_encryption_enabled": None if platform == "windows" else number != 2,
        "seen_time": iso_s(described), "detail_updated_at": iso_s(described),
        "last_enrolled_at": "2025-09-01T08:00:00Z",
        "mdm": {"enrollment_status": "On (automatic)", "encryption_key_available": True},
    }  # fmt: skip
