"""SPDX: bills of materials in JSON, versions 2.2 and 2.3, dropped into a folder.

GitHub wraps its exports into an object of their own; both forms are read. A record is a package;
what remains of a document, its relationships among it, is one record more.
"""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

from muniment import filedrop
from muniment.collecting import Ask
from muniment.droplisting import UnfitFile
from muniment.filedrop import Fit
from muniment.sources.spec import Options, Shape, SourceSpec

INVENTORY = "assets.inventory"
SUFFIXES = (".json", ".json.gz", ".spdx", ".rdf", ".xml", ".yaml", ".yml")
_WRAPPED = re.compile(rb'^\{\s*"sbom"\s*:')
_HEAD_BYTES = 4096


class SpdxOptions(Options):
    """asset: the asset that the documents describe, where neither they nor a sub-folder name it."""

    asset: str | None = None


def _shape(name: str, root: str) -> Shape:
    return Shape(
        name, "document", "package", (f"{root}/packages/*",), rest="document",
        native_id=("/SPDXID",),
        marks=((f"{root}/spdxVersion", r"SPDX-2\.[23]"), (f"{root}/documentNamespace", ".+")),
        stated_at=f"{root}/creationInfo/created",
    )  # fmt: skip


SPEC = SourceSpec(
    kind="spdx",
    title="SPDX bills of materials",
    mode="event",
    needs="location",
    shapes=(_shape("bill", ""), _shape("export", "/sbom"), filedrop.MANIFEST),
    feeds={"package": (INVENTORY,), "document": (INVENTORY,), "listing": ()},
    options=SpdxOptions,
    basis=("file_manifest",),
    blind_spots=(
        "A bill that was never made leaves no file, and one says nothing of what its tool did not "
        "look at.",
        "Tag-value, RDF, XML and YAML documents are refused, with their names: export JSON.",
        "Files and snippets stay in the document's record.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Keeps every new document of the folder."""
    assert isinstance(ask.options, SpdxOptions)  # validated against SPEC.options
    filedrop.collect(ask, SUFFIXES, _fit, asset=ask.options.asset)


def _fit(path: Path) -> Fit:
    start = _head(path)
    if start[:1] not in (b"{", b"[", b""):
        raise UnfitFile("this is no JSON; SPDX is read as JSON alone: export it so")
    return Fit("export" if _WRAPPED.match(start) else "bill", path)


def _head(path: Path) -> bytes:
    """How the document begins. A damaged gzip is told by index, which reads all of it."""
    with path.open("rb") as handle:
        start = handle.read(_HEAD_BYTES)
    if start[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as handle:
                start = handle.read(_HEAD_BYTES)
        except (OSError, EOFError, zlib.error):
            return b""
    return start.removeprefix(b"\xef\xbb\xbf").lstrip()
