"""The public feeds that the simulated company reads: exploited vulnerabilities, ends of support."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from muniment.sandbox.answers import Answer, Question, document
from muniment.sandbox.exploited import Entry, entries, short_days
from muniment.sandbox.times import at, blocks, dice
from muniment.sandbox.world import World

KEV_PATH = "/sites/default/files/feeds/known_exploited_vulnerabilities.json"
#: hour (UTC) at which the catalogue of a day is published
PUBLISHED_H = 15

Json = dict[str, Any]


class Cisa:
    """The host of the catalogue of known exploited vulnerabilities."""

    def __init__(self, world: World) -> None:
        """`world` gives the seed: which of its findings are listed follows from it."""
        self.world = world

    @cached_property
    def _entries(self) -> list[Entry]:
        return entries(self.world.seed)

    @cached_property
    def _short_days(self) -> set[Any]:
        return set(short_days(self.world.seed))

    def answer(self, question: Question) -> Answer:
        """The catalogue of this instant; 404 for anything else."""
        if question.path != KEV_PATH:
            return document({"message": "Not Found"}, 404)
        return document(self.catalogue(question.now))

    def refused(self) -> Answer:
        """A public feed refuses nobody but whom the simulation itself does not know."""
        return document({"message": "Access Denied"}, 403)

    def catalogue(self, now: datetime) -> Json:
        """Title, version, count and the entries added so far."""
        released = at(now.date(), PUBLISHED_H)
        if now < released:
            released -= timedelta(days=1)
        listed = [e for e in self._entries if at(e.added_on, PUBLISHED_H) <= released]
        shown = listed[:-1] if now.date() in self._short_days else listed
        return {
            "title": "CISA Catalog of Known Exploited Vulnerabilities",
            "catalogVersion": released.strftime("%Y.%m.%d"),
            "dateReleased": datetime.combine(released.date(), time(PUBLISHED_H)).isoformat()
            + ".0000Z",
            "count": len(listed),
            "vulnerabilities": [_entry(entry) for entry in shown],
        }


def _entry(entry: Entry) -> Json:
    return {
        "cveID": entry.cve,
        "vendorProject": "Example",
        "product": f"package-{entry.cve[-5:]}",
        "vulnerabilityName": f"Example package-{entry.cve[-5:]} Simulated Vulnerability",
        "dateAdded": entry.added_on.isoformat(),
        "shortDescription": "A weakness of the simulated company.",
        "requiredAction": "Apply mitigations per vendor instructions.",
        "dueDate": entry.due_on.isoformat(),
        "knownRansomwareCampaignUse": "Unknown",
        "notes": "",
        "cwes": [],
    }


#: product -> its releases: cycle, day of release, end of support (a day, or only a yes or no)
PRODUCTS: dict[str, tuple[tuple[str, str, str | bool], ...]] = {
    "ubuntu": (
        ("24.04", "2024-04-25", "2029-05-31"), ("22.04", "2022-04-21", "2027-04-01"),
        ("18.04", "2018-04-26", "2023-05-31"),
    ),
    "macos": (("15", "2024-09-16", False), ("12", "2021-10-25", True)),
    "debian": (("12", "2023-06-10", "2026-06-10"), ("11", "2021-08-14", "2024-08-14")),
}  # fmt: skip


class EndOfLife:
    """The host of the list of ends of support."""

    def __init__(self, world: World) -> None:
        """The list is the same for every company; on planted days a product is missing."""
        self._missing = set(missing_days(world.seed))

    def answer(self, question: Question) -> Answer:
        """One product; 404 for anything else."""
        name = question.path.removeprefix("/api/v1/products/")
        is_missing = question.now.date() in self._missing and name == "debian"
        if name == question.path or name not in PRODUCTS or is_missing:
            return document({"message": "Product not found"}, 404)
        return document(
            {
                "schema_version": "1.2.0", "generated_at": question.now.isoformat(),
                "last_modified": "2025-12-01T00:00:00+00:00",
                "result": {
                    "name": name, "label": name.title(), "category": "os",
                    "releases": [_release(*release) for release in PRODUCTS[name]],
                },
            }
        )  # fmt: skip

    def refused(self) -> Answer:
        """A public list refuses nobody but whom the simulation itself does not know."""
        return document({"message": "Access Denied"}, 403)


def missing_days(seed: int) -> list[date]:
    """Days on which the list does not know one of the products: one a block."""
    return [dice(seed, "eol", block.index).choice(block.workdays(4, 28)) for block in blocks()]


def _release(cycle: str, released: str, end: str | bool) -> Json:
    ends: Json = {"isEol": end, "eolFrom": None} if isinstance(end, bool) else {"eolFrom": end}
    return {"name": cycle, "label": cycle, "releaseDate": released, "isLts": False, **ends}
