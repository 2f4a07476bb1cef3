"""CycloneDX: bills of materials in JSON, versions 1.4 to 1.7, dropped into a folder.

A record is a component with all that lies within it; what remains of a document is one record more.
The graph of dependencies is kept as it stands and never walked: it may have loops.
"""

from __future__ import annotations

from pathlib import Path

from muniment import filedrop
from muniment.collecting import Ask
from muniment.droplisting import UnfitFile
from muniment.filedrop import Fit
from muniment.sources.spec import Options, Shape, SourceSpec

INVENTORY = "assets.inventory"
#: spreadsheets of other forms lie in such folders too; XML must not be passed over in silence
SUFFIXES = (".json", ".json.gz", ".cdx", ".xml", ".xml.gz")


class BomOptions(Options):
    """asset: the asset that the documents describe, where neither they nor a sub-folder name it."""

    asset: str | None = None


SPEC = SourceSpec(
    kind="cyclonedx",
    title="CycloneDX bills of materials",
    mode="event",
    needs="location",
    shapes=(
        Shape(
            "bom", "document", "component", ("/components/*",), rest="bom",
            native_id=("/bom-ref",),
            marks=(("/bomFormat", "CycloneDX"), ("/specVersion", r"1\.[4-7]")),
            stated_at="/metadata/timestamp",
        ),
        filedrop.MANIFEST,
    ),
    feeds={"component": (INVENTORY,), "bom": (INVENTORY,), "listing": ()},
    options=BomOptions,
    basis=("file_manifest",),
    blind_spots=(
        "A bill that was never made leaves no file, and one says nothing of what its tool did not "
        "look at.",
        "A document without `metadata.timestamp` counts for the day of its file.",
        "XML documents are refused, with their names: export JSON.",
        "Vulnerabilities that a bill lists stay in its record and are no findings: a bill is no "
        "scan.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Keeps every new document of the folder."""
    assert isinstance(ask.options, BomOptions)  # validated against SPEC.options
    filedrop.collect(ask, SUFFIXES, _fit, asset=ask.options.asset)


def _fit(path: Path) -> Fit:
    with path.open("rb") as handle:
        start = handle.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        raise UnfitFile("this is XML; CycloneDX is read as JSON: export it so")
    return Fit("bom", path)
