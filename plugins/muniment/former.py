"""Former sources: those that have receipts and are no longer configured.

Evidence that was once collected stays in the ledger, and its system stays in question: leaving a
source out of `muniment.yml` closes its later days, so that dropping one hides nothing.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import ValidationError

from muniment.errors import UsageError
from muniment.receipts import FOLDER, Receipt, latest
from muniment.settings import Settings, SourceConfig
from muniment.sources import discover


def included(settings: Settings) -> Settings:
    """The settings with every former source after the configured ones.

    A former source is what its newest receipt says that it was; it has neither connection nor
    location, so that it can be judged and never asked. Raises UsageError where that cannot be read.
    """
    known = {source.id for source in settings.sources}
    gone = [name for name in settings.home.folders(FOLDER) if name not in known]
    newest = [receipt for name in gone if (receipt := latest(settings.home, name)) is not None]
    sources = tuple(_source(settings, receipt) for receipt in newest)
    return replace(settings, sources=(*settings.sources, *sources))


def _source(settings: Settings, receipt: Receipt) -> SourceConfig:
    asked = receipt.configured_as
    source = SourceConfig(
        id=receipt.source_id, kind=receipt.kind, system=receipt.system, entity=receipt.entity,
        required=bool(asked.get("required")), options=asked.get("options", {}),
    )  # fmt: skip
    try:
        discover()[source.kind].spec.options.model_validate(source.options)
    except (KeyError, ValidationError) as error:
        raise UsageError(
            f"{settings.file}: source '{source.id}' (kind {source.kind}) has receipts, is not "
            "configured any more, and its receipts do not say enough to judge it without its "
            "configuration. Put it back; nothing was changed."
        ) from error
    return source
