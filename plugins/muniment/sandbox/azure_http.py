"""The Azure-Resource-Manager-shaped API of the simulated company."""

from __future__ import annotations

from muniment.sandbox.answers import Answer, Question, document
from muniment.sandbox.azure import SUBSCRIPTION
from muniment.sandbox.entra import TENANT_ID
from muniment.sandbox.microsoft_pages import failed, page, window
from muniment.sandbox.world import World

#: far below Azure's own, so that a small company has several pages
LOG_PAGE = 12
ROOT = f"/subscriptions/{SUBSCRIPTION}"
LOG = f"{ROOT}/providers/Microsoft.Insights/eventtypes/management/values"

_NAMED = {
    "id": ROOT, "subscriptionId": SUBSCRIPTION, "tenantId": TENANT_ID,
    "displayName": "Production", "state": "Enabled",
}  # fmt: skip


class Azure:
    """Answers questions; knows the world, and the clock from each question."""

    def __init__(self, world: World) -> None:
        """`world` is the company that is asked about."""
        self.world = world

    def answer(self, question: Question) -> Answer:
        """The answer to one question, 404 where there is no such thing."""
        if "api-version" not in question.query:
            return failed(400)
        if question.path == "/subscriptions":
            return page(question, [_NAMED], LOG_PAGE, "nextLink")
        if question.path == ROOT:
            return document(_NAMED)
        return self._log(question) if question.path == LOG else failed(404)

    def refused(self) -> Answer:
        """The answer to a wrong or missing token."""
        return failed(401)

    def failed(self, status: int) -> Answer:
        """An error as Azure writes it."""
        return failed(status)

    def _log(self, question: Question) -> Answer:
        """Refused in the run of some days."""
        log, now = self.world.azure, question.now
        if any(plant.refused == now.date() for plant in log.planted):
            return failed(403)
        asked = window(question, "eventTimestamp")
        if asked is None:
            return failed(400)
        entries = log.entries(asked.first.date(), asked.last.date(), now)
        listed = [entry.record for entry in entries if asked.holds(entry.happened)]
        return page(question, listed, LOG_PAGE, "nextLink")
