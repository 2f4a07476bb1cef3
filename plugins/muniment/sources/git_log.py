"""The history of git repositories, read from their object store and nothing else.

Git prints raw bytes, one commit a line; a run brings the commits that the tips of the last sound
run do not reach, and `rev-list --count` says how many that must be. The tips of all refs are
listed whole in every run: a branch that was rewritten shows in them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from typing import IO

from muniment import repositories
from muniment.collecting import Ask
from muniment.errors import EvidenceError, SourceError
from muniment.filedrop import proven_days
from muniment.repositories import Repository
from muniment.sources.spec import CsvDialect, Options, Shape, SourceSpec

_UNIT = "\x1f"
#: field -> git's placeholder; the repository's name is put in front
_COMMIT = {
    "sha": "%H", "parents": "%P", "tree": "%T",
    "author_name": "%an", "author_email": "%ae", "authored_at": "%aI",
    "committer_name": "%cn", "committer_email": "%ce", "committed_at": "%cI",
    "signature": "%G?", "signer": "%GK", "refs": "%D", "subject": "%s",
    "trailers": "%(trailers:only,unfold,separator=%x1e)",
}  # fmt: skip
_REF = {
    "ref": "%(refname)", "sha": "%(objectname)", "object_type": "%(objecttype)",
    "peeled_sha": "%(*objectname)", "peeled_type": "%(*objecttype)",
    "committed_at": "%(committerdate:iso-strict)",
}  # fmt: skip
_PAGE_BYTES = 16 << 20

COMMITS = Shape(
    "commits", "csv", "commit", native_id=("/repository", "/sha"), event_time="/committed_at",
    csv=CsvDialect(_UNIT, "", ("repository", *_COMMIT), is_lenient=True),
)  # fmt: skip
REFS = Shape(
    "refs", "csv", "ref_tip", native_id=("/repository", "/ref"),
    csv=CsvDialect(_UNIT, "", ("repository", *_REF), is_lenient=True),
)  # fmt: skip


class GitOptions(Options):
    """repository: the name ("org/name") of a single repository; default: its folder's path.

    check_signatures: ask gpg about every signed commit (some 10 ms each); without, `signature`
    is empty. feeds_ref_updates: let the tips stand for movements of refs, where no activity feed
    is to be had: one look a day, without actor.
    """

    repository: str | None = None
    check_signatures: bool = True
    feeds_ref_updates: bool = False


def _feeds_of(options: Options) -> tuple[str, ...]:
    assert isinstance(options, GitOptions)
    refs = ("change_events.ref_update",) if options.feeds_ref_updates else ()
    return ("change_events.commit", *refs)


SPEC = SourceSpec(
    kind="git_log",
    title="History of git repositories",
    mode="event",
    needs="location",
    shapes=(COMMITS, REFS),
    feeds={"commit": ("change_events.commit",), "ref_tip": ("change_events.ref_update",)},
    options=GitOptions,
    basis=("total_count", "snapshot_count", "not_provable"),
    blind_spots=(
        "Dates are what author and committer set: only a ref's tip, seen by us, bounds them.",
        "Commits that no ref reaches any more, and a ref's movements between two looks.",
        "Signatures are checked against the keys that the service's gpg knows.",
    ),
    feeds_of=_feeds_of,
)


def collect(ask: Ask) -> None:
    """Keeps new commits and all ref tips of every repository, and proves the window by count.

    Raises SourceError where git cannot read a repository.
    """
    options = ask.options
    assert isinstance(options, GitOptions)
    assert ask.folder is not None  # kinds that need a location always get one
    found = repositories.find(ask.folder.local_path(""), options.repository)
    if not found:
        raise SourceError(
            f"{ask.source.id}: {ask.source.location} is no git repository and holds none. Nothing "
            "was kept. Clone one there, or correct `location` in muniment.yml."
        )
    fields = _fields(ask, options)
    before = _tips_before(ask)
    expected, shallow = 0, []
    for repository in found:
        refs = _refs(repository)
        tips = _tips(refs)
        reached = _still_there(repository, before.get(repository.name, []))
        if tips:
            expected += _keep_commits(ask, repository, fields, tips, reached)
        ask.keep(refs, REFS.name, context={"repository": repository.name}, url=repository.name)
        if repository.git("rev-parse", "--is-shallow-repository").strip() == b"true":
            shallow.append(repository.name)
    _prove(ask, expected, shallow, len(found))


def _prove(ask: Ask, expected: int, shallow: list[str], count: int) -> None:
    first, end = proven_days(ask)
    commits, *refs = ask.spec.ledger_streams(ask.options)
    if first < end and shallow:
        said = f"History is cut off in {', '.join(shallow)} (shallow clone)."
        ask.prove(commits, "not_provable", first, end, reason=said)
    elif first < end:
        said = f"Counted by git itself in {count} repositories."
        ask.prove(commits, "total_count", first, end, expected=expected, reason=said)
    for stream in refs:
        said = "Where each ref stood when we looked, not every movement in between."
        today = ask.started_at.date()
        ask.prove(stream, "snapshot_count", ask.last_ended_day, today, reason=said)


def _fields(ask: Ask, options: GitOptions) -> dict[str, str]:
    if options.check_signatures and shutil.which("gpg"):
        return _COMMIT
    if options.check_signatures:
        ask.warn("gpg is not installed: `signature` is empty, which says nothing of commits.")
    return _COMMIT | {"signature": "", "signer": ""}


def _keep_commits(
    ask: Ask, repository: Repository, fields: dict[str, str], tips: list[bytes],
    reached: list[bytes],
) -> int:  # fmt: skip
    """Stores the commits that `tips` reach and `reached` does not; returns git's own count."""
    wanted = b"".join(b"%s\n" % tip for tip in tips) + b"".join(b"^%s\n" % tip for tip in reached)
    count = int(repository.git("rev-list", "--count", "--stdin", stdin=wanted))
    if not count:
        return 0
    with tempfile.TemporaryFile() as printed:
        repository.print_to(
            printed, "log", "--stdin", "--no-color", "--decorate=full", "--encoding=UTF-8",
            "--no-show-signature", "--no-notes", "--no-mailmap", "--no-patch",
            "--format=" + "%x1f".join((_quoted(repository), *fields.values())), stdin=wanted,
        )  # fmt: skip
        printed.seek(0)
        for page, body in enumerate(_pages(printed), 1):
            ask.keep(
                body, COMMITS.name, page=page, context={"repository": repository.name},
                media_type="text/plain", url=repository.name,
            )  # fmt: skip
    return count


