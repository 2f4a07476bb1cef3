"""Writes docs/modules.md: what is where in the library, from each module's own first sentence.

python scripts/modules.py
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "plugins" / "muniment"
PAGE = ROOT / "docs" / "modules.md"
_HEAD = """# What is where

*Generated from the modules' first sentences by `scripts/modules.py`; do not edit.*

The path: `planning`, `collecting`, `bronze`, `committing`, `ledger`, `warehouse`, `publishing`;
`pipeline` calls them in this order, and command line and DAGs call `pipeline`. Models are in
`dbt_project/`, completeness suites in `expectations/`. [Names and words](naming.md).
"""


def page() -> str:
    """The page, as Markdown: one table a package."""
    packages = [LIBRARY, *sorted(path.parent for path in LIBRARY.glob("*/__init__.py"))]
    return "\n".join([_HEAD, *map(_package, packages)])


def _package(folder: Path) -> str:
    name = ".".join(("muniment", *folder.relative_to(LIBRARY).parts))
    rows = [
        f"| `{folder.name if path.stem == '__init__' else path.stem}` | {_first_sentence(path)} |"
        for path in sorted(folder.glob("*.py"))
        if path.stem != "__main__"
    ]
    return "\n".join([f"## `{name}`", "", "| module | |", "|---|---|", *rows, ""])


def _first_sentence(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
