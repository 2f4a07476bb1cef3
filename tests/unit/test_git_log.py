"""git log: every commit once, whatever its bytes; what a repository configures is never run."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource

NEXT_DAY = "2026-01-07T02:00:00Z"
PERSON = {
    "GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@example.com",
    "GIT_COMMITTER_NAME": "Bo", "GIT_COMMITTER_EMAIL": "bo@example.com",
    "GIT_AUTHOR_DATE": "2026-01-05T10:00:00+02:00",
    "GIT_COMMITTER_DATE": "2026-01-05T23:30:00-0100",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


def git(path: Path, *arguments: str, stdin: bytes = b"", **env: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(path), *arguments], input=stdin, capture_output=True, check=True,
        env={**os.environ, **PERSON, **env},
    )  # fmt: skip
    return done.stdout.decode("utf-8", "replace").strip()


def commit(path: Path, message: str | bytes, *options: str, **env: str) -> str:
    body = message if isinstance(message, bytes) else message.encode()
    git(path, *options, "commit", "--allow-empty", "--no-verify", "--cleanup=verbatim", "-F", "-",
        stdin=body, **env)  # fmt: skip
    return git(path, "rev-parse", "HEAD")


def raw_commit(path: Path, body: bytes) -> str:
    """A commit that git itself would not write so, on a branch of its own."""
    sha = git(path, "hash-object", "-t", "commit", "-w", "--stdin", stdin=body)
    git(path, "update-ref", "refs/heads/raw", sha)
    return sha


@pytest.fixture
def source(tmp_path: Path) -> FileSource:
    source = FileSource.make(tmp_path, "git_log", repository="org/app")
    git(source.drop, "init", "--initial-branch=main")
    return source


def commits(source: FileSource, receipt: Any) -> list[dict[str, str]]:
    rows = source.bronze(receipt, "stream, record")
    return [json.loads(record) for stream, record in rows if stream == "commit"]


def refs(source: FileSource, receipt: Any) -> dict[str, str]:
    rows = source.bronze(receipt, "stream, record")
    found = [json.loads(record) for stream, record in rows if stream == "ref_tip"]
    return {ref["ref"]: ref["sha"] for ref in found}


def test_a_commit_with_all_its_fields(source: FileSource) -> None:
    parent = commit(source.drop, "first")
    sha = commit(source.drop, 'Fix "it"\n\nWhy.\n\nReviewed-by: Cy <c@x.org>\nTicket: 7\n')
    receipt = source.run()
    newest = commits(source, receipt)[0]
    assert newest == {
        "repository": "org/app", "sha": sha, "parents": parent,
        "tree": git(source.drop, "rev-parse", "HEAD^{tree}"),
        "author_name": "Ana", "author_email": "ana@example.com",
        "authored_at": "2026-01-05T10:00:00+02:00",
        "committer_name": "Bo", "committer_email": "bo@example.com",
        "committed_at": "2026-01-05T23:30:00-01:00",
        "signature": newest["signature"], "signer": "", "refs": "HEAD -> refs/heads/main",
        "subject": 'Fix "it"', "trailers": "Reviewed-by: Cy <c@x.org>\x1eTicket: 7",
    }  # fmt: skip
    rows = source.bronze(receipt, "stream, native_id, event_time::varchar, event_time_raw")
    assert ("commit", f"org/app|{sha}", "2026-01-06 00:30:00", "2026-01-05T23:30:00-01:00") in rows


def test_every_ref_counts_and_git_counts_with_us(source: FileSource) -> None:
    base = commit(source.drop, "base")
    git(source.drop, "checkout", "-b", "side")
    side = commit(source.drop, "side")
    git(source.drop, "tag", "-a", "v1", "-m", "one")
    git(source.drop, "checkout", "main")
    merged = commit(source.drop, "main goes on")
    git(source.drop, "update-ref", "refs/odd/tree", git(source.drop, "rev-parse", "HEAD^{tree}"))
    git(source.drop, "checkout", "--detach")
    loose = commit(source.drop, "on no branch")
    receipt = source.run()
    assert {row["sha"] for row in commits(source, receipt)} == {base, side, merged, loose}
    (proof,) = receipt.proofs
    assert (proof.stream, proof.basis, proof.expected) == ("change_events.commit", "total_count", 4)
    assert int(git(source.drop, "rev-list", "--count", "--all", "HEAD")) == proof.expected
    assert {name: sha for name, sha in refs(source, receipt).items() if "tag" not in name} == {
        "refs/heads/main": merged, "refs/heads/side": side, "HEAD": loose,
        "refs/odd/tree": git(source.drop, "rev-parse", "main^{tree}"),
    }  # fmt: skip


def test_bad_encodings_returns_and_odd_signs_break_no_line(source: FileSource) -> None:
    subjects = {
        commit(source.drop, message): subject
        for message, subject in {
            b"carriage\rreturn": "carriage\rreturn",
            b"\"quotes\" and 'more', and commas": "\"quotes\" and 'more', and commas",
            b"two\nlines\n\nof subject": "two lines",
            b"\xe2\x80\xa8line separator\xc2\x85": "\u2028line separator\x85",
            b"%H %x1f {json}": "%H %x1f {json}",
        }.items()
    }
    declared = commit(
        source.drop, "stra\xdfe".encode("latin-1"), "-c", "i18n.commitEncoding=ISO-8859-1"
    )
    undeclared = raw_commit(source.drop, git(source.drop, "cat-file", "commit", "HEAD~1").encode()
                            .replace(b"%H", b"caf\xe9"))  # fmt: skip
    receipt = source.run()
    assert receipt.quarantined == {}
    assert {row["sha"]: row["subject"] for row in commits(source, receipt)} == {
        **subjects, declared: "stra\xdfe", undeclared: "caf\ufffd %x1f {json}",
    }  # fmt: skip
    assert b"caf\xe9" in source.stored(receipt, "commits")[0]  # the bytes stay


def test_a_later_run_brings_only_what_is_new(source: FileSource) -> None:
    first = commit(source.drop, "first")
    source.run()
    second = commit(source.drop, "second")
    git(source.drop, "branch", "copy")
    receipt = source.run(NEXT_DAY)
    assert [row["sha"] for row in commits(source, receipt)] == [second]
    assert receipt.proofs[0].expected == 1
    assert refs(source, receipt) == {"refs/heads/main": second, "refs/heads/copy": second}
    quiet = source.run("2026-01-08T02:00:00Z")
    assert commits(source, quiet) == []
    assert quiet.proofs[0].expected == 0
    assert first != second


def test_a_rewritten_branch_brings_its_new_commits_and_shows_in_the_tips(
    source: FileSource,
) -> None:
    commit(source.drop, "base")
    lost = commit(source.drop, "to be replaced")
    before = refs(source, source.run())
    replaced = commit(source.drop, "replaced", "-c", "advice.x=false", GIT_AUTHOR_NAME="Eve")
    git(source.drop, "reset", "--hard", "HEAD~2")
    replaced = commit(source.drop, "another past")
    git(source.drop, "reflog", "expire", "--expire=now", "--all")
    git(source.drop, "gc", "--prune=now")
    receipt = source.run(NEXT_DAY)
    assert commits(source, receipt)[0]["sha"] == replaced
    assert before["refs/heads/main"] == lost
    assert refs(source, receipt)["refs/heads/main"] == replaced
    assert receipt.proofs[0].expected == len(commits(source, receipt))


def test_a_folder_of_repositories(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "git_log")
    for name in ("org/one", "org/two.git"):
        path = source.drop / name
        path.mkdir(parents=True)
        git(path, "init", *(["--bare"] if name.endswith(".git") else []))
    commit(source.drop / "org/one", "same")
    git(source.drop / "org/one", "push", str(source.drop / "org/two.git"), "HEAD:refs/heads/main")
    receipt = source.run()
    rows = commits(source, receipt)
    assert [row["repository"] for row in rows] == ["org/one", "org/two"]
    assert rows[0]["sha"] == rows[1]["sha"]
    assert receipt.duplicates == {}  # a fork's commit is its own record
    assert receipt.proofs[0].expected == 2


def test_an_empty_repository_is_complete_with_nothing(source: FileSource) -> None:
    receipt = source.run()
    assert receipt.failure is None
    assert (receipt.proofs[0].basis, receipt.proofs[0].expected) == ("total_count", 0)


def test_a_shallow_clone_proves_nothing(source: FileSource, tmp_path: Path) -> None:
    for message in ("one", "two", "three"):
        commit(source.drop, message)
    clone = FileSource.make(tmp_path / "clone", "git_log")
    git(tmp_path, "clone", "--depth=1", f"file://{source.drop}", str(clone.drop / "app"))
    receipt = clone.run()
    assert len(commits(clone, receipt)) == 1
    assert [(p.basis, p.reason) for p in receipt.proofs] == [
        ("not_provable", "History is cut off in app (shallow clone).")
    ]


def test_what_a_repository_configures_is_never_run(source: FileSource, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    script = tmp_path / "script.sh"
    script.write_text(f"#!/bin/sh\ntouch {trap}\nexit 0\n")
    script.chmod(0o755)
    commit(source.drop, "one")
    for key in (
        "core.fsmonitor", "core.pager", "gpg.program", "gpg.openpgp.program", "gpg.ssh.program",
        "gpg.x509.program", "diff.external", "core.sshCommand", "alias.log", "core.editor",
    ):  # fmt: skip
        git(source.drop, "config", key, f"!{script}" if key.startswith("alias") else str(script))
    git(source.drop, "config", "log.showSignature", "true")
    hook = source.drop / ".git/hooks/post-index-change"
    hook.write_bytes(script.read_bytes())
    hook.chmod(0o755)
    signed = git(source.drop, "cat-file", "commit", "HEAD").replace(
        "\n\n",
        "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\n",
        1,
    )
    raw_commit(source.drop, signed.encode())
    trap.unlink(missing_ok=True)
    receipt = source.run()
    assert len(commits(source, receipt)) == 2
    assert not trap.exists()


def test_a_damaged_repository_is_a_failure_that_names_it(source: FileSource) -> None:
    commit(source.drop, "one")
    commit(source.drop, "two")
    sha = git(source.drop, "rev-parse", "HEAD~1")
    lost = source.drop / ".git/objects" / sha[:2] / sha[2:]
    lost.chmod(0o600)
    lost.unlink()
    receipt = source.run()
    assert receipt.failure is not None
    assert "'org/app'" in receipt.failure.reason and "git fsck" in receipt.failure.reason
    assert receipt.proofs == []


def test_a_folder_without_repositories_is_a_failure(tmp_path: Path) -> None:
    failure = FileSource.make(tmp_path, "git_log").run().failure
    assert failure is not None and "is no git repository and holds none" in failure.reason


def test_tips_stand_for_movements_only_where_asked(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "git_log", feeds_ref_updates=True)
    git(source.drop, "init")
    commit(source.drop, "one")
    proofs = [(p.stream, p.basis, p.first_day, p.end_day) for p in source.run().proofs]
    assert proofs[1] == ("change_events.ref_update", "snapshot_count", "2026-01-05", "2026-01-06")
