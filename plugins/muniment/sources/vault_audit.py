"""HashiCorp Vault's audit devices: JSON lines, a request and a response for each call.

Vault answers nobody whose request it cannot write to at least one device, so that what reached a
device is all there was; what the way from there lost shows where one half of a pair is missing.
Secrets are HMACed by Vault and stay so. A device that writes them raw is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date
from pathlib import Path

from muniment import filedrop, logfiles
from muniment.bronze import selects
from muniment.bronze.plain import plain
from muniment.collecting import Ask
from muniment.database import literal
from muniment.logfiles import Json, Reading, UnfitFile
from muniment.logoptions import LogOptions
from muniment.logspans import Doubt, Span, reader, spans
from muniment.sources.spec import Shape, SourceSpec

ENTRIES = Shape("entries", "lines", "entry", native_id=("/request/id", "/type"), event_time="/time")
_HMAC = "hmac-sha256:%"
#: where an entry names a token
_TOKENS = ("/auth/client_token", "/request/client_token", "/response/auth/client_token")

SPEC = SourceSpec(
    kind="vault_audit",
    title="HashiCorp Vault audit devices",
    mode="event",
    needs="location",
    shapes=(ENTRIES, filedrop.MANIFEST),
    feeds={
        "entry": ("access_events.resource_access", "access_events.elevation"), "listing": (),
    },
    options=LogOptions,
    basis=("file_manifest", "not_provable"),
    permissions=("Read access to the folder into which the audit files of all devices are put.",),
    blind_spots=(
        "Vault does not audit sys/health, sys/seal-status, sys/leader and a few more paths.",
        "Entries excluded or filtered by a device's own `exclude` or `filter` option.",
        "Vault needs one device to have written an entry, not each: name all devices in "
        "options.logs, for what only the missing one holds is lost. Repetitions across devices, "
        "whose bytes differ (each has its own HMAC key), are known by request id and type.",
        "`help` operations have no request id: they are kept, but cannot be paired.",
        "A device with log_raw=true is refused: its tokens would have to be stored.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Keeps what is new of every device; days with half a pair are not proven."""

    def doubts(state: Json) -> list[Doubt]:
        if len(state) > 1:
            _pair_across(ask, state)
        return _doubts(state)

    logfiles.collect(ask, Reading(ENTRIES.name, look=_look, doubts=doubts))


def _pair_across(ask: Ask, state: Json) -> None:
    """Forgets halves whose other half another device wrote: Vault needs one device for each.

    Looks through what this collection stored, and earlier ones of the same days.
    """
    halves = {name: half for opened in state.values() for name, half in opened.items()}
    assert ask.home is not None  # every collection has one
    with ask.home.scratch() as folder, reader(folder) as connection:
        for sha256 in _stored(ask, {day for _, day in halves.values()}) if halves else ():
            source = plain(ask.locker, sha256, folder / "plain")
            _, _, path = spans(source.path, ENTRIES, folder / "spoilt")
            connection.execute(f"create or replace temp table entries as {_sides(path)}")
            names = ", ".join(literal(name) for name in sorted(halves))
            found = connection.execute(
                f"select distinct id, side from entries where id in ({names}) and side <> ''"
            ).fetchall()
            for opened in state.values():
                for name, side in found:
                    if opened.get(name, [side])[0] != side:
                        del opened[name]


def _stored(ask: Ask, days: set[str]) -> Iterator[str]:
    """The stored entries of this collection, and of the receipts with entries of these days."""
    yield from (item.sha256 for item in ask.collection.objects if item.shape == ENTRIES.name)
    for receipt in ask.earlier():
        hours = receipt.event_hours.get(ENTRIES.stream, {})
        if days & {hour[:10] for hour in hours}:
            yield from (item.sha256 for item in receipt.objects if item.shape == ENTRIES.name)


def _look(path: Path, shape: str, log: str, state: Json) -> list[Span]:
    """Remembers by device whose other half has not been seen: request id -> side and day."""
    opened: dict[str, list[str]] = state.setdefault(log, {})
    with reader(path.parent) as connection:
        connection.execute(f"create temp table entries as {_sides(path)}")
        raw = connection.execute("select count(*) from entries where is_raw").fetchone()
        if raw and raw[0]:
            raise UnfitFile(
                f"{raw[0]} entries show tokens that are not HMACed (log_raw=true), which must not "
                "be stored. Enable the device without log_raw and take the file away"
            )
        halves = connection.execute(
            "select id, min(side), min(moment) from entries where id is not null and side <> '' "
            "group by id having count(distinct side) = 1"
        ).fetchall()
    for request_id, side, moment in halves:
        other = opened.get(request_id)
        if other is not None and other[0] != side:
            del opened[request_id]
        elif moment is not None:
            opened[request_id] = [side, moment.replace(tzinfo=UTC).date().isoformat()]
    return []


def _sides(path: Path) -> str:
    """Per entry: request id, which half it is (KMIP's types too), time, whether a token is raw."""
    tokens = " or ".join(
        f"coalesce(json_extract_string(record, '{token}') not like '{_HMAC}' "
        f"and json_extract_string(record, '{token}') <> '', false)"
        for token in _TOKENS
    )
    side = "regexp_extract(json_extract_string(record, '/type'), '(request|response)$', 1)"
    return (
        f"select json_extract_string(record, '/request/id') as id, {side} as side, "
        f"event_time as moment, {tokens} as is_raw "
        f"from ({selects.part(selects.lines(path, ENTRIES), ENTRIES, [''])}) "
        "where record is not null"
    )


def _doubts(state: Json) -> list[Doubt]:
    by_day: dict[tuple[str, str, str], list[str]] = {}
    for log, opened in state.items():
        for request_id, (side, day) in opened.items():
            by_day.setdefault((log, day, side), []).append(request_id)
    return [
        Doubt(date.fromisoformat(day), date.fromisoformat(day), _words(log, side, sorted(ids)))
        for (log, day, side), ids in sorted(by_day.items())
    ]


def _words(log: str, side: str, ids: list[str]) -> str:
    other = "response" if side == "request" else "request"
    return f"The log '{log}' holds {len(ids)} {side}s without their {other} (first: {ids[0]})."
