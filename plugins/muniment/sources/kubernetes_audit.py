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
        "Objects of secrets and tokens are masked before they are stored.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Keeps what is new of every API server's log, secrets masked."""
    logfiles.collect(ask, Reading(EVENTS.name, prepare=_prepare))


def _prepare(path: Path, listed: Listed) -> Fit:
    """The lines as they are; written again only where something had to be masked."""
    target, count = path.with_name("masked"), 0
    with path.open("rb") as lines, target.open("wb") as masked:
        for line in iter(lambda: lines.readline(RECORD_LIMIT_BYTES), b""):
            found = _masked(line) if _PERHAPS.search(line) and _NAMED.search(line) else None
            count += found is not None
            masked.write(line if found is None else found)
    if not count:
        return Fit(EVENTS.name, path)
    return Fit(EVENTS.name, target, (filedrop.Reduction(RULE, VERSION, _PATHS, count),))


def _masked(line: bytes) -> bytes | None:
    """The line with its secret objects masked; None where it holds none."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None  # unreadable: it goes to quarantine, where nobody can tell what it holds
    if not isinstance(event, dict) or not _is_secret(event):
        return None
    shown = [path[1:] for path in _PATHS if event.get(path[1:]) is not None]
    for name in shown:
        event[name] = MASK
    return json.dumps(event, separators=(",", ":")).encode() + b"\n" if shown else None


def _is_secret(event: dict[str, Any]) -> bool:
    about = event.get("objectRef")
    if not isinstance(about, dict):
        return False
    return about.get("resource") in _SECRET or about.get("subresource") == "token"
