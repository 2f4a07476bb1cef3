"""Trivy's JSON reports: images, file systems, repositories, clusters.

A report lists findings under its results; keys are absent where nothing was found. The shape is
chosen by the top of the file: schema 2, a Kubernetes report, or the list (or `null`) of before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from muniment import filedrop, masking
from muniment.collecting import Ask
from muniment.sources.spec import Options, Shape, SourceSpec

ScannerType = Literal["sca", "container", "iac", "secret", "license"]
_TYPES: tuple[ScannerType, ...] = ("sca", "container", "iac", "secret", "license")
_LISTS = ("Vulnerabilities", "Misconfigurations", "Secrets", "Licenses")
_RESOURCES = ("Resources", "Findings", "Vulnerabilities", "Misconfigurations")
#: of a secret: the line that matched, and the lines around it
_KEYS = frozenset({"Match", "Code"})
_TEXT_KEYS = frozenset({"Match", "Content", "Highlighted"})


class TrivyOptions(Options):
    """asset: the asset scanned, where the report's own name is not it."""

    asset: str | None = None
    scanner_types: tuple[ScannerType, ...] = _TYPES


def _elements(*results: str) -> tuple[str, ...]:
    return tuple(f"{result}/{name}/*" for result in results for name in _LISTS)


SPEC = SourceSpec(
    kind="trivy",
    title="Trivy JSON reports",
    mode="event",
    needs="location",
    shapes=(
        Shape(
            "report", "document", "finding", _elements("/Results/*", "/Resources/*/Results/*"),
            rest="scan_run", marks=(("/SchemaVersion", "2"),), stated_at="/CreatedAt",
        ),
        Shape(
            "cluster", "document", "finding",
            _elements(*(f"/{name}/*/Results/*" for name in _RESOURCES)),
            rest="scan_run", marks=(("/ClusterName", ".*"),), stated_at="/CreatedAt",
        ),
        Shape("legacy", "document", "finding", _elements("/*"), rest="scan_run"),
        filedrop.MANIFEST,
    ),
    feeds={
        "finding": ("findings.finding",), "scan_run": ("findings.scan_run",), "listing": (),
    },
    options=TrivyOptions,
    basis=("file_manifest",),
    scanner_types=_TYPES,
    blind_spots=(
        "A scan that was never run leaves no file: VUL-02 asks for runs by asset and interval.",
        "The list of before schema 2 names neither time nor version of the scan.",
        "Secrets' matched lines are masked before they are stored.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Keeps every new report of the folder; masks the secrets that it shows."""
    assert isinstance(ask.options, TrivyOptions)
    filedrop.collect(ask, (".json", ".json.gz", ".zip"), _fit, asset=ask.options.asset)


def _fit(path: Path) -> filedrop.Fit:
    return masking.fitted(path, _shape, _names_asset, _MASKING)


def _shape(document: Any) -> str:
    if isinstance(document, dict):
        return "report" if "SchemaVersion" in document else "cluster"
    return "legacy"


def _names_asset(document: Any) -> bool:
    """The list of before schema 2 names nothing."""
    names = ("ArtifactName", "ClusterName")
    return isinstance(document, dict) and any(document.get(name) for name in names)


def _mask(value: Any) -> int:
    """Masks the secrets of every list named Secrets, at any depth."""
    if isinstance(value, list):
        return sum(_mask(item) for item in value)
    if not isinstance(value, dict):
        return 0
    return sum(
        masking.mask(item, _KEYS) if key == "Secrets" else _mask(item)
        for key, item in value.items()
    )


_MASKING = masking.Masking(_KEYS, _mask, lambda body: masking.mask_text(body, _TEXT_KEYS))
