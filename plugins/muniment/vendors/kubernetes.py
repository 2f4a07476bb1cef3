"""Kubernetes' API: lists read in chunks, begun again where the cluster has forgotten the snapshot.

Objects of a cluster hold what nobody asked for: values of environment variables and command lines,
where people put passwords. These are masked before anything is stored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from muniment.errors import SourceError, TransientSourceError
from muniment.masking import MASK, mask
from muniment.transport import Client, Response

CHUNK = 500
#: a snapshot is kept for about five minutes; a cluster that forgets faster than it can be read is
#: asked again by the next run
ATTEMPTS = 3
GONE = 410
_REFUSED = (403, 404)
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
#: the paths that `masked` empties, for the receipt
MASKED = ("env/value", "command", "args", f"metadata/annotations/{_APPLIED}")


@dataclass
class Listing:
    """One list, read whole: its chunks, or the answer that refused it."""

    chunks: list[Response] = field(default_factory=list)
    refusal: Response | None = None


def listing(client: Client, path: str, template: str) -> Listing:
    """A list whole, as of one resourceVersion. Raises TransientSourceError where it stays gone."""
    for _ in range(ATTEMPTS):
        found = _chunks(client, path, template)
        if found is not None:
            return found
    raise TransientSourceError(
        f"GET {template}: the cluster forgot the snapshot while it was read (HTTP 410), "
        f"{ATTEMPTS} times. Nothing of it was kept; a run at a quieter hour may read it whole."
    )


def _chunks(client: Client, path: str, template: str) -> Listing | None:
    """None where the snapshot was forgotten on the way: what had come belongs to no whole."""
    found, following, seen = Listing(), "", set[str]()
    while True:
        parameters = {"limit": str(CHUNK), **({"continue": following} if following else {})}
        response = client.get(path, template, parameters, ok=(200, GONE, *_REFUSED))
        if response.status == GONE:
            return None
        if response.status in _REFUSED:
            found.refusal = response
            return found
        found.chunks.append(response)
        following = str((response.object().get("metadata") or {}).get("continue") or "")
        if not following:
            return found
        if following in seen:
            raise SourceError(
                f"GET {template}: the continue token of chunk {len(found.chunks)} repeats an "
                "earlier one; the list cannot be shown to be complete."
            )
        seen.add(following)


def masked(chunk: Response) -> tuple[bytes, list[dict[str, Any]], int]:
    """A chunk as it is stored, its items, and how many values were masked in it."""
    document = chunk.object()
    items = [item for item in document.get("items") or [] if isinstance(item, dict)]
    count = sum(mask_settings(item) for item in items)
    body = json.dumps(document, separators=(",", ":")).encode() if count else chunk.body
    return body, items, count


def mask_settings(value: Any) -> int:
    """Masks in place, at any depth: templates of pods lie within templates of jobs."""
    if isinstance(value, list):
        return sum(mask_settings(item) for item in value)
    if not isinstance(value, dict):
        return 0
    count = 0
    for key, item in value.items():
        if key in ("command", "args") and isinstance(item, list):
            value[key] = [MASK] * len(item)
            count += len(item)
        elif key == "annotations" and isinstance(item, dict) and item.get(_APPLIED):
            item[_APPLIED] = MASK
            count += 1
        elif key == "env":
            count += mask(item, frozenset({"value"}))
        else:
            count += mask_settings(item)
    return count
