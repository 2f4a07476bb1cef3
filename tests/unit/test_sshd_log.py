"""sshd_log: times without year or zone, journald's numbers, and what a log says it left out."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from file_source import FileSource
from log_source import doubt, json_lines, put, records, stated
from muniment.errors import UsageError

TEXT = "sshd[7]: Accepted publickey for bo from 192.0.2.1 port 50 ssh2: ED25519 SHA256:x"


def syslog(*times: str) -> bytes:
    return "".join(f"{at} h1 {TEXT}\n" for at in times).encode()


DAY = ("Jan  4 23:00:00", "Jan  5 12:00:00", "Jan  6 00:59:00")


def entry(number: int, at_us: int, message: str = TEXT, **more: Any) -> dict[str, Any]:
    return {
        "__CURSOR": f"c{number}", "__SEQNUM": str(number), "__SEQNUM_ID": "b1",
        "__REALTIME_TIMESTAMP": str(at_us), "MESSAGE": message, "SYSLOG_IDENTIFIER": "sshd",
        "_HOSTNAME": "h1", **more,
    }  # fmt: skip


#: 2026-01-04T23:00:00Z in microseconds; an entry each hour for 27 hours
START, HOUR = 1767567600_000000, 3600_000000
JOURNAL = [entry(n + 1, START + n * HOUR) for n in range(27)]


@pytest.mark.parametrize(
    ("line", "modified", "zone", "utc", "basis"),
    [
        ("Jan  5 12:00:00", "2026-01-06T01:00:00Z", "UTC", "2026-01-05 12:00:00", "inferred"),
        ("Dec 31 23:30:00", "2026-01-01T00:10:00Z", "UTC", "2025-12-31 23:30:00", "inferred"),
        ("Jan  1 00:30:00", "2025-12-31T23:00:00Z", "Europe/Riga", "2025-12-31 22:30:00",
         "inferred"),
        ("Feb 29 10:00:00", "2026-01-06T01:00:00Z", "UTC", "2024-02-29 10:00:00", "inferred"),
        ("Feb 30 10:00:00", "2026-01-06T01:00:00Z", "UTC", None, "undated"),
        ("Jan  5 12:00:00", "2026-01-06T01:00:00Z", None, None, "undated"),
        ("2026-01-05T12:00:00.5+02:00", "2026-01-06T01:00:00Z", None, "2026-01-05 10:00:00.5",
         "stated"),
        ("<38>1 2026-01-05T12:00:00Z", "2026-01-06T01:00:00Z", None, "2026-01-05 12:00:00",
         "stated"),
        ("yesterday", "2026-01-06T01:00:00Z", "UTC", None, "undated"),
    ],
)  # fmt: skip
def test_a_line_is_dated_as_well_as_it_can_be_and_says_how(
    tmp_path: Path, line: str, modified: str, zone: str | None, utc: str | None, basis: str
) -> None:
    source = FileSource.make(tmp_path, "sshd_log", timezone=zone)
    put(source, "auth.log", f"{line} h1 {TEXT}\n".encode(), at=modified)
    collection = source.collect()
    source.commit(collection)
    rows = source.bronze(collection, "stream, event_time::varchar")
    assert [at for stream, at in rows if stream == "message"] == [utc]
    [record] = records(source, collection, "message")
    assert (record["time_basis"], record["line"]) == (basis, f"{line} h1 {TEXT}")
    assert [r["count"] for r in collection.reductions] == [1] * (basis == "inferred")


def test_bytes_that_are_no_text_are_kept_beside_it(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "sshd_log", timezone="UTC")
    put(source, "auth.log", b"Jan  5 12:00:00 h1 sshd[1]: Invalid user \xff\xfe from 192.0.2.1\n")
    collection = source.collect()
    assert source.commit(collection).quarantined == {}
    [record] = records(source, collection, "message")
    assert "\ufffd" in record["line"]
    assert base64.b64decode(record["bytes_base64"]).endswith(b"\xff\xfe from 192.0.2.1")


def test_lines_before_and_after_prove_the_day(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "sshd_log", timezone="UTC")
    put(source, "h1/auth.log", syslog(*DAY))
    assert stated(source.collect()) == [("file_manifest", None, "2026-01-05", "2026-01-06")]


@pytest.mark.parametrize(
    "said",
    [
        "rsyslogd: imuxsock lost 123 messages from pid 7 due to rate-limiting",
        "rsyslogd[9]: imuxsock begins to drop messages from pid 7 due to rate-limiting",
        "systemd-journald[3]: Suppressed 45 messages from ssh.service",
    ],
)
def test_what_a_log_says_it_left_out_leaves_the_day_unproven(tmp_path: Path, said: str) -> None:
    source = FileSource.make(tmp_path, "sshd_log", timezone="UTC")
    put(
        source,
        "auth.log",
        syslog(*DAY[:2]) + f"Jan  5 13:00:00 h1 {said}\n".encode() + syslog(DAY[2]),
    )
    assert "messages were left out" in doubt(source.collect())


def test_a_user_name_cannot_claim_that_messages_were_lost(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "sshd_log", timezone="UTC")
    spoof = (
        "Jan  5 13:00:00 h1 sshd[1]: Invalid user rsyslogd:suppressed 9 messages from 192.0.2.1\n"
    )
    put(source, "auth.log", syslog(*DAY[:2]) + spoof.encode() + syslog(DAY[2]))
    assert stated(source.collect())[0][0] == "file_manifest"


def test_unbroken_numbers_of_a_whole_journal_prove_even_a_long_silence(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "sshd_log", is_whole_journal=True, quiet_h=2)
    quiet = [JOURNAL[0], *(entry(n, START + 26 * HOUR) for n in range(2, 5))]
    put(source, "h1/journal.json", json_lines(*quiet))
    assert stated(source.collect()) == [("sequence", None, "2026-01-05", "2026-01-06")]


def test_a_hole_in_a_journals_numbers_is_named_and_heals(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "sshd_log", is_whole_journal=True)
    put(source, "h1/journal-20260105.json", json_lines(*JOURNAL[:10], *JOURNAL[12:]))
    first = source.collect()
    assert doubt(first) == (
        "In the log 'h1/journal.json' entries 11 to 12 of its journal are missing."
    )
    source.commit(first)
    put(source, "h1/journal-20260106.json", json_lines(*JOURNAL[10:12]))
    second = source.collect("2026-01-06T03:00:00Z")
    assert stated(second)[0][0] == "sequence"
    assert source.commit(second).records["message"] == 2


def test_numbers_are_no_proof_where_a_log_bears_none(tmp_path: Path) -> None:
    source = FileSource.make(tmp_path, "sshd_log", is_whole_journal=True, timezone="UTC")
    put(source, "h1/journal.json", json_lines(*JOURNAL))
    put(source, "h2/auth.log", syslog(*DAY))
    assert stated(source.collect())[0][0] == "file_manifest"


def test_a_time_zone_that_does_not_exist_is_refused_at_the_door(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no time zone is called 'Riga'"):
        FileSource.make(tmp_path, "sshd_log", timezone="Riga")
