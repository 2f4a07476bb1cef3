"""Amazon's web services: where each answers, and how a request to it is signed (SigV4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import requests

from muniment import objectstores
from muniment.connections import Connection
from muniment.credentials import Signer
from muniment.errors import SourceError

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Service:
    """One service in one region. signing_region: the one that its signature names."""

    name: str
    base_url: str
    signing_region: str


def service(name: str, region: str, connection: Connection | None) -> Service:
    """Where a service answers: the connection's own endpoint, else Amazon's for the region.

    Raises SourceError for a region that Amazon's list does not know.
    """
    own = objectstores.endpoint(connection, name) if connection else None
    if own is not None:
        return Service(name, own, region)
    found = _addresses().construct_endpoint(name, region)
    if not found:
        raise SourceError(f"AWS: no endpoint of {name} is known in the region {region!r}.")
    scope = found.get("credentialScope", {})
    return Service(name, f"https://{found['hostname']}", scope.get("region", region))


def signer(of: Service, connection: Connection | None) -> Signer:
    """Signs requests to a service with the connection's key, else with the machine's own.

    Raises SourceError where there is neither.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    credentials = _credentials(connection)

    def sign(request: requests.PreparedRequest) -> None:
        asked = AWSRequest(
            method=request.method, url=request.url, data=request.body or b"",
            headers={
                name: value for name, value in request.headers.items()
                if name.lower() in ("content-type", "x-amz-target")
            },
        )  # fmt: skip
        SigV4Auth(credentials, of.name, of.signing_region).add_auth(asked)
        request.headers.update(dict(asked.headers.items()))

    return sign


def _credentials(connection: Connection | None) -> ReadOnlyCredentials:
    from botocore.credentials import ReadOnlyCredentials

    if connection is not None and connection.login:
        token = objectstores.session_token(connection)
        return ReadOnlyCredentials(connection.login, connection.secret, token)
    found = _session().get_credentials()
    if found is None:
        raise SourceError(
            "AWS: there is no credential: neither the source's connection nor this machine "
            "(environment, profile, role) has one. Nothing was asked."
        )
    frozen: ReadOnlyCredentials = found.get_frozen_credentials()
    return frozen


@cache
def _addresses() -> Any:
    """Amazon's own list of its services' addresses, as botocore carries it."""
    from botocore.loaders import create_loader
    from botocore.regions import EndpointResolver

    return EndpointResolver(create_loader().load_data("endpoints"))


def _session() -> Any:
    import botocore.session

    return botocore.session.get_session()
