"""Scratch space: files and folders that one process writes before they are brought home whole.

Whoever writes holds a lock on its file or folder, which the kernel lets go when the process ends,
however it ends. So what a killed run left is told from what a living one still needs, and is
removed when the next folder is made.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def folder(base: Path) -> Iterator[Path]:
    """A new folder below `base`, gone when the block ends; what dead processes left goes first."""
    with _gate(base):
        for left in base.iterdir():
            _remove_if_dead(left)
        made = Path(tempfile.mkdtemp(dir=base))
        lock = _locked(made)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(lock)


@contextmanager
def file(base: Path) -> Iterator[Path]:
    """A new empty file below `base`; where it still lies there when the block ends, it is gone."""
    with _gate(base):
        made = base / f"{uuid.uuid4().hex}.part"
        lock = os.open(made, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield made
    finally:
        made.unlink(missing_ok=True)
        os.close(lock)


@contextmanager
def _gate(base: Path) -> Iterator[None]:
    """Nothing is looked at between being made and being locked."""
    base.mkdir(parents=True, exist_ok=True)
    gate = _locked(base)
    try:
        yield
    finally:
        os.close(gate)


def _locked(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _remove_if_dead(path: Path) -> None:
    with suppress(FileNotFoundError, PermissionError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        finally:
            os.close(descriptor)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
