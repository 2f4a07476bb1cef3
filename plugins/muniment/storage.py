"""Files of a home, on a disk or an object store: written whole or not at all.

Paths are relative to a URL (fsspec). On local disks a file appears under its name in one step
(scratch file below `tmp/`, fsync, hard link), so a process killed anywhere leaves no half file.
A local home therefore lies on one file system.
"""

from __future__ import annotations

import builtins
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from muniment import scratch
from muniment.errors import MachineError, UsageError

#: the disk is full, or this user's or process's share of it is
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SCRATCH = "tmp"


class Store:
    """One folder tree of evidence, named by a URL or a local path."""

    def __init__(self, url: str | Path, options: Mapping[str, Any] | None = None) -> None:
        """`url`: a local folder or any fsspec URL (`s3://bucket/evidence`).

        options: of its file system (see `objectstores`), where the machine's own ways in are not
        meant.
        """
        self.url = str(url).rstrip("/")
        self._fs, self._root = fsspec.core.url_to_fs(self.url, **(options or {}))
        self.is_local = isinstance(self._fs, LocalFileSystem)

    @property
    def filesystem(self) -> tuple[fsspec.AbstractFileSystem, str]:
        """What lists and opens the files, and this folder's path there."""
        return self._fs, self._root

    def _full(self, path: str) -> str:
        if path.startswith("/") or ".." in path.split("/"):
            raise UsageError(f"Path '{path}' leaves the store {self.url}.")
        return f"{self._root}/{path}" if path else self._root

    def local_path(self, path: str) -> Path:
        """The file's place on this disk. Raises UsageError for an object store."""
        if not self.is_local:
            raise UsageError(f"{self.url} is not on this machine's disk; '{path}' must be.")
        return Path(self._full(path))

    def uri(self, path: str) -> str:
        """The address that DuckDB and fsspec open."""
        return self._full(path) if self.is_local else f"{self.url}/{path}"

    def exists(self, path: str) -> bool:
        """Whether a file of this name is there."""
        return bool(self._fs.exists(self._full(path)))

    def size(self, path: str) -> int:
        """Bytes of one file."""
        return int(self._fs.size(self._full(path)))

    def read(self, path: str) -> bytes:
        """All bytes of one file. Raises FileNotFoundError."""
        if self.is_local:  # fsspec's way costs more than decoding a receipt
            return Path(self._full(path)).read_bytes()
        return bytes(self._fs.cat_file(self._full(path)))

    def open(self, path: str) -> IO[Any]:
        """A binary reading handle."""
        return self._fs.open(self._full(path), "rb")  # type: ignore[no-any-return]

    def list(self, folder: str) -> list[str]:
        """Names (not paths) of the files directly in `folder`, sorted; [] where it is absent."""
        self._fs.invalidate_cache()
        full = self._full(folder)
        if not self._fs.isdir(full):
            return []
        entries = self._fs.ls(full, detail=True)
        return sorted(
            str(entry["name"]).rsplit("/", 1)[-1] for entry in entries if entry["type"] == "file"
        )

    def folders(self, folder: str) -> builtins.list[str]:
        """Names of the folders directly in `folder`, sorted; [] where it is absent."""
        self._fs.invalidate_cache()
        full = self._full(folder)
        if not self._fs.isdir(full):
            return []
        entries = self._fs.ls(full, detail=True)
        return sorted(
            str(entry["name"]).rstrip("/").rsplit("/", 1)[-1]
            for entry in entries
            if entry["type"] == "directory"
        )

    def create(self, path: str, data: bytes) -> None:
        """Writes a new file in one step. Raises FileExistsError where the name is taken."""
        with _machine_errors(self.url, path):
            if not self.is_local:
                self._fs.pipe_file(self._full(path), data, mode="create")
                return
            with scratch.file(self.local_path(_SCRATCH)) as part:
                _write_synced(part, data)
                os.link(part, self._target(path))

    def replace(self, path: str, data: bytes) -> None:
        """Writes a file in one step over whatever stood there (pointers and derived files only)."""
        with _machine_errors(self.url, path):
            if not self.is_local:
                self._fs.pipe_file(self._full(path), data)
                return
            with scratch.file(self.local_path(_SCRATCH)) as part:
                _write_synced(part, data)
                part.replace(self._target(path))

    def put_file(self, local: Path, path: str) -> None:
        """Brings a finished local file in, in one step; the local file is used up."""
        with _machine_errors(self.url, path):
            if not self.is_local:
                self._fs.put_file(str(local), self._full(path))
                local.unlink()
                return
            with self._on_own_disk(local) as part:
                part.replace(self._target(path))
            local.unlink(missing_ok=True)

    def create_file(self, local: Path, path: str) -> None:
        """Brings a finished local file in under a new name, in one step; the file is used up.

        Raises FileExistsError where the name is taken; what stood there stays as it was.
        """
        if self.exists(path):
            raise FileExistsError(self._full(path))
        with _machine_errors(self.url, path):
            if not self.is_local:
                self._fs.put_file(str(local), self._full(path), mode="create")
                local.unlink()
                return
            with self._on_own_disk(local) as part:
                os.link(part, self._target(path))
            local.unlink()

    def delete(self, path: str) -> None:
        """Removes one file; absent is fine (a repeated run)."""
        if self._fs.exists(self._full(path)):
            self._fs.rm_file(self._full(path))

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A local folder for the block: on the home's own disk, where it has one.

        What killed runs left there is removed.
        """
        if self.is_local:
            with scratch.folder(self.local_path(_SCRATCH)) as folder:
                yield folder
        else:
            with tempfile.TemporaryDirectory(prefix="muniment-") as name:
                yield Path(name)

    @contextmanager
    def _on_own_disk(self, local: Path) -> Iterator[Path]:
        """The file itself where it lies on the home's disk, else a copy there; synced."""
        base = self.local_path(_SCRATCH)
        base.mkdir(parents=True, exist_ok=True)
        if local.stat().st_dev == base.stat().st_dev:
            _sync(local)
            yield local
            return
        with scratch.file(base) as part:
            shutil.copyfile(local, part)
            _sync(part)
            yield part

    def _target(self, path: str) -> Path:
        target = Path(self._full(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


def _write_synced(part: Path, data: bytes) -> None:
    with part.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def _sync(file: Path) -> None:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())


class _machine_errors:
    """Turns the disk's errors into a message that says what was kept and what to do."""

    def __init__(self, url: str, path: str) -> None:
        self._where = f"{url}/{path}"

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FileExistsError) or not isinstance(error, OSError):
            return
        if error.errno in FULL:
            raise MachineError(
                f"No space left while writing {self._where}. Everything written before is kept; "
                "free space and run the same command again."
            ) from error
        raise MachineError(
            f"Cannot write {self._where}: {error.strerror or error}. Everything written before is "
            "kept; mend the cause and run the same command again."
        ) from error
