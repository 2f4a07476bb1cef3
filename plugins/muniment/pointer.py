"""`releases/current.json`: which release readers take, signed, with a number that only rises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from muniment import checkpoints, signing
from muniment.collection import instant
from muniment.errors import EvidenceError, UsageError
from muniment.storage import Store

PATH = "releases/current.json"


@dataclass(frozen=True)
class Pointer:
    """The release that is named as current, and the SHA-256 (hex) of its manifest."""

    number: int
    manifest_sha256: str


def stated(home: Store) -> Pointer | None:
    """What the file says, its signature checked; None where there is none."""
    if not home.exists(PATH):
        return None
    try:
        body = signing.open_envelope(home.read(PATH), signing.public_key(home))
        return Pointer(int(body["number"]), str(body["manifest_sha256"]))
    except (EvidenceError, KeyError, TypeError, ValueError) as error:
        raise EvidenceError(
            f"{home.url}/{PATH}: {error}. `--release` reads a release by its number. Once it is "
            "known who changed the file, remove it; `muniment publish` writes it anew."
        ) from error


def current(home: Store) -> Pointer:
    """What the file says, compared with what was signed before.

    Raises UsageError before the first release, EvidenceError where the pointer is gone, is signed
    by nobody, or names an earlier release than a checkpoint has signed.
    """
    found, signed = stated(home), signed_number(home)
    if found is None and not signed:
        raise UsageError(f"{home.url}: no release yet. `muniment run` makes the first.")
    if found is None or found.number < signed:
        what = "is gone" if found is None else f"names release {found.number}"
        raise EvidenceError(
            f"{home.url}/{PATH} {what}, but a checkpoint signed release {signed}: the pointer was "
            f"set back. Ask who changed it; `--release {signed}` reads the later one, and "
            "`muniment publish` moves on."
        )
    return found


def move(home: Store, number: int, manifest_sha256: str, now: datetime) -> None:
    """Names another release as current, in one step."""
    body = {"number": number, "manifest_sha256": manifest_sha256, "moved_at": instant(now)}
    home.replace(PATH, signing.envelope(signing.signer(home), body))


def signed_number(home: Store) -> int:
    """The release that the newest checkpoint signed; 0 before the first."""
    newest = checkpoints.newest(home) or {}
    return int((newest.get("release") or {}).get("number", 0))
