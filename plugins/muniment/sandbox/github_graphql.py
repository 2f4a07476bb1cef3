"""The one question of GitHub's GraphQL that the simulated company answers: SAML identities."""

from __future__ import annotations

import json
from datetime import datetime

from muniment.sandbox import github_shapes as shapes
from muniment.sandbox.answers import Answer, Json, Question, document
from muniment.sandbox.github_errors import error
from muniment.sandbox.paging import decode, encode
from muniment.sandbox.people import ORGANISATION
from muniment.sandbox.world import World


class GraphQL:
    """Answers a query about `samlIdentityProvider`; to everything else it is an error."""

    def __init__(self, world: World) -> None:
        """`world` is the company that is asked about."""
        self.world = world

    def answer(self, question: Question) -> Answer:
        """POST /graphql."""
        try:
            asked = json.loads(question.body)
            variables = asked["variables"]
            size, after = int(variables["size"]), variables.get("after")
        except (KeyError, TypeError, ValueError):
            return error(400, "Problems parsing JSON")
        if "samlIdentityProvider" not in asked.get("query", ""):
            return document({"errors": [{"type": "UNPROCESSABLE", "message": "Not simulated"}]})
        access = self.world.github_access
        is_hidden = access.is_hidden("github_saml_identities", question.now)
        provider = None if is_hidden else self._provider(question.now, size, after)
        organisation = {
            "login": ORGANISATION, "viewerCanAdminister": not is_hidden,
            "samlIdentityProvider": provider,
        }  # fmt: skip
        return document({"data": {"organization": organisation}})

    def _provider(self, now: datetime, size: int, after: str | None) -> Json:
        logins = self.world.github_access.accounts(now)
        start = int(decode(after) or 0) if after else 0
        end = start + size
        return {
            "externalIdentities": {
                "totalCount": len(logins),
                "pageInfo": {"hasNextPage": end < len(logins), "endCursor": encode(str(end))},
                "nodes": [self._node(login) for login in logins[start:end]],
            }
        }

    def _node(self, login: str) -> Json:
        person = self.world.company.by_github[login]
        return {
            "guid": shapes.node_id("EI", login),
            "samlIdentity": {"nameId": person.email, "emails": []},
            "user": {"login": login, "databaseId": shapes.user(login)["id"]},
        }
