"""The questions about members, teams and rights on repositories."""

from __future__ import annotations

from muniment.sandbox import github_shapes as shapes
from muniment.sandbox.answers import Answer, Json, Question, text_of
from muniment.sandbox.github_access import TEAMS, GitHubAccess, Permission
from muniment.sandbox.github_errors import error, not_found
from muniment.sandbox.paging import numbered
from muniment.sandbox.people import ORGANISATION
from muniment.sandbox.repositories import Repository
from muniment.sandbox.world import World

#: role -> what GitHub's hash of permissions says, from the lowest to the highest
HELD = ("pull", "triage", "push", "maintain", "admin")
HIGHEST: dict[Permission, str] = {
    "read": "pull", "triage": "triage", "write": "push", "admin": "admin",
}  # fmt: skip
BELOW = f"/organizations/{shapes.ORGANISATION_ID}"


class Access:
    """Answers who is there; the owner of the token owns the organisation."""

    def __init__(self, world: World) -> None:
        """`world` is the company that is asked about."""
        self.world = world

    @property
    def access(self) -> GitHubAccess:
        """The memberships and rights of the whole year, made when first asked for."""
        return self.world.github_access

    def members(self, question: Question) -> Answer:
        """GET /orgs/{org}/members (filter, role)."""
        query, now = question.query, question.now
        wanted, role = query.get("filter", "all"), query.get("role", "all")
        if wanted not in ("all", "2fa_disabled", "2fa_insecure"):
            return error(422, "Validation Failed")
        if wanted != "all" and self.access.is_hidden("github_members", now):
            return error(422, "Only owners can filter by two-factor authentication.")
        found = [
            login
            for login in self.access.accounts(now)
            if not self.access.is_outside(login)
            and (wanted == "all" or not self.access.has_second_factor(login, now))
            and (role == "all" or self.access.is_owner(login) == (role == "admin"))
        ]
        return _users(question, found, f"{BELOW}/members")

    def public_members(self, question: Question) -> Answer:
        """GET /orgs/{org}/public_members: who shows it to everybody; here the owners do."""
        found = [
            login for login in self.access.accounts(question.now) if self.access.is_owner(login)
        ]
        return _users(question, found, f"{BELOW}/public_members")

    def outside_collaborators(self, question: Question) -> Answer:
        """GET /orgs/{org}/outside_collaborators (filter)."""
        is_everybody = question.query.get("filter", "all") == "all"
        found = [
            login
            for login in self.access.accounts(question.now)
            if self.access.is_outside(login)
            and (is_everybody or not self.access.has_second_factor(login, question.now))
        ]
        return _users(question, found, f"{BELOW}/outside_collaborators")

    def collaborators(self, question: Question, repository: Repository | None) -> Answer:
        """GET …/collaborators (affiliation=all): everybody, with the highest right of each."""
        if repository is None:
            return not_found()
        now, name = question.now, repository.name
        if self.access.is_hidden("github_repo_access", now):
            return error(403, "Must have push access to view repository collaborators.")

        def shape(login: str) -> str:
            held = self.access.permission(name, login, now)
            return text_of({**shapes.user(login), "permissions": _held(held), "role_name": held})

        path = f"/repositories/{repository.terms.repository_id}/collaborators"
        return numbered(question, self.access.accounts(now), shape, path)

    def teams(self, question: Question, repository: Repository | None) -> Answer:
        """GET …/teams: the teams that may do something on a repository."""
        if repository is None:
            return not_found()
        path = f"/repositories/{repository.terms.repository_id}/teams"
        return numbered(question, list(TEAMS), lambda slug: text_of(_team(slug)), path)

    def team_members(self, question: Question, team: str) -> Answer:
        """GET /orgs/{org}/teams/{slug}/members; next links name the team by its number."""
        slug = next((name for name in TEAMS if team in (name, str(_number(name)))), None)
        if slug is None:
            return not_found()
        path = f"{BELOW}/team/{_number(slug)}/members"
        return _users(question, self.access.team(slug, question.now), path)


def _users(question: Question, logins: list[str], path: str) -> Answer:
    return numbered(question, logins, lambda login: text_of(shapes.user(login)), path)


def _held(permission: Permission) -> dict[str, bool]:
    highest = HELD.index(HIGHEST[permission])
    return {name: place <= highest for place, name in enumerate(HELD)}


def _number(slug: str) -> int:
    return 4_400_000 + list(TEAMS).index(slug)


def _team(slug: str) -> Json:
    url = f"{shapes.API}{BELOW}/team/{_number(slug)}"
    return {
        "id": _number(slug),
        "node_id": shapes.node_id("T", slug),
        "name": slug.capitalize(),
        "slug": slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": HIGHEST[TEAMS[slug]],
        "permissions": _held(TEAMS[slug]),
        "url": url,
        "html_url": f"{shapes.WEB}/orgs/{ORGANISATION}/teams/{slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "access_source": "direct",
        "organization_id": shapes.ORGANISATION_ID,
        "parent": None,
    }
