"""The folder of a file drop, on a disk or an object store: what stands in it, and its bytes.

Names are only names: links are not followed out of the folder, and a file that changes while it
is read is not taken.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from muniment import objectstores
from muniment.collecting import Ask
from muniment.collection import instant
from muniment.errors import MachineError, SourceError, TransientSourceError
from muniment.storage import FULL

_CHUNK_BYTES = 1 << 20


class UnfitFile(Exception):
    """This file cannot be kept; the message is the reason. The others are."""


@dataclass(frozen=True)
class Listed:
    """One file as the listing shows it. path: relative to the location; times: `instant`.

    changed_at: when the file system last touched the file, where it says so (a local folder):
    unlike modified_at, nobody can put it back.
    """

    path: str
    size: int
    modified_at: str
    changed_at: str | None = None


class Drop:
    """The folder of one source, on a disk or an object store."""

    def __init__(self, ask: Ask) -> None:
        """`ask`: its folder is read, its warnings are written."""
        assert ask.folder is not None  # kinds that need a location always get one
        self._ask = ask
        self._fs, root = ask.folder.filesystem
        self._is_local = ask.folder.is_local
        self._root = root.rstrip("/")
        self._infos: dict[str, dict[str, Any]] = {}
        #: files read in another way are read again
        self.reading = {
            "kind": ask.spec.kind, "version": ask.spec.version,
            "location": ask.source.location, "options": ask.options.model_dump(mode="json"),
        }  # fmt: skip

    def listing(self, suffixes: tuple[str, ...]) -> tuple[list[Listed], list[SourceError]]:
        """The files that count, by path, and what stands among them that cannot be followed.

        Raises SourceError where the folder cannot be listed.
        """
        what = f"{self._ask.source.id}: listing {self._ask.source.location}"
        with objectstores.told(what, self._ask.opened_with):
            return self._listing(suffixes)

    def _listing(self, suffixes: tuple[str, ...]) -> tuple[list[Listed], list[SourceError]]:
        if not self._fs.exists(self._root):
            raise SourceError(
                f"{self._ask.source.id}: the folder {self._ask.source.location} is not there. "
                "Nothing was kept. Create or mount it, or correct `location` in muniment.yml."
            )
        found: list[Listed] = []
        problems: list[SourceError] = []
        others = 0
        for path in sorted(self._paths()):
            if not path.lower().endswith(suffixes):
                others += not path.rsplit("/", 1)[-1].startswith(".")
            elif self._leads_out(path):
                problems.append(
                    SourceError(f"{path!r}: no file of this folder (links are not followed out)")
                )
            else:
                found.append(self._listed(path))
        if others:
            self._ask.warn(f"{others} files end in none of {', '.join(suffixes)}: left aside.")
        return found, problems

    def fetch(self, file: Listed, copy: Path, *, may_grow: bool = False) -> str:
        """Copies one file as it was listed; returns its SHA-256.

        may_grow: a file that is appended to meanwhile counts as far as it was listed.
        Raises UnfitFile or TransientSourceError, and MachineError where there is no room for it.
        """
        digest, size = hashlib.sha256(), 0
        try:
            with self._fs.open(self._full(file.path), "rb") as source, copy.open("wb") as target:
                limit_bytes = file.size if may_grow else sys.maxsize
                while chunk := source.read(min(_CHUNK_BYTES, limit_bytes - size)):
                    digest.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
            after = self._listed(file.path)
        except PermissionError as error:
            raise UnfitFile("no permission to read it") from error
        except FileNotFoundError as error:
            raise TransientSourceError(f"{file.path!r}: went away while it was read") from error
        except objectstores.failures() as error:
            if getattr(error, "errno", None) in FULL:
                raise MachineError(
                    f"No space left while copying {file.path!r} of {self._root}. Everything kept "
                    "before stays; free space and run the same command again."
                ) from error
            said = getattr(error, "strerror", None) if self._is_local else None
            said = said or objectstores.words(error, self._ask.opened_with)
            raise TransientSourceError(f"{file.path!r}: {said}") from None
        is_other = after.size < file.size if may_grow else after != file
        if is_other or size != file.size:
            raise TransientSourceError(f"{file.path!r}: was written to while it was read")
        return digest.hexdigest()

    def _paths(self) -> Iterator[str]:
        """Relative paths of all files. Links to folders are named, never walked."""
        if self._fs.isfile(self._root):
            self._root, _, name = self._root.rpartition("/")
            yield name
        elif self._is_local:
            for folder, folders, names in os.walk(self._root):
                links = [name for name in folders if (Path(folder) / name).is_symlink()]
                for name in (*names, *links):
                    yield str((Path(folder) / name).relative_to(self._root))
        else:
            found = self._fs.find(self._root, detail=True)
            self._infos = {str(path).removeprefix(f"{self._root}/"): found[path] for path in found}
            yield from self._infos

    def _listed(self, path: str) -> Listed:
        full = self._full(path)
        if self._is_local:
            stat = Path(full).stat()
            return Listed(path, stat.st_size, _instant(stat.st_mtime), _instant(stat.st_ctime))
        info = self._infos.pop(path, None) or self._fs.info(full)  # the listing's, then as it is
        modified = info.get("mtime") or info.get("LastModified") or self._fs.modified(full)
        if isinstance(modified, datetime):  # S3 tells whole seconds of one file, more in a listing
            modified = modified.replace(microsecond=0)
        return Listed(path, int(info["size"]), _instant(modified), None)

    def _leads_out(self, path: str) -> bool:
        if not self._is_local:
            return False
        full = Path(self._full(path))
        if full.is_symlink() and not full.resolve().is_relative_to(Path(self._root).resolve()):
            return True
        return not full.is_file()

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}"


def _instant(moment: float | datetime) -> str:
    """`moment`: seconds since 1970, or a time with its zone."""
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, UTC)
    return instant(moment.astimezone(UTC))