def _pages(printed: IO[bytes]) -> Iterator[bytes]:
    """Some 16 MiB each, cut at line ends."""
    while page := printed.read(_PAGE_BYTES):
        yield page if page.endswith(b"\n") else page + printed.readline()


def _refs(repository: Repository) -> bytes:
    """Every ref with where it stands; HEAD too, where it stands on a commit of its own."""
    form = "%1f".join((_quoted(repository), *_REF.values()))
    refs = repository.git("for-each-ref", f"--format={form}")
    head = repository.git(
        "cat-file", "--batch-check=%(objectname)", stdin=b"HEAD^{commit}\n"
    ).strip()
    if b" " in head or head in refs:  # "missing" in an empty repository
        return refs
    line = _UNIT.join((repository.name, "HEAD", head.decode(), "commit", "", "", ""))
    return refs + line.encode() + b"\n"


def _quoted(repository: Repository) -> str:
    return repository.name.replace("%", "%%")


def _tips(refs: bytes) -> list[bytes]:
    """The commits at the tips of refs; a ref may also name a tag of something, a tree or a blob."""
    tips: dict[bytes, None] = {}
    for line in refs.splitlines():
        _, _, sha, kind, peeled, peeled_kind, _ = line.split(_UNIT.encode())
        if kind == b"commit":
            tips[sha] = None
        elif peeled_kind == b"commit":
            tips[peeled] = None
    return list(tips)


def _tips_before(ask: Ask) -> dict[str, list[bytes]]:
    """Tips of the newest receipt whose commits were all received and read; {} asks for all."""
    for receipt in ask.earlier():
        if receipt.failure is not None or receipt.quarantined:
            continue
        try:
            bodies = [ask.locker.read(o.sha256) for o in receipt.objects if o.shape == REFS.name]
        except EvidenceError as error:
            ask.warn(f"Refs of an earlier receipt cannot be read; everything is read: {error}")
            return {}
        tips: dict[str, list[bytes]] = {}
        for line in b"".join(bodies).splitlines():
            name, _, sha, kind, peeled, _, _ = line.split(_UNIT.encode())
            tips.setdefault(name.decode(), []).append(sha if kind == b"commit" else peeled)
        return tips
    return {}


def _still_there(repository: Repository, tips: list[bytes]) -> list[bytes]:
    """Those earlier tips that this repository still holds (a rewritten branch may lose some)."""
    asked = b"".join(b"%s^{commit}\n" % tip for tip in tips if tip)
    if not asked:
        return []
    lines = repository.git("cat-file", "--batch-check=%(objectname)", stdin=asked).splitlines()
    return [line for line in lines if b" " not in line]
