"""The question about the organisation's audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

from muniment.sandbox import github_shapes as shapes
from muniment.sandbox.answers import Answer, Question, array
from muniment.sandbox.github_errors import error
from muniment.sandbox.paging import GITHUB_LARGEST, GITHUB_PAGE, decode, encode
from muniment.sandbox.world import World

PATH = f"/organizations/{shapes.ORGANISATION_ID}/audit-log"


class Audit:
    """Answers from the log; `created:FROM..TO` is the phrase that it understands."""

    def __init__(self, world: World) -> None:
        """`world` is the company that is asked about."""
        self.world = world

    def log(self, question: Question) -> Answer:
        """GET /orgs/{org}/audit-log (phrase, include, order, after, before)."""
        query, now, audit = question.query, question.now, self.world.github_audit
        if audit.is_refused(now):
            return error(403, "Must have admin rights to Organization.")
        try:
            start, end = _created(query.get("phrase", ""))
        except ValueError:
            return error(422, "Validation Failed")
        include = query.get("include", "web")
        texts = [
            event.text
            for event in audit.between(start, end, now)
            if include == "all" or event.is_git == (include == "git")
        ]
        if query.get("order", "desc") == "desc":
            texts.reverse()
        return _page(question, texts)


def _page(question: Question, texts: list[str]) -> Answer:
    """Cursors name the place in the answer's order; the list grows at its new end alone."""
    size = question.number("per_page", GITHUB_PAGE, GITHUB_LARGEST)
    place = decode(question.query.get("after", "")) or "0"
    if not place.isdigit():
        return error(422, "Invalid cursor")
    start = int(place)
    answer = array(islice(texts, start, start + size))
    if start + size < len(texts):
        answer.links["next"] = question.url(PATH, after=encode(str(start + size)), before="")
    if start:
        answer.links["prev"] = question.url(PATH, before=encode(place), after="")
    return answer


def _created(phrase: str) -> tuple[datetime, datetime]:
    """Both ends of `created:FROM..TO`, inclusive. Raises ValueError for any other phrase."""
    name, _, value = phrase.partition(":")
    start, dots, end = value.partition("..")
    if name != "created" or not dots:
        raise ValueError(phrase)
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    return first.astimezone(UTC), last.astimezone(UTC)
