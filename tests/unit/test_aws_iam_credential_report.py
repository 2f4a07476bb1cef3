"""IAM's credential report over real HTTP: what it proves, and when it shows another day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector
from http_source import TOKEN, Answer, HttpSource, serving
from iam_report import Iam, row
from muniment.collection import Collection
from s3_store import s3_store

NOW = "2026-01-16T02:00:00Z"


@pytest.fixture
def source() -> Iterator[HttpSource]:
    with serving() as found:
        yield found


def _collector(folder: Path, source: HttpSource, iam: Iam, **options: Any) -> Collector:
    source.reply = iam.reply
    return collector(folder, source, "aws_iam_credential_report", options, login="AKIAPLANTED")


def _collect(found: Collector, now: str = NOW, finished: str = "") -> Collection:
    return found.collect("2026-01-16", "2026-01-17", now, "snapshot", finished)


def _said(collection: Collection) -> set[tuple[str, str, int | None]]:
    assert collection.failure is None, collection.failure
    assert len(collection.proofs) == 3
    return {(proof.basis, proof.reason or "", proof.expected) for proof in collection.proofs}


def test_a_report_is_counted_against_the_account(tmp_path: Path, source: HttpSource) -> None:
    found = _collector(tmp_path, source, Iam(states=["STARTED", "COMPLETE"]), max_wait_s=5)
    collection = _collect(found)
    [(basis, reason, expected)] = _said(collection)
    assert (basis, expected) == ("total_count", 3)
    assert "made at 2026-01-16 01:30Z with 3 rows; the account counts 2 users" in reason
    receipt = found.commit(collection)
    assert receipt.records["account"] == 3
    assert receipt.quarantined == {}
    assert receipt.origin.tenant == "111122223333"
    [request] = [r for r in found.kept(collection, "requests") if r["shape"] == "report"]
    assert request["context"] == {"generated_at": "2026-01-16T01:30:00.000000Z"}
    for asked in source.asked:
        assert asked.method == "GET"
        assert "Credential=AKIAPLANTED/" in asked.headers["Authorization"]
        assert "/us-east-1/iam/aws4_request" in asked.headers["Authorization"]
    assert TOKEN.encode() not in found.everything()


def test_yesterdays_report_is_no_snapshot_of_today(tmp_path: Path, source: HttpSource) -> None:
    found = _collector(tmp_path, source, Iam(generated_at="2026-01-15T23:10:00+00:00"))
    [(basis, reason, _)] = _said(_collect(found))
    assert basis == "not_provable"
    assert "shows that day, not 2026-01-16" in reason
    assert "Collect again after 03:10Z" in reason


def test_a_user_who_is_not_in_the_report_is_missed(tmp_path: Path, source: HttpSource) -> None:
    found = _collector(tmp_path, source, Iam(users=7))
    collection = _collect(found)
    assert {proof.expected for proof in collection.proofs} == {8}
    assert found.commit(collection).records["account"] == 3  # the ledger tells 8 from 3


@pytest.mark.parametrize(("status", "code"), [(404, "ReportInProgress"), (410, "ReportExpired")])
def test_a_report_that_is_not_there_yet_is_asked_for_again(
    tmp_path: Path, source: HttpSource, status: int, code: str
) -> None:
    found = _collector(tmp_path, source, Iam(missing=(status, code)), max_wait_s=5)
    assert {basis for basis, _, _ in _said(_collect(found))} == {"total_count"}


def test_a_report_that_is_never_made(tmp_path: Path, source: HttpSource) -> None:
    found = _collector(tmp_path, source, Iam(states=["INPROGRESS"]), max_wait_s=3)
    failure = _collect(found).failure
    assert failure is not None
    assert failure.is_transient
    assert "not made in time (last state: INPROGRESS)" in failure.reason


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>nothing", "the XML is cut short or broken"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "expected XML without document type"),
        (b"<a/>", "names no State"),
    ],
)
def test_what_is_no_answer_of_iam(
    tmp_path: Path, source: HttpSource, body: bytes, says: str
) -> None:
    found = _collector(tmp_path, source, Iam())
    source.reply = lambda asked: Answer(body, media_type="text/xml")
    failure = _collect(found).failure
    assert failure is not None
    assert says in failure.reason


def test_a_row_cut_short_is_quarantined(tmp_path: Path, source: HttpSource) -> None:
    iam = Iam()
    iam.items.append({"user": 'd"y', "arn": "x"})
    found = _collector(tmp_path, source, iam)
    receipt = found.commit(_collect(found))
    assert receipt.records.get("account", 0) + receipt.quarantined.get("account", 0) == 4


def test_over_a_real_implementation_of_iam(tmp_path: Path) -> None:
    """moto's: always of 2015, and without the root's row, which the account's count misses."""
    with s3_store() as server:
        for name in ("bo", "cy"):
            server.client("iam").create_user(UserName=name)
        found = _collector(tmp_path, HttpSource(), Iam())
        source = found.source
        source.connection = lambda *_: server.connection  # type: ignore[method-assign]
        moment = datetime(2015, 2, 2, 21, tzinfo=UTC)
        collection = found.collect("2015-02-02", "2015-02-03", moment, "snapshot")
        [(basis, reason, expected)] = _said(collection)
        assert (basis, expected) == ("total_count", 3)
        assert "made at 2015-02-02 20:02Z with 2 rows; the account counts 2 users" in reason
        assert found.commit(collection).records["account"] == 2


def test_rows_of_the_contract() -> None:
    assert row("bo")["access_key_1_active"] == "N/A"
