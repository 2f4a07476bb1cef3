"""osquery_results: running numbers by host, query and epoch; a number that never came is a loss."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from collector import proofs
from file_source import FileSource
from muniment.sequences import merged
from muniment.sources.osquery_results import DEVICE

#: the day is proven by lines from before and after it
DAY = ("osquery_results", "2026-01-05", "2026-01-06")
START, END = "2026-01-04T23:00:00Z", "2026-01-06T01:00:00Z"


def line(at: str, counter: Any = 0, host: str = "h1", **more: Any) -> dict[str, Any]:
    moment = int(datetime.fromisoformat(at).timestamp())
    return {
        "name": "users", "hostIdentifier": host, "unixTime": moment, "epoch": 0,
        "counter": counter, "action": "added", "columns": {"uid": "1"}, **more,
    }  # fmt: skip


def body(*lines: Any) -> bytes:
    return b"".join(
        (item if isinstance(item, bytes) else json.dumps(item).encode()) + b"\n" for item in lines
    )


def source(tmp_path: Path, *lines: Any) -> FileSource:
    made = FileSource.make(tmp_path, "osquery_results")
    made.put("osqueryd.results.log", body(*lines))
    return made


def bases(made: FileSource) -> list[str]:
    return [basis for basis, *_ in proofs(made.collect(), DEVICE)]


def test_numbers_without_a_hole_prove_the_day(tmp_path: Path) -> None:
    made = source(
        tmp_path, line(START, 3), line("2026-01-05T12:00:00Z", 4), line("2026-01-05T12:00:00Z", 4),
        line(END, 5),
    )  # fmt: skip
    receipt = made.run()
    assert receipt.failure is None
    assert [(p.basis, p.first_day, p.end_day) for p in receipt.proofs] == [
        ("file_manifest", "2026-01-05", "2026-01-06")
    ]
    assert receipt.records["result"] == 4


def test_a_number_that_never_came_is_a_loss_with_its_host_and_query(tmp_path: Path) -> None:
    made = source(tmp_path, line(START, 3), line("2026-01-05T12:00:00Z", 5), line(END, 6))
    collection = made.collect()
    assert proofs(collection, DEVICE) == [("not_provable", "2026-01-05", "2026-01-06")]
    reason = str(collection.proofs[0].reason)
    assert "Results 4 to 4 of query 'users' on host 'h1' (epoch 0) never came." in reason


def test_a_lost_number_that_comes_later_heals_the_day(tmp_path: Path) -> None:
    made = source(tmp_path, line(START, 3), line("2026-01-05T12:00:00Z", 5), line(END, 6))
    made.run()
    made.put(
        "late.results.log", body(line(START, 4), line("2026-01-05T11:00:00Z", 4), line(END, 6))
    )
    assert bases(made) == ["file_manifest"]


def test_hosts_queries_and_epochs_count_for_themselves(tmp_path: Path) -> None:
    made = source(
        tmp_path, line(START, 1), line("2026-01-05T10:00:00Z", 7, host="h2"),
        line("2026-01-05T11:00:00Z", 9, name="ports"), line("2026-01-05T12:00:00Z", 0, epoch=1),
        line(END, 2),
    )  # fmt: skip
    assert bases(made) == ["file_manifest"]


def test_a_host_that_counts_anew_has_lost_nothing(tmp_path: Path) -> None:
    made = source(tmp_path, line(START, 7), line("2026-01-05T12:00:00Z", 0), line(END, 1))
    assert bases(made) == ["file_manifest"]


def test_snapshots_bear_no_number_and_texts_are_numbers(tmp_path: Path) -> None:
    snapshot = line("2026-01-05T10:00:00Z", 0, action="snapshot", snapshot=[{"a": "1"}])
    texts = line("2026-01-05T12:00:00Z", "2", epoch="0", unixTime="1767614400")
    made = source(tmp_path, line(START, 1), snapshot, texts, line(END, 3))
    receipt = made.run()
    assert [proof.basis for proof in receipt.proofs] == ["file_manifest"]
    rows = made.bronze(receipt, "stream, event_time")
    assert (("result", datetime(2026, 1, 5, 12)) in rows) is True


@pytest.mark.parametrize("odd", [b"not json", b"[1]", b'{"counter": "x"}', b'{"counter": null}'])
def test_an_odd_line_ends_nothing(tmp_path: Path, odd: bytes) -> None:
    made = source(tmp_path, line(START, 1), odd, line(END, 2))
    receipt = made.run()
    assert receipt.failure is None
    unread = sum(receipt.quarantined.values())
    assert receipt.records["result"] + unread == 3


def test_a_log_that_stopped_proves_nothing_after_it(tmp_path: Path) -> None:
    assert bases(source(tmp_path, line(START, 1))) == ["not_provable"]


def test_runs_are_joined_where_they_touch() -> None:
    runs = [[5, 6, "c", "d"], [1, 2, "a", "a"], [3, 3, "b", "b"], [2, 3, "a", "b"]]
    assert merged(runs) == [[1, 3, "a", "b"], [5, 6, "c", "d"]]
