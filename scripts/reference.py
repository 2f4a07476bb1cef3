"""Writes docs/sources/<kind>.md from each kind's own SPEC, so that page and code cannot differ.

python scripts/reference.py          # write
python scripts/reference.py --check  # fail where a page is out of date
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from muniment.sources import discover
from muniment.sources.spec import GRADE_OF_BASIS, Options, SourceSpec

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "sources"


def page(spec: SourceSpec) -> str:
    """The reference page of one kind, as Markdown."""
    parts = [
        f"# `{spec.kind}`: {spec.title}",
        "*Generated from the connector by `scripts/reference.py`; do not edit.*",
        _facts(spec),
        "## What it feeds\n\n" + _feeds(spec),
        "## Permissions\n\n" + _list(spec.permissions, "None beyond reading the folder."),
        *(["## Limits\n\n" + _list(spec.limits, "")] if spec.limits else []),
        "## Blind spots\n\n" + _list(spec.blind_spots, "None known."),
        "## Options\n\n" + _options(spec.options),
        "## Example\n\n```yaml\n" + example(spec) + "```",
    ]
    return "\n\n".join(parts) + "\n"


def example(spec: SourceSpec) -> str:
    """A source of this kind, as it stands in muniment.yml (a test loads it)."""
    source = {"id": f"my_{spec.kind}", "kind": spec.kind, **_place(spec), "required": True}
    needed = {
        field.alias or name: _sample(name, field)
        for name, field in spec.options.model_fields.items()
        if field.is_required()
    }
    if needed:
        source["options"] = needed
    return yaml.safe_dump({"sources": [source]}, sort_keys=False)


def _place(spec: SourceSpec) -> dict[str, str]:
    """Where it is read: a folder, but a bucket where the kind knows one too large to be listed."""
    if spec.needs == "connection":
        return {"connection": "my_connection"}
    if spec.look is None:
        return {"location": "drop/"}
    return {"location": "s3://my-bucket/my-prefix", "connection": "my_connection"}


def _sample(name: str, field: FieldInfo) -> object:
    """A value for an option without default: the kind's example, else a word that is allowed."""
    words = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    return next(iter([*(field.examples or ()), *words, f"my-{name}"]))


def _facts(spec: SourceSpec) -> str:
    retention = f"{spec.retention_days} days" if spec.retention_days else "no limit known"
    proofs = ", ".join(f"`{basis}` ({GRADE_OF_BASIS[basis] or 'no grade'})" for basis in spec.basis)
    rows = [
        ("mode", {"event": "events of a window", "state": "a snapshot of its own day",
                  "register": "the company's dated statement"}[spec.mode]),
        ("needs", f"a {spec.needs}"),
        ("completeness basis", proofs or "the folder's listing"),
        ("retention at the source", retention),
        ("read by cursor", "yes" if spec.has_cursor else "no"),
    ]  # fmt: skip
    if spec.scanner_types:
        rows.append(("scanner types", ", ".join(spec.scanner_types)))
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows)


def _feeds(spec: SourceSpec) -> str:
    lines = ["| records of | cut from | ledger streams |", "|---|---|---|"]
    for shape in spec.shapes:
        streams = [shape.stream, *([shape.rest] if shape.rest else [])]
        for stream in streams:
            feeds = ", ".join(f"`{name}`" for name in spec.feeds.get(stream, ())) or "none"
            lines.append(f"| `{stream}` | `{shape.name}` ({shape.form}) | {feeds} |")
    return "\n".join(dict.fromkeys(lines))


def _list(items: tuple[str, ...], empty: str) -> str:
    return "\n".join(f"- {item}" for item in items) or empty


def _options(options: type[Options]) -> str:
    lines = ["| key | default |", "|---|---|"]
    for name, field in options.model_fields.items():
        needed = (
            "*needed*"
            if field.is_required()
            else f"`{field.get_default(call_default_factory=True)!r}`"
        )
        lines.append(f"| `{field.alias or name}` | {needed} |")
    return "\n".join(lines)


def main() -> int:
    """Writes or checks every page; returns the exit code."""
    stale = []
    FOLDER.mkdir(parents=True, exist_ok=True)
    for kind, connector in discover().items():
        path, text = FOLDER / f"{kind}.md", page(connector.spec)
        if "--check" in sys.argv:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(path.name)
        else:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"Out of date: {', '.join(stale)}. Run `python scripts/reference.py`.")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
