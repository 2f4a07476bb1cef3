"""People, organisation and repositories as GitHub's REST API writes them."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from muniment.sandbox.answers import Json
from muniment.sandbox.people import COMPANY, ORGANISATION
from muniment.sandbox.repositories import FOUNDED, MAIN, Terms
from muniment.sandbox.times import iso_s

API = "https://api.github.com"
WEB = "https://github.com"
ORGANISATION_ID = 77_000_001
#: addresses below a repository: field -> template, as GitHub names them
REPOSITORY_URLS = {
    "archive_url": "{archive_format}{/ref}", "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}", "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}", "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}", "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}", "contributors_url": "contributors",
    "deployments_url": "deployments", "downloads_url": "downloads", "events_url": "events",
    "forks_url": "forks", "git_commits_url": "git/commits{/sha}", "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}", "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}", "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}", "labels_url": "labels{/name}", "languages_url": "languages",
    "merges_url": "merges", "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}", "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}", "stargazers_url": "stargazers",
    "statuses_url": "statuses/{sha}", "subscribers_url": "subscribers",
    "subscription_url": "subscription", "tags_url": "tags", "teams_url": "teams",
    "trees_url": "git/trees{/sha}", "hooks_url": "hooks",
}  # fmt: skip


def node_id(kind: str, number: int | str) -> str:
    """An opaque GraphQL id."""
    return f"{kind}_{sha256(f'{kind}{number}'.encode()).hexdigest()[:16]}"


@lru_cache(maxsize=512)
def user(login: str) -> Json:
    """A simple user: person, bot or organisation."""
    is_bot = login.endswith("[bot]")
    is_organisation = login == ORGANISATION
    number = int(sha256(login.encode()).hexdigest()[:7], 16)
    name = login.removesuffix("[bot]")
    url = f"{API}/users/{login.replace('[', '%5B').replace(']', '%5D')}"
    return {
        "login": login,
        "id": ORGANISATION_ID if is_organisation else number,
        "node_id": node_id("U", login),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/apps/{name}" if is_bot else f"{WEB}/{login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": "Bot" if is_bot else "Organization" if is_organisation else "User",
        "user_view_type": "public",
        "site_admin": False,
    }


def organisation() -> Json:
    """GET /orgs/{org}."""
    url = f"{API}/orgs/{ORGANISATION}"
    return {
        "login": ORGANISATION,
        "id": ORGANISATION_ID,
        "node_id": node_id("O", ORGANISATION_ID),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{ORGANISATION_ID}?v=4",
        "description": "A simulated company",
        "name": COMPANY,
        "is_verified": True,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": f"{WEB}/{ORGANISATION}",
        "created_at": iso_s(FOUNDED),
        "updated_at": iso_s(FOUNDED),
        "type": "Organization",
    }


@lru_cache(maxsize=64)
def repository(terms: Terms, pushed_at: str) -> Json:
    """A repository; enough for the lists, for one alone and inside a pull request."""
    url = f"{API}/repos/{terms.full_name}"
    web = f"{WEB}/{terms.full_name}"
    return {
        "id": terms.repository_id,
        "node_id": node_id("R", terms.repository_id),
        "name": terms.name,
        "full_name": terms.full_name,
        "private": True,
        "owner": user(ORGANISATION),
        "html_url": web,
        "description": None,
        "fork": False,
        "url": url,
        **{name: f"{url}/{tail}" for name, tail in REPOSITORY_URLS.items()},
        "created_at": iso_s(FOUNDED),
        "updated_at": pushed_at,
        "pushed_at": pushed_at,
        "git_url": f"git://github.com/{terms.full_name}.git",
        "ssh_url": f"git@github.com:{terms.full_name}.git",
        "clone_url": f"{web}.git",
        "svn_url": web,
        "mirror_url": None,
        "homepage": None,
        "language": "Python",
        "license": None,
        **dict.fromkeys(("forks_count", "stargazers_count", "watchers_count"), 0),
        **dict.fromkeys(("forks", "watchers", "open_issues", "open_issues_count"), 0),
        "size": 1024,
        "default_branch": MAIN,
        "is_template": False,
        "topics": [],
        **dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads"), True),
        **dict.fromkeys(("has_pages", "has_discussions", "archived", "disabled"), False),
        "visibility": "private",
        "allow_forking": False,
        "web_commit_signoff_required": False,
    }
