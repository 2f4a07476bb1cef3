"""Which GitHub account belongs to which identity of the company's own sign-on (SAML).

A snapshot, asked by GraphQL. An organisation without SAML is an answer and evidence; that the
credential may not see it is none, and GitHub's answer looks the same: so it is asked as well
whether the credential administers the organisation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from muniment import snapshots
from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.errors import SourceError
from muniment.sources.spec import Shape, SourceSpec
from muniment.transport import Response
from muniment.vendors import github
from muniment.vendors.github import GitHub

STREAM = "identities.account"
PATH = "/graphql"
PAGE_SIZE = 100
_NODES = "/data/organization/samlIdentityProvider/externalIdentities/nodes/*"
QUERY = """
query ($organisation: String!, $size: Int!, $after: String) {
  organization(login: $organisation) {
    login
    viewerCanAdminister
    samlIdentityProvider {
      externalIdentities(first: $size, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes {
          guid
          samlIdentity { nameId emails { value } }
          user { login databaseId }
        }
      }
    }
  }
}
"""

SPEC = SourceSpec(
    kind="github_saml_identities",
    title="GitHub SAML identities",
    mode="state",
    needs="connection",
    shapes=(
        Shape(
            "saml_identities", "document", "saml_identity", elements=(_NODES,), rest="saml_page",
            native_id=("/guid",),
        ),
        github.ORGANISATION,
    ),
    feeds={"saml_identity": (STREAM,), "saml_page": ()},
    options=github.OrganisationOptions,
    seen=github.seen,
    basis=("snapshot_count", "not_provable"),
    permissions=(
        "Scope read:org (or admin:org), classic token of an owner of the organisation: GitHub "
        "shows its identity provider to nobody else.",
    ),
    limits=(*github.LIMITS, "A page holds 100 identities; GraphQL counts points, one a page."),
    blind_spots=(
        "To a credential that does not administer the organisation GitHub says that there is no "
        "identity provider: that is NOT_PROVABLE, never an organisation without SAML.",
        "SAML that is set up for a whole enterprise does not show in its organisations.",
        "Members who never signed in through SAML have no identity here.",
    ),
    read_only_posts=(PATH,),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Reads every identity. Raises SourceError, also where GraphQL refuses the question."""
    assert isinstance(ask.options, github.OrganisationOptions)  # validated against SPEC.options
    hub = github.connect(ask, ask.options)
    found: set[bytes] = set()
    counted, holes = 0, {}
    for organisation in _pages(hub):
        identities = _identities(organisation)
        if identities is None:
            if organisation.get("viewerCanAdminister") is not True:
                holes[STREAM] = (
                    "GitHub shows no identity provider, and shows one to owners of the "
                    "organisation alone, of whom this credential is none."
                )
            break
        counted = int(identities.get("totalCount") or 0)
        found.update(canonical(node) for node in identities.get("nodes") or ())
    else:
        if counted != len(found):
            holes[STREAM] = f"GitHub counts {counted} identities, and {len(found)} were listed."
    for hole in holes.values():
        ask.warn(hole)
    said = f"{len(found)} SAML identities were listed; GitHub counts {counted}."
    snapshots.prove(ask, {STREAM: len(found)}, said, holes=holes)


def _pages(hub: GitHub) -> Iterator[dict[str, Any]]:
    """The organisation as each page shows it, kept."""
    after: str | None = None
    seen: set[str | None] = set()
    while after not in seen:
        seen.add(after)
        variables = {"organisation": hub.organisation, "size": PAGE_SIZE, "after": after}
        response = hub.client.post(PATH, PATH, {"query": QUERY, "variables": variables})
        organisation = _organisation(response)
        hub.ask.keep_response(response, "saml_identities", page=len(seen))
        yield organisation
        page = (_identities(organisation) or {}).get("pageInfo") or {}
        if page.get("hasNextPage") is not True:
            return
        after = str(page.get("endCursor"))
    raise SourceError(
        f"POST {PATH}: the cursor of page {len(seen)} repeats an earlier one; the pages cannot be "
        "shown to be complete."
    )


def _organisation(response: Response) -> dict[str, Any]:
    """What was answered. GraphQL refuses with HTTP 200 and a list of errors."""
    body = response.object()
    errors = [item for item in body.get("errors") or () if isinstance(item, dict)]
    organisation = (body.get("data") or {}).get("organization")
    if errors or not isinstance(organisation, dict):
        words = "; ".join(str(item.get("type") or item.get("message")) for item in errors[:3])
        raise SourceError(
            f"POST {PATH}: GitHub did not answer the question about the organisation "
            f"({words or 'expected an organisation, found none'}). An owner's classic token with "
            "scope read:org may ask it."
        )
    return organisation


def _identities(organisation: dict[str, Any]) -> dict[str, Any] | None:
    """The list of identities; None where the organisation shows no provider."""
    provider = organisation.get("samlIdentityProvider")
    if not isinstance(provider, dict):
        return None
    identities = provider.get("externalIdentities")
    return identities if isinstance(identities, dict) else {}
