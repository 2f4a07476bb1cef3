"""The GitHub audit log of the simulated company: members, rights, settings, and what Git did.

Events are told from the lives of members and repositories; those of Git are there for seven days.
Once a block the owner's token has lost its right to read the log for a night, and the first
override of a protection in each month is stored at noon of the next day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from muniment.sandbox import github_shapes as shapes
from muniment.sandbox.answers import Json, text_of
from muniment.sandbox.github_access import GitHubAccess
from muniment.sandbox.people import ORGANISATION
from muniment.sandbox.repositories import Repository
from muniment.sandbox.times import HISTORY_START, YEAR_END, at, blocks, dice, workdays

RETENTION, GIT_RETENTION = timedelta(days=180), timedelta(days=7)
OVERRIDE = "protected_branch.policy_override"


@dataclass(frozen=True)
class AuditEvent:
    """One entry of the log, as it is answered, and from when on it can be read."""

    at: datetime
    stored_at: datetime
    action: str
    text: str

    @property
    def is_git(self) -> bool:
        """Whether GitHub forgets it after a week."""
        return self.action.startswith("git.")


class GitHubAudit:
    """The log of one year; each question says for which instant it asks."""

    def __init__(
        self, seed: int, access: GitHubAccess, repositories: dict[str, Repository]
    ) -> None:
        """`repositories`: their year as lived."""
        self.seed, self.access, self.repositories = seed, access, repositories

    def between(self, start: datetime, end: datetime, now: datetime) -> list[AuditEvent]:
        """What is stored by `now` and still kept of [start, end], oldest first."""
        found = self.events[bisect_left(self._times, start) :]
        return [
            event
            for event in found
            if event.at <= end
            and event.stored_at <= now
            and event.at > now - (GIT_RETENTION if event.is_git else RETENTION)
        ]

    def is_refused(self, now: datetime) -> bool:
        """Whether the owner's token may not read the log at this instant."""
        return now.date() - timedelta(days=1) in self.refused_days

    def happened_on(self, day: date) -> list[AuditEvent]:
        """Every event of one day."""
        start = bisect_left(self._times, at(day, 0))
        return self.events[start : bisect_left(self._times, at(day + timedelta(days=1), 0))]

    @cached_property
    def refused_days(self) -> list[date]:
        """One day a block, whose log cannot be read in the night after it."""
        return [block.workdays(14, 21)[-1] + timedelta(days=2) for block in blocks()]

    @cached_property
    def events(self) -> list[AuditEvent]:
        """Every event of the year, in order of time."""
        told = sorted([*self._access(), *self._changes()], key=lambda item: item[:2])
        late: dict[tuple[int, int], int] = {}
        for number, (moment, action, _) in enumerate(told):
            if action == OVERRIDE:
                late.setdefault((moment.year, moment.month), number)
        return [
            self._event(number, *item, is_late=number in late.values())
            for number, item in enumerate(told)
        ]

    @cached_property
    def _times(self) -> list[datetime]:
        return [event.at for event in self.events]

    def _event(
        self, number: int, moment: datetime, action: str, fields: Json, *, is_late: bool
    ) -> AuditEvent:
        millis = int(moment.timestamp() * 1000)
        actor = str(fields.get("actor", "github"))
        entry = {
            "@timestamp": millis,
            "_document_id": f"{dice(self.seed, 'audit', number).getrandbits(128):032x}",
            "action": action,
            "actor": actor,
            "actor_id": shapes.user(actor)["id"],
            "actor_is_bot": actor.endswith("[bot]"),
            "actor_location": {"country_code": "GB"},
            "created_at": millis,
            "org": ORGANISATION,
            "org_id": shapes.ORGANISATION_ID,
            **fields,
        }
        stored_at = at(moment.date() + timedelta(days=1), 12) if is_late else moment
        return AuditEvent(moment, stored_at, action, text_of(entry))

    def _access(self) -> Iterator[tuple[datetime, str, Json]]:
        for event in self.access.events:
            if event.at < at(HISTORY_START, 0):
                continue
            fields: Json = {
                "actor": event.actor, "user": event.user, "user_id": shapes.user(event.user)["id"],
                "operation_type": "modify",
            }  # fmt: skip
            if event.repository:
                fields["repo"] = f"{ORGANISATION}/{event.repository}"
                fields["old_repo_permission"], fields["new_repo_permission"] = event.old, event.new
            if event.team:
                fields["team"] = f"{ORGANISATION}/{event.team}"
            yield event.at, event.action, fields

    def _changes(self) -> Iterator[tuple[datetime, str, Json]]:
        """Pushes and clones; an override of the protection with every push past it."""
        for repository in self.repositories.values():
            named = {"repo": repository.terms.full_name}
            for update in repository.updates:
                if update.kind in ("push", "force_push", "branch_creation"):
                    fields: Json = {**named, "actor": update.actor, "transport_protocol": 1,
                                    "transport_protocol_name": "http"}  # fmt: skip
                    yield update.at, "git.push", fields
            for update in repository.updates_of_main:
                if update.kind in ("push", "force_push") and repository.terms.is_in_scope:
                    yield update.at, OVERRIDE, {
                        **named, "actor": update.actor, "operation_type": "modify",
                    }  # fmt: skip
            for day in workdays(HISTORY_START, YEAR_END):
                chance = dice(self.seed, "clone", repository.name, day)
                actor = chance.choice(self.access.company.developers).github[0]
                moment = at(day, chance.randrange(8, 17), chance.randrange(60))
                yield moment, "git.clone", {**named, "actor": actor, "transport_protocol": 2,
                                            "transport_protocol_name": "ssh"}  # fmt: skip
