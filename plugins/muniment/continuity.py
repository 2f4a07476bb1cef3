"""Whether the history goes on unbroken: checkpoints, the chains and releases that they signed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from muniment import checkpoints, pointer, receipts, releases, signing
from muniment.checkpoints import Checkpoint
from muniment.errors import EvidenceError, UsageError
from muniment.findings import Finding, VerifyReport
from muniment.settings import Settings
from muniment.storage import Store

#: per source: receipt hash by sequence, as found on disk
Chains = dict[str, dict[int, str]]
RELEASES = "releases"


def read_kept(home: Store, against: Path | None) -> Checkpoint | None:
    """The checkpoint that was kept elsewhere. Raises UsageError where the file is not one."""
    if against is None:
        return None
    try:
        return checkpoints.read(against.read_bytes(), signing.public_key(home))
    except OSError as error:
        raise UsageError(f"--against {against}: {error.strerror}.") from error
    except EvidenceError as error:
        raise UsageError(
            f"--against {against}: {error}. Expected a checkpoint file of this home, signed with "
            f"the key in {signing.PUBLIC_KEY}."
        ) from error


def check(home: Store, chains: Chains, kept: Checkpoint | None, report: VerifyReport) -> None:
    """Adds to `report` what does not fit of checkpoints, heads and releases."""
    found = _check_sequence(home, report)
    if kept is not None:
        report.findings += _check_kept(kept, found)
    report.findings += _check_heads([*found, *([kept] if kept else [])], chains)
    report.findings += _check_releases(home, found, report)
    report.checked["checkpoints"] = len(found)
    signed = found[-1].heads if found else {}
    report.unsigned = [
        receipts.receipt_path(source_id, sequence)
        for source_id, hashes in chains.items()
        for sequence in hashes
        if source_id not in signed or sequence > signed[source_id].sequence
    ]


def _check_sequence(home: Store, report: VerifyReport) -> list[Checkpoint]:
    names = home.list(checkpoints.FOLDER)
    if not names:
        return []
    try:
        key = signing.public_key(home)
    except EvidenceError as error:
        report.findings.append(Finding("checkpoint", checkpoints.FOLDER, str(error)))
        return []
    found: list[Checkpoint] = []
    expected, previous = 1, receipts.NO_HASH
    for name in names:
        path = f"{checkpoints.FOLDER}/{name}"
        try:
            checkpoint = checkpoints.read(home.read(path), key)
        except EvidenceError as error:
            report.findings.append(Finding("checkpoint", path, f"{error}: it was edited"))
            expected, previous = expected + 1, ""
            continue
        problem = _misfit(checkpoint, path, expected, previous)
        if problem:
            report.findings.append(Finding("checkpoint", path, problem))
        found.append(checkpoint)
        expected, previous = checkpoint.number + 1, checkpoint.hash
    return found


def _misfit(checkpoint: Checkpoint, path: str, expected: int, previous: str) -> str | None:
    own = checkpoints.checkpoint_path(checkpoint.number)
    if own != path:
        return f"it lies in the place of another; it is {own}"
    if checkpoint.number != expected:
        return f"the checkpoint before it, number {expected}, is missing"
    if previous and checkpoint.previous_hash != previous:
        return "it names another checkpoint before it than the one that is there"
    return None


def _check_kept(kept: Checkpoint, found: list[Checkpoint]) -> list[Finding]:
    path = checkpoints.checkpoint_path(kept.number)
    ours = next((item for item in found if item.number == kept.number), None)
    if ours is None:
        last = f"ends with number {found[-1].number}" if found else "holds none"
        return [
            Finding(
                "checkpoint", path,
                f"it was kept elsewhere, signed at {kept.signed_at}, and is not here: this home "
                f"{last}. The history was cut short, and an older state put back.",
            )
        ]  # fmt: skip
    if ours.hash != kept.hash:
        return [
            Finding(
                "checkpoint", path, "another one of this number was kept elsewhere: the history "
                "was rewritten",
            )
        ]  # fmt: skip
    return []


def _check_heads(signed: list[Checkpoint], chains: Chains) -> list[Finding]:
    """Every signed head must stand in its chain; of a chain, the first that does not is named."""
    findings: dict[str, Finding] = {}
    for checkpoint in sorted(signed, key=lambda item: item.number):
        for source_id, head in checkpoint.heads.items():
            there = chains.get(source_id, {}).get(head.sequence)
            if there == head.hash or source_id in findings:
                continue
            what = "is missing or unreadable" if there is None else "is another one"
            findings[source_id] = Finding(
                "receipt", receipts.receipt_path(source_id, head.sequence),
                f"checkpoint {checkpoint.number} signed it as the end of its chain; it {what}",
            )  # fmt: skip
    return list(findings.values())


def _check_releases(home: Store, signed: list[Checkpoint], report: VerifyReport) -> list[Finding]:
    """Manifests stay for ever, as signed; a database may be pruned, but not changed."""
    findings: list[Finding] = []
    stated = {
        int(c.release["number"]): str(c.release["manifest_sha256"]) for c in signed if c.release
    }
    sealed = {
        int(name): f"{RELEASES}/{name}"
        for name in home.folders(RELEASES)
        if name.isdigit() and home.exists(f"{RELEASES}/{name}/manifest.json")
    }
    for number in sorted({*stated, *sealed}):
        folder = sealed.get(number)
        if folder is None:
            findings.append(
                Finding("release", f"{RELEASES}/{number:08d}", "a checkpoint signed it; it is gone")
            )
            continue
        problem = _release_problem(home, folder, stated.get(number))
        if problem:
            findings.append(Finding("release", folder, problem))
    report.checked["releases"] = len(sealed)
    return findings


def check_current(settings: Settings) -> list[Finding]:
    """Whether the pointer to the current release is there, and the one that was signed last."""
    home = settings.home
    if not home.exists(pointer.PATH) and not releases.sealed_numbers(home):
        return []
    try:
        releases.current_number(settings)
    except EvidenceError as error:
        return [Finding("release", pointer.PATH, str(error))]
    except UsageError:
        return []  # the first publish was killed before it ended
    return []


def _release_problem(home: Store, folder: str, signed_manifest: str | None) -> str | None:
    raw = home.read(f"{folder}/manifest.json")
    if signed_manifest not in (None, hashlib.sha256(raw).hexdigest()):
        return "its manifest is not the one that a checkpoint signed"
    try:
        manifest = json.loads(raw)
        database_sha256, files = manifest["database_sha256"], dict(manifest.get("files", {}))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"its manifest cannot be read ({error!r})"
    database = f"{folder}/muniment.duckdb"
    if home.exists(database) and receipts.file_sha256(home, database) != database_sha256:
        return "its database is not the one that its manifest names"
    for path, sha256 in files.items():
        if not home.exists(path) or receipts.file_sha256(home, path) != sha256:
            return f"{path} is not the file that its manifest names"
    return None
