"""`muniment.yml`, validated at the door: one message names file, key, what was found and expected.

Options of a source are validated by its own kind (`sources.spec.Options`), at the same door.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from muniment import objectstores
from muniment.errors import UsageError
from muniment.sources import discover
from muniment.sources.spec import Connector, Options
from muniment.storage import Store

DEFAULT_FILE = "muniment.yml"
M = TypeVar("M", bound=BaseModel)
SourceId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Retired(BaseModel):
    """From which UTC day on a source is not asked any more, and why, in the owner's words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: date
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class SourceConfig(BaseModel):
    """One configured stream of one system. A retired one needs no connection or location."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: SourceId
    kind: str
    connection: str | None = None
    location: str | None = None
    system: str | None = None
    entity: str | None = None
    required: bool = False
    options: dict[str, Any] = Field(default_factory=dict)
    retired: Retired | None = None

    @property
    def is_former(self) -> bool:
        """Whether nobody can ask it any more: it is retired, or out of the file (see `former`)."""
        return self.connection is None and self.location is None

    def is_retired_on(self, day: date) -> bool:
        """Whether nobody owes this day."""
        return self.retired is not None and day >= self.retired.since


class SettingsFile(BaseModel):
    """The keys of `muniment.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    organisation: str
    home: str = ".muniment"
    frameworks: list[str] = Field(default=["soc2", "gdpr", "vendor-guardrails"], min_length=1)
    sandbox: bool = False
    trusted_private_ca: str | None = None
    releases_kept: int = Field(default=30, ge=1)
    sources: list[SourceConfig] = Field(default_factory=list)


@dataclass(frozen=True)
class Settings:
    """A validated configuration; relative paths are resolved against the file's own folder."""

    file: Path
    organisation: str
    home: Store
    frameworks: tuple[str, ...]
    is_sandbox: bool
    trusted_private_ca: str | None
    releases_kept: int
    sources: tuple[SourceConfig, ...]

    def source(self, source_id: str) -> SourceConfig:
        """The configured source of this id. Raises UsageError with the nearest name."""
        for source in self.sources:
            if source.id == source_id:
                return source
        near = _nearest(source_id, [source.id for source in self.sources])
        raise UsageError(f"{self.file}: no source '{source_id}'{near}.")

    def connector(self, source: SourceConfig) -> Connector:
        """The kind's SPEC and collect()."""
        return discover()[source.kind]

    def options(self, source: SourceConfig) -> Options:
        """The source's options, validated by its kind."""
        return self.connector(source).spec.options.model_validate(source.options)

    def entity(self, source: SourceConfig) -> str:
        """The legal entity that the source belongs to."""
        return source.entity or self.organisation

    def folder(self, source: SourceConfig, options: Mapping[str, Any] | None = None) -> Store:
        """The files of a file kind, relative to the configuration's folder.

        options: how its object store lets us in (see `objectstores`).
        """
        assert source.location is not None  # checked at load
        return Store(_resolve(self.file.parent, source.location), options)


def load(file: Path | str = DEFAULT_FILE) -> Settings:
    """Reads and validates one configuration file. Raises UsageError."""
    path = Path(file)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"{path}: not found. `muniment init` writes a first one.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}).") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict):
        raise UsageError(f"{path}: expected keys such as 'organisation', found {_show(raw)}.")
    parsed = _validated(path, SettingsFile, raw)
    _check_sources(path, parsed.sources)
    return Settings(
        file=path.resolve(),
        organisation=parsed.organisation,
        home=Store(_resolve(path.resolve().parent, parsed.home)),
        frameworks=tuple(parsed.frameworks),
        is_sandbox=parsed.sandbox,
        trusted_private_ca=parsed.trusted_private_ca,
        releases_kept=parsed.releases_kept,
        sources=tuple(parsed.sources),
    )


def _check_sources(path: Path, sources: list[SourceConfig]) -> None:
    kinds = discover()
    seen: set[str] = set()
    for index, source in enumerate(sources):
        where = f"{path}: sources[{index}] ({source.id})"
        if source.id in seen:
            raise UsageError(f"{where}: id '{source.id}' is used twice; expected a unique id.")
        seen.add(source.id)
        if source.kind not in kinds:
            near = _nearest(source.kind, list(kinds))
            raise UsageError(
                f"{where}: kind: found '{source.kind}', expected one of {', '.join(kinds)}{near}."
            )
        spec = kinds[source.kind].spec
        wanted = spec.needs
        if getattr(source, wanted) is None and source.retired is None:
            raise UsageError(f"{where}: key '{wanted}' is missing; kind '{source.kind}' needs it.")
        if wanted == "location" and source.connection and source.location:
            _check_opened(where, source.connection, source.location)
        _validated(path, spec.options, source.options, f"sources[{index}] ({source.id}).options")


def _check_opened(where: str, connection: str, location: str) -> None:
    if not objectstores.takes(location):
        raise UsageError(
            f"{where}: connection: found '{connection}' beside the location {_show(location)}; "
            f"expected none, or a location that begins with {' or '.join(objectstores.SCHEMES)}."
        )


def _validated(path: Path, model: type[M], raw: dict[str, Any], prefix: str = "") -> M:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        # a misspelt key explains a missing one, so it is told first
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in first["loc"])
        full = ".".join(part for part in (prefix, re.sub(r"\.(\d+)", r"[\1]", key)) if part)
        if first["type"] == "extra_forbidden":
            fields = list(_fields_at(model, first["loc"]))
            last = str(first["loc"][-1])
            expected = f"one of {', '.join(fields)}{_nearest(last, fields)}"
            raise UsageError(f"{path}: {full}: unknown key; expected {expected}.") from error
        found = "nothing" if first["type"] == "missing" else _show(first.get("input"))
        raise UsageError(f"{path}: {full}: found {found}; expected: {first['msg']}.") from error


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    if "retired" in loc:
        return list(Retired.model_fields)
    return list((SourceConfig if loc[0] == "sources" else model).model_fields)


def _nearest(word: str, choices: list[str]) -> str:
    close = difflib.get_close_matches(word, choices, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _resolve(base: Path, url: str) -> str:
    if "://" in url or Path(url).is_absolute():
        return url
    return str(base / url)
