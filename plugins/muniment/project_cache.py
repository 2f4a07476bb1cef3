"""What is made of the dbt project alone and kept beside it, since making it costs seconds.

The files lie where dbt itself keeps what it parsed (`dbt_project/target/`, not in git), each behind
the key of all that it was made of. No code revision tells that one was changed, so `verify --deep`
forgets them.
"""

from __future__ import annotations

import errno
from pathlib import Path
from tempfile import NamedTemporaryFile

#: all that is ever kept
PARSED, BLANK = "muniment.parsed", "muniment.blank"
KEY_LENGTH = 64
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


def read(folder: Path, name: str, key: str) -> bytes | None:
    """What was kept under this key (SHA-256, hex); None where it must be made."""
    path = folder / name
    kept = path.read_bytes() if path.exists() else b""
    return kept[KEY_LENGTH:] if kept[:KEY_LENGTH] == key.encode() else None


def keep(folder: Path, name: str, key: str, content: bytes) -> None:
    """Whole or not at all; beside a project that cannot be written to, every process makes it."""
    try:
        folder.mkdir(exist_ok=True)
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(key.encode() + content)
        Path(file.name).replace(folder / name)
    except OSError as error:
        if error.errno not in _NOT_WRITABLE:
            raise


def forget(folder: Path) -> None:
    """The next build makes all of it again. Raises OSError where a file cannot be removed."""
    for name in (PARSED, BLANK):
        (folder / name).unlink(missing_ok=True)
