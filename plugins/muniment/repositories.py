"""Git repositories on this disk, read with git and nothing of the machine's or user's setting.

No hooks, prompts, pagers or fetches; the programs that a repository's own configuration could name
(to check signatures) are pinned. `safe.directory` is lifted, since the configuration names the
place itself.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from muniment.errors import SourceError

_TIMEOUT_S = 3600
#: how far below the location repositories are looked for: organisation, group, repository, spare
_DEPTH = 4
_PINNED = {
    "safe.directory": "*", "core.quotePath": "off", "core.fsmonitor": "false",
    "core.hooksPath": os.devnull, "log.showSignature": "false", "protocol.allow": "never",
    "gpg.program": "gpg", "gpg.openpgp.program": "gpg", "gpg.ssh.program": "ssh-keygen",
    "gpg.x509.program": "gpgsm",
}  # fmt: skip


@dataclass(frozen=True)
class Repository:
    """A repository on this disk and the name that its commits bear."""

    path: Path
    name: str

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Runs git to its end; returns what it printed. Raises SourceError."""
        done = self._run(arguments, stdin, subprocess.PIPE)
        return bytes(done.stdout)

    def print_to(self, target: IO[bytes], *arguments: str, stdin: bytes = b"") -> None:
        """Runs git, its output going to a file. Raises SourceError."""
        self._run(arguments, stdin, target)

    def _run(
        self, arguments: tuple[str, ...], stdin: bytes, stdout: IO[bytes] | int
    ) -> subprocess.CompletedProcess[bytes]:
        settings = [part for key, value in _PINNED.items() for part in ("-c", f"{key}={value}")]
        command = ["git", "--no-pager", "-C", str(self.path), *settings, *arguments]
        try:
            done = subprocess.run(
                command, input=stdin, stdout=stdout, stderr=subprocess.PIPE, env=_environment(),
                timeout=_TIMEOUT_S, check=False,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise SourceError("git is not installed on this machine; install it.") from error
        except subprocess.TimeoutExpired as error:
            raise SourceError(f"'{self.name}': git took more than {_TIMEOUT_S} s.") from error
        if done.returncode:
            said = " ".join(done.stderr.decode("utf-8", "replace").split())
            raise SourceError(
                f"'{self.name}' ({self.path}): git {arguments[0]} failed: {said[-300:]}. Run "
                "`git fsck` there."
            )
        return done


def find(root: Path, name: str | None) -> list[Repository]:
    """The repository at `root` (by `name`, else its folder's), or those below, by relative path."""
    if _is_repository(root):
        return [Repository(root, name or root.resolve().name)]
    return [
        Repository(path, path.relative_to(root).as_posix().removesuffix(".git"))
        for path in sorted(_below(root, _DEPTH))
    ]


def _below(folder: Path, depth: int) -> Iterator[Path]:
    if not folder.is_dir() or depth == 0:
        return
    for path in folder.iterdir():
        if path.is_symlink() or not path.is_dir():
            continue
        if _is_repository(path):
            yield path
        else:
            yield from _below(path, depth - 1)


def _is_repository(path: Path) -> bool:
    is_bare = all((path / name).exists() for name in ("HEAD", "objects", "refs"))
    return is_bare or (path / ".git").exists()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "GNUPGHOME") if name in os.environ}
    return kept | {
        "HOME": os.devnull, "LC_ALL": "C.UTF-8", "TZ": "UTC", "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1", "GIT_PAGER": "cat",
    }  # fmt: skip
