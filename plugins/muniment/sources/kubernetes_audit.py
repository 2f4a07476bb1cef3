"""Kubernetes API server audit logs: `audit.k8s.io/v1` events as JSON lines.

An event counts when its stage was reached: a watch may be answered days after it was asked for.
What the API server wrote of secrets and tokens is masked before anything is stored.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from muniment import filedrop, logfiles
from muniment.bronze.selects import RECORD_LIMIT_BYTES
from muniment.collecting import Ask
from muniment.logfiles import Fit, Listed, Reading
from muniment.logoptions import LogOptions
from muniment.masking import MASK
from muniment.sources.spec import Shape, SourceSpec
from muniment.vendors import kubernetes

EVENTS = Shape(
    "events", "lines", "event", native_id=("/auditID", "/stage"), event_time="/stageTimestamp"
)
RULE, VERSION = "kubernetes_secret_objects", 1
_PATHS = ("/requestObject", "/responseObject")
#: resources whose objects are secrets, or hold tokens; a service account's token is one as well
_SECRET = frozenset({"secrets", "tokenreviews", "tokenrequests", "oauthaccesstokens"})
#: a line without these cannot hold such an object; cheap, since most lines have neither
_PERHAPS = re.compile(rb'"(?:request|response)Object"')
_NAMED = re.compile(rb"(?i)secret|token")
#: nor one without these a container's settings, which kubernetes_workloads masks too
_SETTINGS = re.compile(rb"\benv\b|\bcommand\b|\bargs\b|last-applied-configuration")
SETTINGS_RULE = "container_settings"
_SETTINGS_PATHS = tuple(f"{path}/{name}" for path in _PATHS for name in kubernetes.MASKED)

SPEC = SourceSpec(
    kind="kubernetes_audit",
    title="Kubernetes audit log",
    mode="event",
    needs="location",
    shapes=(EVENTS, filedrop.MANIFEST),
    feeds={
        "event": ("access_events.resource_access", "change_events.infra_change"), "listing": (),
    },
    options=LogOptions,
    basis=("file_manifest", "not_provable"),
    permissions=("Read access to the folder into which the API servers' audit files are put.",),
    blind_spots=(
        "What the audit policy does not ask for (level None, omitted stages) is not written; the "
        "level of each event is kept.",
        "Of several API servers each has a log of its own: name them all in options.logs, or one "
        "that never sent anything is not missed.",
        "Files that --audit-log-maxage or --audit-log-maxbackup deleted before they were shipped, "
        "and batches that the webhook backend dropped: apiserver_audit_error_total counts those.",
        "Objects of secrets and tokens, and of others the values of environment variables, "
        "commands, arguments and the applied configuration in annotations, are masked before they "
        "are stored. Of a line above 64 MiB, which no API server writes, only the piece that names "
        "them is.",
    ),
)  # fmt: skip

#: what is kept of a line that names secrets and is no JSON: none itself, so that it is quarantined
_UNREADABLE = b"masked: a line that names secrets and cannot be read\n"


def collect(ask: Ask) -> None:
    """Keeps what is new of every API server's log, secrets masked."""
    logfiles.collect(ask, Reading(EVENTS.name, prepare=_prepare))


def _prepare(path: Path, listed: Listed) -> Fit:
    """The lines as they are; written again only where something had to be masked."""
    target, count, settings = path.with_name("masked"), 0, 0
    with path.open("rb") as lines, target.open("wb") as masked:
        for line in iter(lambda: lines.readline(RECORD_LIMIT_BYTES), b""):
            found = _masked(line) if _PERHAPS.search(line) and _NAMED.search(line) else None
            count += found is not None
            if found is None and _PERHAPS.search(line) and _SETTINGS.search(line):
                found, here = _without_settings(line)
                settings += here
            masked.write(line if found is None else found)
    reductions = (
        filedrop.Reduction(RULE, VERSION, _PATHS, count),
        filedrop.Reduction(SETTINGS_RULE, VERSION, _SETTINGS_PATHS, settings),
    )
    if not (count or settings):
        return Fit(EVENTS.name, path)
    return Fit(EVENTS.name, target, tuple(item for item in reductions if item.count))


def _masked(line: bytes) -> bytes | None:
    """The line with its secret objects masked; None where it holds none.

    A line that names secrets and cannot be read is masked whole: it goes to quarantine all the
    same, and nobody can tell what it holds.
    """
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return _UNREADABLE
    if not isinstance(event, dict) or not _is_secret(event):
        return None
    shown = [path[1:] for path in _PATHS if event.get(path[1:]) is not None]
    for name in shown:
        event[name] = MASK
    return json.dumps(event, separators=(",", ":")).encode() + b"\n" if shown else None


def _without_settings(line: bytes) -> tuple[bytes | None, int]:
    """The line with the settings of containers masked, and how many; None where it holds none."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None, 0
    if not isinstance(event, dict):
        return None, 0
    count = 0
    for path in _PATHS:
        shown = event.get(path[1:])
        count += kubernetes.mask_settings(shown)
        for step in shown if isinstance(shown, list) else ():  # a JSON patch names what it sets
            if isinstance(step, dict) and step.get("value") and _is_settings(step.get("path")):
                step["value"] = MASK
                count += 1
    if not count:
        return None, 0
    return json.dumps(event, separators=(",", ":")).encode() + b"\n", count


def _is_settings(path: object) -> bool:
    return _SETTINGS.search(str(path).encode()) is not None


def _is_secret(event: dict[str, Any]) -> bool:
    about = event.get("objectRef")
    if not isinstance(about, dict):
        return False
    return about.get("resource") in _SECRET or about.get("subresource") == "token"
