"""The parsed dbt project, kept beside it: parsing costs seconds, and no build changes it.

The file lies where dbt itself keeps what it parsed (`dbt_project/target/`, not in git). No code
revision tells that it was changed, so `verify --deep` has the project parsed again. dbt's own
partial parsing does it once a home, and is slower.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

FILE = "muniment.parsed"
DIGEST_LENGTH = 64
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


def manifest(key: str, folder: Path, parse: Callable[[], Any]) -> Any:
    """dbt's manifest of the project, for one build: dbt writes into it.

    key: SHA-256 (hex) of all that parsing reads; a file under another key is parsed anew.
    parse: gives the manifest, or raises.
    """
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumaro_encoder, extended_mashumuro_decoder

    path = folder / FILE
    kept = path.read_bytes() if path.exists() else b""
    if kept[:DIGEST_LENGTH] == key.encode():
        return Manifest.from_msgpack(kept[DIGEST_LENGTH:], decoder=extended_mashumuro_decoder)
    parsed = parse()
    _keep(path, key.encode() + parsed.to_msgpack(extended_mashumaro_encoder))
    return parsed


def _keep(path: Path, content: bytes) -> None:
    """Whole or not at all; a project that cannot be written to is parsed by every process."""
    try:
        path.parent.mkdir(exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)
    except OSError as error:
        if error.errno not in _NOT_WRITABLE:
            raise


def forget(folder: Path) -> None:
    """The next build parses the project itself. Raises OSError where the file cannot be removed."""
    (folder / FILE).unlink(missing_ok=True)
