"""The parsed dbt project: what dbt makes of its files before it looks at any database.

dbt's own partial parsing would do it once a home, and is slower.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from muniment import project_cache

#: macros that unite kinds: what they give depends on the kinds that are known
_FRAMES = {f"macro.muniment.{name}" for name in ("united", "newest_snapshots", "attributed_events")}


def manifest(key: str, folder: Path, parse: Callable[[], Any]) -> Any:
    """dbt's manifest of the project, for one build: dbt writes into it.

    key: SHA-256 (hex) of all that parsing reads. parse: gives the manifest, or raises.
    """
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumaro_encoder, extended_mashumuro_decoder

    kept = project_cache.read(folder, project_cache.PARSED, key)
    if kept is not None:
        return Manifest.from_msgpack(kept, decoder=extended_mashumuro_decoder)
    parsed = parse()
    content = parsed.to_msgpack(extended_mashumaro_encoder)
    project_cache.keep(folder, project_cache.PARSED, key, content)
    return parsed


def staging_models(manifest: Any) -> dict[str, tuple[str, set[str]]]:
    """Model -> its table as SQL, and the Bronze views that it reads."""
    return {
        node.name: (
            node.relation_name,
            {name for schema, name in node.sources if schema == "bronze"},
        )
        for node in manifest.nodes.values()
        if node.resource_type == "model" and node.original_file_path.startswith("models/staging/")
    }


def settled_views(manifest: Any) -> list[str]:
    """Views between staging and control tests that say the same whatever kinds are known."""
    return [
        node.name
        for node in manifest.nodes.values()
        if node.resource_type == "model"
        and node.original_file_path.startswith("models/intermediate/")
        and node.config.materialized == "view"
        and not _FRAMES & set(node.depends_on.macros)
    ]
