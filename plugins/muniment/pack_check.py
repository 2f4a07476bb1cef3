"""Checking a pack with nothing but the pack: signatures, manifests, every file."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import bagit

from muniment import signing
from muniment.errors import EvidenceError, UsageError
from muniment.packs import MANIFEST, PUBLIC_KEY, SIGNATURES, TAG_MANIFEST
from muniment.sealing import file_sha256

_MAX_BYTES = 8 * 1024**3  # a pack that unpacks to more is refused, not unpacked
_OWN_KEY = (
    "The key came in the pack itself: this shows that nothing was altered since it was signed, "
    "not who signed. Compare the key's id with one received another way (--key)."
)
_OTHER_KEY = "The key came another way: the signature shows who signed."


@dataclass(frozen=True)
class PackReport:
    """What was checked, what does not fit, and what such a check cannot show."""

    path: str
    files: int
    key_id: str
    findings: list[str]
    limit: str

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def to_text(self) -> str:
        """For a person."""
        lines = [f"{self.path}: {self.files} files, signing key {self.key_id}"]
        lines += [f"DOES NOT FIT: {finding}" for finding in self.findings]
        lines.append("What does not fit is named above." if self.findings else "Everything fits.")
        return "\n".join([*lines, self.limit])


def verify_pack(path: Path, key: Path | None = None) -> PackReport:
    """Checks one pack. `key`: the public key received another way, else the pack's own.

    Raises UsageError where the file is no pack at all, or `key` is no public key.
    """
    trusted = _trusted(key) if key else None
    with tempfile.TemporaryDirectory() as scratch:
        bag, strays = _unpack(path, Path(scratch))
        public_key = trusted or _read(bag / PUBLIC_KEY)
        findings = [*strays, *_signatures(bag, public_key), *_files(bag)]
        if trusted and _read(bag / PUBLIC_KEY) != trusted:
            findings.append(f"{PUBLIC_KEY} in the pack is not the key that was given")
        files = sum(1 for item in bag.rglob("*") if item.is_file())
    limit = _OTHER_KEY if trusted else _OWN_KEY
    return PackReport(str(path), files, _key_id(public_key), findings, limit)


def _trusted(key: Path) -> bytes:
    try:
        data = key.read_bytes()
        signing.key_id(data)
    except (OSError, EvidenceError) as error:
        raise UsageError(f"--key {key}: {error}; expected an Ed25519 public key (PEM).") from error
    return data


def _key_id(public_key: bytes) -> str:
    try:
        return signing.key_id(public_key)
    except EvidenceError:
        return "none that can be read"


def _unpack(path: Path, scratch: Path) -> tuple[Path, list[str]]:
    """The bag, and what lies beside it in the archive."""
    if not path.is_file():
        raise UsageError(f"{path}: not found; expected an audit pack (ZIP).")
    try:
        with zipfile.ZipFile(path) as archive:
            names = _checked_names(path, archive.infolist())
            archive.extractall(scratch)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        raise UsageError(f"{path}: cannot be unpacked ({error}); expected a pack (ZIP).") from error
    bag = scratch / "pack"
    if not (bag / "bagit.txt").is_file():
        raise UsageError(f"{path} holds no bag; expected an audit pack.")
    strays = [f"{name} lies outside the bag" for name in names if not name.startswith("pack/")]
    return bag, strays


def _checked_names(path: Path, entries: list[zipfile.ZipInfo]) -> list[str]:
    names = [entry.filename for entry in entries]
    if sum(entry.file_size for entry in entries) > _MAX_BYTES:
        raise UsageError(f"{path} unpacks to more than {_MAX_BYTES} bytes; refused.")
    for name in names:
        if name.startswith("/") or "\\" in name or ".." in name.split("/"):
            raise UsageError(f"{path}: the name {name!r} leaves the pack; refused.")
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise UsageError(f"{path}: {count} files are called {name!r}; refused.")
    return names


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _signatures(bag: Path, public_key: bytes) -> list[str]:
    if not public_key:
        return [f"{PUBLIC_KEY} is missing: nothing says who signed"]
    findings = []
    for signed, name in SIGNATURES.items():
        signature = _read(bag / name)
        try:
            if not signature:
                findings.append(f"{name} is missing: {signed} is not signed")
            elif not signing.is_signed(_read(bag / signed), signature, public_key):
                findings.append(f"the signature over {signed} does not fit it or the key")
        except EvidenceError as error:
            return [f"{PUBLIC_KEY}: {error}"]
    return findings


def _files(bag: Path) -> list[str]:
    """Every listed file must be there and unaltered, and every file must be listed."""
    there = {item.relative_to(bag).as_posix(): item for item in bag.rglob("*") if item.is_file()}
    listed = {**_listed(bag / MANIFEST), **_listed(bag / TAG_MANIFEST)}
    unlisted = set(there) - set(listed) - {TAG_MANIFEST, PUBLIC_KEY, *SIGNATURES.values()}
    found = [f"{name} is in the pack, but no manifest lists it" for name in sorted(unlisted)]
    for name, sha256 in sorted(listed.items()):
        if name not in there:
            found.append(f"{name} is missing")
        elif file_sha256(there[name]) != sha256:
            found.append(f"{name} was changed")
    return found or _as_bag(bag)


def _as_bag(bag: Path) -> list[str]:
    """What else RFC 8493 asks of a bag."""
    try:
        bagit.Bag(str(bag)).validate()
    except (bagit.BagError, ValueError, OSError) as error:
        return [str(error)]
    return []


def _listed(manifest: Path) -> dict[str, str]:
    """File name to SHA-256, as a manifest states them."""
    lines = _read(manifest).decode("utf-8", "replace").splitlines()
    parts = (line.partition(" ") for line in lines)
    return {name.strip(): sha256.lower() for sha256, _, name in parts}
