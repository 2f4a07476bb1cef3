"""osquery: the log of its scheduled queries' results, one JSON object a line.

osquery counts the results of each query on each host. A number that is left out means that a result
got lost on the way, whatever the log looks like; the listing remembers the numbers that came.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

from muniment import filedrop, logfiles, sequences
from muniment.collecting import Ask
from muniment.logfiles import Json, Reading
from muniment.logoptions import LogOptions
from muniment.logspans import Doubt, Span
from muniment.sources.spec import Shape, SourceSpec

DEVICE = "assets.device"
#: host, query and epoch in one text; a name may hold any letter but this
_BETWEEN = "\x1f"

SPEC = SourceSpec(
    kind="osquery_results",
    title="osquery result log",
    mode="event",
    needs="location",
    shapes=(
        Shape("results", "lines", "result", event_time="/unixTime", time_form="epoch_s"),
        filedrop.MANIFEST,
    ),
    feeds={"result": (DEVICE,), "listing": ()},
    options=LogOptions,
    basis=("file_manifest", "not_provable"),
    permissions=("Read access to the folder into which the result logs are put.",),
    blind_spots=(
        "Results of snapshot queries bear no running number: one that got lost is not missed.",
        "A host that sends nothing at all is missed only by comparison with fleet_hosts, or where "
        "its log is named in options.logs.",
        "A result tells of the moment at which its query ran; what changed and changed back in "
        "between is not seen.",
        "Lines hold whatever the queries ask for: do not ask for what nobody should keep.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Keeps what is new of every log, and remembers the numbers of the results."""
    logfiles.collect(ask, Reading("results", look=_look, doubts=doubts))


def _look(path: Path, shape: str, log: str, state: Json) -> list[Span]:
    """Adds the numbers of one stored file. A line that cannot be read goes to quarantine."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    with path.open("rb") as lines:
        for line in lines:
            numbered = _numbered(line)
            if numbered is not None:
                key, number, day = numbered
                found[key].setdefault(number, day)
    for key, numbers in found.items():
        runs = [[number, number, day, day] for number, day in numbers.items()]
        state[key] = sequences.merged([*state.get(key, []), *runs])
    return []


def _numbered(line: bytes) -> tuple[str, int, str] | None:
    """Whose result it is, its number and its day; None where it bears none (a snapshot)."""
    try:
        result = json.loads(line)
        if not isinstance(result, dict) or result.get("action") == "snapshot":
            return None
        number, moment = int(result["counter"]), int(result["unixTime"])
        day = datetime.fromtimestamp(moment, UTC).date().isoformat()
    except (KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError):
        return None
    names = (result.get("hostIdentifier"), result.get("name"), result.get("epoch", 0))
    return _BETWEEN.join(map(str, names)), number, day


def doubts(state: Json) -> list[Doubt]:
    """The holes between the runs: the days between the results around each are in doubt."""
    found = []
    for key, runs in state.items():
        host, query, epoch = key.split(_BETWEEN)
        for before, after in pairwise(runs):
            if before[2] > after[3]:  # the lower numbers came later: the host counted anew
                continue
            missing = f"{before[1] + 1} to {after[0] - 1}"
            days = sorted((date.fromisoformat(before[3]), date.fromisoformat(after[2])))
            reason = (
                f"Results {missing} of query '{query}' on host '{host}' (epoch {epoch}) never came."
            )
            found.append(Doubt(days[0], days[1], reason))
    return found
