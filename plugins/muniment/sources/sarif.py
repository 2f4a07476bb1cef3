"""SARIF 2.1.0: the common form of static analysis, and of many scanners beside.

A document holds runs, a run its results; what remains of the document states the runs themselves
(tool, rules, invocations), so that a clean scan is told from none.
"""

from __future__ import annotations

from typing import Any, Literal

from muniment import filedrop, masking
from muniment.collecting import Ask
from muniment.sources.spec import Options, Shape, SourceSpec

ScannerType = Literal["sast", "sca", "secret", "iac", "container", "dast"]
_TYPES: tuple[ScannerType, ...] = ("sast", "sca", "secret", "iac", "container", "dast")
#: tools that look for secrets, by a part of their name; they print what they find
_SECRET_TOOLS = (
    "gitleaks", "trufflehog", "detect-secrets", "ggshield", "gitguardian", "secretlint", "whispers",
    "talisman", "secretscanner", "betterleaks", "noseyparker", "kingfisher",
)  # fmt: skip
_VALUES = frozenset({"offender", "secret", "Secret", "match", "Match", "raw", "Raw"})
_KEYS = _VALUES | {"snippet"}
_TEXT_KEYS = _VALUES | {"text", "rendered"}


class SarifOptions(Options):
    """asset: the asset scanned, where the report does not name it. scanner_types: narrows."""

    asset: str | None = None
    scanner_types: tuple[ScannerType, ...] = _TYPES


SPEC = SourceSpec(
    kind="sarif",
    title="SARIF 2.1.0 reports",
    mode="event",
    needs="location",
    shapes=(
        Shape(
            "report", "document", "finding", ("/runs/*/results/*",), rest="scan_run",
            marks=(("/version", r"2\.1\.0.*"), ("/runs", ".*")),
            stated_at="/runs/0/invocations/0/endTimeUtc",
        ),
        filedrop.MANIFEST,
    ),
    feeds={
        "finding": ("findings.finding",), "scan_run": ("findings.scan_run",), "listing": (),
    },
    options=SarifOptions,
    basis=("file_manifest",),
    scanner_types=_TYPES,
    blind_spots=(
        "A run without invocations does not say whether the scan succeeded.",
        "In the ledger a file counts for the day on which its first run ended; one that does not "
        "say so, for the last day of the window in which it came.",
        "Most tools leave levels, fingerprints or times out: absence is kept as absence.",
        "Source lines that secret scanners print are masked before they are stored.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Keeps every new report of the folder; masks what secret scanners print."""
    options = ask.options
    assert isinstance(options, SarifOptions)
    is_secret = options.scanner_types == ("secret",)
    reducing = masking.Masking(
        _KEYS, lambda document: _mask(document, is_secret), lambda body: _mask_text(body, is_secret)
    )
    filedrop.collect(
        ask, (".sarif", ".json", ".sarif.gz", ".json.gz", ".zip"),
        lambda path: masking.fitted(path, lambda document: "report", _names_asset, reducing),
        asset=options.asset,
    )  # fmt: skip


def _names_asset(document: Any) -> bool:
    """Whether every run says what it looked at: a repository or an image."""
    runs = document.get("runs") if isinstance(document, dict) else None
    return isinstance(runs, list) and all(isinstance(run, dict) and _target(run) for run in runs)


def _target(run: dict[str, Any]) -> bool:
    properties, versions = run.get("properties"), run.get("versionControlProvenance")
    image = isinstance(properties, dict) and (
        properties.get("imageName") or properties.get("repoTags")
    )
    sources = versions if isinstance(versions, list) else []
    return bool(image) or any(isinstance(v, dict) and v.get("repositoryUri") for v in sources)


def _mask_text(body: bytes, is_secret: bool) -> tuple[bytes, int]:
    text = body.lower()
    if is_secret or any(tool.encode() in text for tool in _SECRET_TOOLS):
        return masking.mask_text(body, _TEXT_KEYS)
    return body, 0


def _mask(document: Any, is_secret: bool) -> int:
    runs = document.get("runs") if isinstance(document, dict) else None
    return sum(
        masking.mask(run.get("results"), _KEYS)
        for run in (runs if isinstance(runs, list) else ())
        if isinstance(run, dict) and (is_secret or _looks_for_secrets(run))
    )


def _looks_for_secrets(run: dict[str, Any]) -> bool:
    tool = run.get("tool")
    driver = tool.get("driver") if isinstance(tool, dict) else None
    name = str(driver.get("name", "")).lower() if isinstance(driver, dict) else ""
    return any(part in name for part in _SECRET_TOOLS)
