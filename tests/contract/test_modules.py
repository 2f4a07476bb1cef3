"""docs/modules.md says what is where, and says it truly."""

from __future__ import annotations

import modules


def test_the_page_is_the_code() -> None:
    assert modules.PAGE.read_text(encoding="utf-8") == modules.page(), (
        "run `python scripts/modules.py`"
    )
    assert "|  |" not in modules.page(), "a module without a first sentence"
