"""The kinds of source, found by listing this folder: one module a kind."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from muniment.sources.spec import Connector


@cache
def discover() -> dict[str, Connector]:
    """Every kind by name. A module counts when it has a SPEC; its file bears the kind's name."""
    found: dict[str, Connector] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        if hasattr(loaded, "SPEC"):
            found[loaded.SPEC.kind] = Connector(loaded.SPEC, loaded.collect)
    return dict(sorted(found.items()))
