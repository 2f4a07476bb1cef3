"""What a receipt holds of a request's parameters: neither secrets nor paging cursors.

Cursors are left out since they may be made of personal data: Okta's are the ids of users.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from muniment.credentials import Secrets

#: in lower case: Okta, GitHub, GitLab (after, before, cursor, id_after, page_token), Google
#: (pageToken), Microsoft ($skiptoken, $deltatoken), Kubernetes (continue), AWS (Marker, NextToken,
#: continuation-token)
_CURSORS = frozenset({
    "after", "before", "cursor", "id_after", "starting_after", "pagetoken", "page_token",
    "$skiptoken", "skiptoken", "$deltatoken", "continue", "marker", "nexttoken", "next_token",
    "nextmarker", "continuationtoken", "continuation-token",
})  # fmt: skip


def noted(url: str, secrets: Secrets) -> dict[str, str]:
    """The query of an address as it may be kept."""
    return {
        secrets.redact(name): "(cursor)" if name.lower() in _CURSORS else secrets.redact(value)
        for name, value in parse_qsl(urlsplit(url).query)
    }
