"""Secret values that scanners print are masked before anything is stored, and the receipt says so.

Only a document in which something was masked is written again; all others stay as they came.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muniment.bronze.selects import RECORD_LIMIT_BYTES
from muniment.filedrop import Fit, Reduction, UnfitFile

MASK = "***masked***"
RULE, VERSION = "secret_values", 1


@dataclass(frozen=True)
class Masking:
    """How one kind masks. keys: the names declared in the receipt.

    document: masks in place within a parsed document; text: in a body that does not parse. Both
    say how many values they masked.
    """

    keys: frozenset[str]
    document: Callable[[Any], int]
    text: Callable[[bytes], tuple[bytes, int]]


def fitted(
    path: Path, shape_of: Callable[[Any], str], names_asset: Callable[[Any], bool], masking: Masking
) -> Fit:
    """How one JSON report is stored.

    shape_of: the shape for a parsed document (None where it does not parse: the index says why).
    names_asset: whether such a document says what it is about.
    Raises UnfitFile for a report that is too large to be read, or whose gzip is damaged, so that
    nobody can look for secrets in it.
    """
    body, is_named = _plain(path), True
    try:
        document = json.loads(body)
        is_named = names_asset(document)
        count = masking.document(document)
        masked = json.dumps(document, separators=(",", ":")).encode() if count else b""
    except (ValueError, RecursionError):
        document = None
        masked, count = masking.text(body)
    shape = shape_of(document)
    if not count:
        return Fit(shape, path, names_asset=is_named)
    declared = Reduction(RULE, VERSION, tuple(sorted(masking.keys)), count)
    return Fit(shape, masked, (declared,), is_named)


def mask(value: Any, keys: frozenset[str]) -> int:
    """Masks every text under these keys, at any depth; returns how many."""
    if isinstance(value, list):
        return sum(mask(item, keys) for item in value)
    if not isinstance(value, dict):
        return 0
    count = 0
    for key, item in value.items():
        if key in keys:
            value[key], here = _masked(item)
            count += here
        else:
            count += mask(item, keys)
    return count


def mask_text(body: bytes, keys: frozenset[str]) -> tuple[bytes, int]:
    """Masks every text that follows such a key, in a report that does not parse."""
    names = b"|".join(re.escape(key.encode()) for key in sorted(keys))
    pattern = rb'("(?:' + names + rb')"\s*:\s*)"(?:[^"\\]|\\.)*"?'
    return re.subn(pattern, rb'\1"' + MASK.encode() + b'"', body, flags=re.DOTALL)


def _masked(value: Any) -> tuple[Any, int]:
    if isinstance(value, str):
        return (MASK, 1) if value else (value, 0)
    if isinstance(value, list):
        pairs = [_masked(item) for item in value]
        return [item for item, _ in pairs], sum(count for _, count in pairs)
    if isinstance(value, dict):
        found = {key: _masked(item) for key, item in value.items()}
        return {k: item for k, (item, _) in found.items()}, sum(n for _, n in found.values())
    return value, 0


def _plain(path: Path) -> bytes:
    with path.open("rb") as handle:
        is_gzip = handle.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if is_gzip else path.open("rb") as handle:
            body = handle.read(RECORD_LIMIT_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnfitFile(f"gzip is damaged, so nobody can mask secrets in it: {error}") from error
    if len(body) > RECORD_LIMIT_BYTES:
        raise UnfitFile(f"more than {RECORD_LIMIT_BYTES >> 20} MiB: split the report")
    return body
