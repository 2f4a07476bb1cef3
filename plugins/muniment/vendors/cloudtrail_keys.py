"""The public keys with which a region's digests were signed, as the region itself lists them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from muniment.collecting import Ask
from muniment.errors import SourceError
from muniment.transport import Client
from muniment.vendors import aws, cloudtrail_digest
from muniment.vendors.cloudtrail_chain import Break
from muniment.vendors.cloudtrail_layout import Place

#: the one POST: it reads a list
LIST_PUBLIC_KEYS = "/ (CloudTrail ListPublicKeys)"
_HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.ListPublicKeys",
}
#: keys that were valid at some time in the window, and a day around it
_AROUND = timedelta(days=1)


class KeyRing:
    """Public keys by region. Every answer is kept; a refusal breaks the region's chains."""

    def __init__(self, ask: Ask, is_local: bool, start: datetime, end: datetime) -> None:
        """`is_local`: a folder, of whose digests none can be shown to be signed."""
        self._ask = ask
        self._is_local = is_local
        self._span = start, end
        self._found: dict[str, Mapping[str, bytes]] = {}
        self.breaks: list[Break] = []

    def of(self, region: str) -> Mapping[str, bytes] | None:
        """DER by fingerprint; None where no signature is to be checked."""
        if self._is_local:
            return None
        if region not in self._found:
            try:
                self._found[region] = self._listed(region)
            except SourceError as error:
                self._found[region] = {}
                text = f"the public keys could not be had: {error}"
                self.breaks.append(Break(*self._span, Place("*", region), text, is_mendable=True))
        return self._found[region]

    def _listed(self, region: str) -> dict[str, bytes]:
        client = self._client(region)
        start, end = self._span
        body: dict[str, Any] = {
            "StartTime": int((start - _AROUND).timestamp()),
            "EndTime": int((end + _AROUND).timestamp()),
        }
        keys: dict[str, bytes] = {}
        tokens: set[str] = set()
        while True:
            response = client.post("/", LIST_PUBLIC_KEYS, body, headers=_HEADERS)
            context = {"region": region}
            self._ask.keep_response(response, "public_keys", page=len(tokens) + 1, context=context)
            answer = response.object()
            try:
                keys |= cloudtrail_digest.public_keys(answer)
            except ValueError as error:
                raise SourceError(f"POST {LIST_PUBLIC_KEYS}: {error}") from None
            token = answer.get("NextToken")
            if not token:
                return keys
            if token in tokens:
                raise SourceError(f"POST {LIST_PUBLIC_KEYS}: a page token came twice.")
            tokens.add(token)
            body["NextToken"] = token

    def _client(self, region: str) -> Client:
        service = aws.service("cloudtrail", region, self._ask.connection)
        client = self._ask.client.beside(service.base_url, LIST_PUBLIC_KEYS)
        client.sign_with(aws.signer(service, self._ask.connection), {"Accept": "*/*"})
        return client
