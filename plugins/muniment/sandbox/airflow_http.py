"""The company's Airflow: its event log, by offset and with a total, as Airflow 3 answers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from muniment.sandbox.answers import Answer, Question, document
from muniment.sandbox.log_plan import LOGS_START, engineers
from muniment.sandbox.times import at, days, dice
from muniment.sandbox.world import World

Json = dict[str, Any]
PATH = "/api/v2/eventLogs"
#: `api.maximum_page_limit` and the default of `limit`, as Airflow comes
LARGEST_PAGE, USUAL_PAGE = 100, 50
#: entries of a day at most, so that no day has to be counted to number the next
A_DAY = 20
_TASKS = ("plan", "collect", "index", "commit", "assess", "build", "publish")


class Airflow:
    """`GET /api/v2/eventLogs` with the filters and the order that a reader needs."""

    def __init__(self, world: World) -> None:
        """`world` gives the people and what goes wrong."""
        self.world = world

    def answer(self, question: Question) -> Answer:
        """One page; 404 for any other address."""
        if question.path != PATH:
            return self.failed(404)
        after, before = question.query.get("after"), question.query.get("before")
        found = [
            entry
            for day in days(_day(after) or LOGS_START, _last(before, question.now))
            for entry in self.entries(day)
            if (not after or entry["when"] > after) and (not before or entry["when"] < before)
            and entry["when"] <= _text(question.now)
        ]  # fmt: skip
        start = int(question.query.get("offset", "0"))
        size = question.number("limit", USUAL_PAGE, LARGEST_PAGE)
        missing = self._is_short(found)
        shown = found[:-1] if missing else found
        return document({"event_logs": shown[start : start + size], "total_entries": len(found)})

    def refused(self) -> Answer:
        """What Airflow answers to a token that it does not know."""
        return self.failed(401)

    @staticmethod
    def failed(status: int) -> Answer:
        """An error in Airflow's form."""
        return document({"detail": {401: "Invalid JWT token", 404: "Not Found"}.get(status, "")},
                        status)  # fmt: skip

    def entries(self, day: date) -> list[Json]:
        """What was logged on a day: the nightly run, and what people did."""
        found = [(at(day, 2, minute), "running", "airflow", task)
                 for minute, task in enumerate(_TASKS)]  # fmt: skip
        people, chance = engineers(self.world.company, day), dice(self.world.seed, "airflow", day)
        for person in chance.sample(people, min(2, len(people))):
            moment = at(day, chance.randrange(9, 16), chance.randrange(60))
            found.append((moment, "trigger_dag_run", person.email, ""))
        if self.world.log_plan.is_on("variable", day) and people:
            found.append((at(day, 17, 5), "patch_variable", people[0].email, ""))
        first = (day - LOGS_START).days * A_DAY + 1
        return [_entry(number, *one) for number, one in enumerate(sorted(found), first)]

    def _is_short(self, found: list[Json]) -> bool:
        """Whether the last of these entries is counted and not listed."""
        planned = self.world.log_plan.days["airflow_short"]
        return bool(found) and date.fromisoformat(found[-1]["when"][:10]) in planned


def _entry(number: int, moment: datetime, event: str, owner: str, task: str) -> Json:
    is_task = bool(task)
    return {
        "event_log_id": number, "when": _text(moment), "event": event, "owner": owner,
        "dag_id": None if event == "patch_variable" else "evidence_daily",
        "dag_display_name": None if event == "patch_variable" else "evidence_daily",
        "task_id": task or None, "task_display_name": task or None,
        "run_id": f"scheduled__{moment:%Y-%m-%d}" if is_task else None,
        "map_index": -1 if is_task else None, "try_number": 1 if is_task else None,
        "logical_date": None, "extra": None if is_task else '{"method": "POST"}',
    }  # fmt: skip


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _day(text: str | None) -> date | None:
    return max(date.fromisoformat(text[:10]), LOGS_START) if text else None


def _last(text: str | None, now: datetime) -> date:
    last = min(date.fromisoformat(text[:10]), now.date()) if text else now.date()
    return last + timedelta(days=1)
