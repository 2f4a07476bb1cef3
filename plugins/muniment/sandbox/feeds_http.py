"""The public feeds that the simulated company reads: exploited vulnerabilities."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any

from muniment.sandbox.answers import Answer, Question, document
from muniment.sandbox.exploited import Entry, entries, short_days
from muniment.sandbox.times import at
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
