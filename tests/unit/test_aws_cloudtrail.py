"""CloudTrail over a real S3 server: what its digests prove, and each way in which they do not."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from cloudtrail_trail import Trail, event, listed_key, private_key
from http_source import Answer, Asked, HttpSource, serving
from muniment import bronze, committing
from muniment.collecting import Window, collect
from muniment.collection import Collection
from muniment.receipts import Receipt
from muniment.settings import load
from s3_store import KEY_ID, SECRET, S3Store, s3_store

DAY = "2026-01-05"
NOW = datetime(2026, 1, 6, 6, tzinfo=UTC)
AT = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Store]:
    with s3_store() as found:
        yield found


@dataclass
class Run:
    """A trail below a prefix of its own, and the source that reads it."""

    server: S3Store
    root: Path
    keys: HttpSource
    options: dict[str, Any] = field(default_factory=dict)
    prefix: str = ""

    def __post_init__(self) -> None:
        self.prefix = f"{self.root.name}/"
        self.trail = self.a_trail()

    def a_trail(self, **more: Any) -> Trail:
        return Trail(self.server.put, self.server.bucket, self.prefix, **more)

    def collect(self, first: str = DAY, end: str = "2026-01-06", now: datetime = NOW) -> Collection:
        source = {
            "id": "trail", "kind": "aws_cloudtrail", "connection": "aws",
            "location": f"s3://{self.server.bucket}/{self.prefix}", "options": self.options,
        }  # fmt: skip
        file = self.root / "muniment.yml"
        file.write_text(
            yaml.safe_dump({"organisation": "Test", "sandbox": True, "sources": [source]})
        )
        self.settings = load(file)
        extra = {**self.server.connection.extra, "cloudtrail_endpoint_url": self.keys.url}
        connection = replace(self.server.connection, extra=extra)
        return collect(
            self.settings, self.settings.source("trail"),
            Window(date.fromisoformat(first), date.fromisoformat(end), "window"),
            clock=lambda: now, run_id="a run", role="tests", connections=lambda name: connection,
        )  # fmt: skip

    def commit(self, collection: Collection) -> Receipt:
        bronze.index(self.settings, "trail", collection.receipt_id)
        return committing.commit(self.settings, "trail", collection.receipt_id)


@pytest.fixture
def run(server: S3Store, tmp_path: Path) -> Iterator[Run]:
    def reply(asked: Asked) -> Answer:
        is_right = asked.method == "POST" and asked.headers["X-Amz-Target"].endswith(
            "CloudTrail_20131101.ListPublicKeys"
        )
        is_signed = f"Credential={KEY_ID}/" in asked.headers.get("Authorization", "")
        if not is_right or not is_signed:
            return Answer({"message": "no"}, 403)
        return Answer({"PublicKeyList": [listed_key()]})

    with serving(reply) as keys:
        yield Run(server, tmp_path, keys)


def _said(collection: Collection) -> list[tuple[str, str, str]]:
    """(basis, day, reason) of one of the streams, which all say the same."""
    assert collection.failure is None, collection.failure
    found: dict[str, list[tuple[str, str, str]]] = {}
    for proof in collection.proofs:
        found.setdefault(proof.stream, []).append(
            (proof.basis, proof.first_day, proof.reason or "")
        )
    assert len(found) == 7
    assert all(own == found["access_events.sign_in"] for own in found.values())
    return found["access_events.sign_in"]


def test_a_whole_chain_proves_the_day(run: Run) -> None:
    run.trail.deliver(DAY)
    found = run.collect()
    [(basis, day, reason)] = _said(found)
    assert (basis, day) == ("hash_chain", DAY)
    # hours: half past 23 of the day before to 01:30 of the day after
    assert "26 signed digests of 1 account-regions" in reason
    assert "25 log files" in reason
    receipt = run.commit(found)
    assert receipt.records == {
        "event": 25, "log_file": 25, "digest": 26, "public_key": 1, "listing": 1, "request": 53
    }  # fmt: skip
    assert receipt.origin.tenant == "111122223333"
    everything = b"".join(path.read_bytes() for path in run.root.rglob("*") if path.is_file())
    for planted in (SECRET, KEY_ID):
        assert planted.encode() not in everything


def _flip_log(run: Run) -> None:
    run.server.put(_log(run, 5), gzip.compress(b'{"Records": []}'))


def _flip_digest(run: Run) -> None:
    key, plain, signature = run.trail.digests[5]
    run.trail.store(key, plain.replace(b"the_trail", b"the_trial", 1), signature)


def _wrong_signature(run: Run) -> None:
    key, plain, signature = run.trail.digests[5]
    run.trail.store(key, plain, ("0" if signature[0] != "0" else "1") + signature[1:])


def _log(run: Run, number: int) -> str:
    stamp = AT + timedelta(hours=number, minutes=5)
    name = f"111122223333_CloudTrail_eu-central-1_{stamp:%Y%m%dT%H%MZ}_{0:016d}.json.gz"
    return f"{run.prefix}AWSLogs/111122223333/CloudTrail/eu-central-1/2026/01/05/{name}"


def _unlisted(run: Run) -> None:
    key = _log(run, 5).replace("_0000000000000000", "_smuggled")
    run.server.put(key, gzip.compress(b'{"Records": []}'))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_flip_log, ["2026-01-05 04:30-05:30", "is not as it was delivered: SHA-256 differs"]),
        (_flip_digest, ["04:30-05:30", "its signature does not fit", "SHA-256 differs"]),
        (_wrong_signature, ["04:30-05:30", "its signature does not fit its contents"]),
        (
            lambda run: run.trail.store(*run.trail.digests[5][:2], None),
            ["04:30-05:30", "it carries no signature"],
        ),
        (
            lambda run: run.server.put(run.trail.digests[5][0], b"\x1f\x8bdamaged"),
            ["04:30-05:30", "cannot be read: gzip"],
        ),
        (
            lambda run: run.server.delete(run.trail.digests[5][0]),
            ["04:30-05:30", "no digest, which the next one names as"],
        ),
        (
            lambda run: run.server.delete(_log(run, 5)),
            ["04:30-05:30", "is listed and absent"],
        ),
        (_unlisted, ["04:30-05:30", "no digest lists the log file", "smuggled"]),
    ],
)  # fmt: skip
def test_a_broken_chain_names_its_hour(
    run: Run, spoil: Callable[[Run], None], says: list[str]
) -> None:
    run.trail.deliver(DAY)
    spoil(run)
    [(basis, _, reason)] = _said(run.collect())
    assert basis == "not_provable"
    for words in says:
        assert words in reason
    # nothing else is said to be broken: the break's own hour alone
    assert "05:30-06:30" not in reason
    assert "03:30-04:30" not in reason


def test_a_chain_that_starts_again_is_named(run: Run) -> None:
    run.trail.deliver(DAY, hours=6)
    for hour in range(9, 26):
        start = AT + timedelta(minutes=60 * hour - 30)
        run.trail.digest(start, start + timedelta(hours=1), is_first=hour == 9)
    [(basis, _, reason)] = _said(run.collect())
    assert basis == "not_provable"
    assert "2026-01-05 05:30-08:30 111122223333/eu-central-1: the chain starts again" in reason


def test_a_trail_that_vanishes_with_its_digests_is_missed(run: Run) -> None:
    """Another trail's whole chain says nothing of what the first one would have logged."""
    other = run.a_trail(name="management")
    run.trail.deliver("2026-01-03", hours=50)
    other.deliver("2026-01-03", hours=24)
    run.commit(run.collect("2026-01-03", "2026-01-04", datetime(2026, 1, 4, 6, tzinfo=UTC)))
    for _ in range(2):  # asked again, it is still missed
        found = run.collect("2026-01-04", "2026-01-05", datetime(2026, 1, 5, 8, tzinfo=UTC))
        [(basis, _, reason)] = _said(found)
        assert basis == "not_provable"
        assert "no digest of the trail management" in reason
        run.commit(found)
    run.options = {"trails": ["the_trail"]}
    found = run.collect("2026-01-04", "2026-01-05", datetime(2026, 1, 5, 8, tzinfo=UTC))
    assert _said(found)[0][0] == "hash_chain"


def test_a_named_trail_without_a_digest_proves_nothing(run: Run) -> None:
    run.options = {"trails": ["the_trail", "other"]}
    run.trail.deliver(DAY)
    [(basis, _, reason)] = _said(run.collect())
    assert basis == "not_provable"
    assert "no digest of the trail other" in reason


def test_a_key_that_the_region_does_not_list(run: Run) -> None:
    run.trail.key = 1
    run.trail.deliver(DAY, hours=26)
    [(basis, _, reason)] = _said(run.collect())
    assert basis == "not_provable"
    assert "its region lists no public key" in reason
    assert "and 21 more" in reason


def test_without_digests_nothing_is_proven(run: Run) -> None:
    run.trail.log(AT + timedelta(hours=3), [event("one", AT)])
    found = run.collect()
    [(basis, _, reason)] = _said(found)
    assert basis == "not_provable"
    assert "no digest: log file validation is off" in reason
    assert not found.proofs[0].is_final  # 6 h after the day
    later = run.collect(now=NOW + timedelta(days=3))
    assert later.proofs[0].is_final
    assert run.commit(found).records["event"] == 1


def test_a_digest_may_still_come(run: Run) -> None:
    run.trail.deliver(DAY, hours=24)  # to 23:30
    [(basis, _, reason)] = _said(run.collect(now=datetime(2026, 1, 6, 1, tzinfo=UTC)))
    assert basis == "not_provable"
    assert reason.startswith("The digests do not reach the day's end yet: 2026-01-05 23:30")
    run.trail.deliver("2026-01-06", hours=0)
    for hour in (24, 25):
        start = AT + timedelta(minutes=60 * hour - 30)
        run.trail.digest(start, start + timedelta(hours=1))
    [(basis, _, reason)] = _said(run.collect())
    assert basis == "hash_chain"


def test_a_break_spoils_its_own_day_alone(run: Run) -> None:
    run.trail.deliver(DAY, hours=74)
    run.server.delete(run.trail.digests[30][0])  # 05:30-06:30 of the second day
    found = _said(run.collect(end="2026-01-08", now=NOW + timedelta(days=2)))
    assert [(basis, day) for basis, day, _ in found] == [
        ("hash_chain", "2026-01-05"), ("not_provable", "2026-01-06"), ("hash_chain", "2026-01-07")
    ]  # fmt: skip
    assert "2026-01-06 05:30-06:30" in found[1][2]


def test_declared_accounts_and_regions_are_expected(run: Run) -> None:
    run.trail.deliver(DAY)
    run.a_trail(account="444455556666", region="us-east-1").deliver(DAY)
    run.options = {"accounts": ["111122223333", "777788889999"], "regions": ["eu-central-1"]}
    found = run.collect()
    [(basis, _, reason)] = _said(found)
    assert basis == "not_provable"
    assert "777788889999/eu-central-1: no such folder in the bucket" in reason
    assert "111122223333" not in reason
    assert any("accounts that options.accounts does not declare" in w and "444455556666" in w
               for w in found.warnings)  # fmt: skip
    assert run.commit(found).records["event"] == 50  # what was not declared is kept too
    run.options = {"accounts": ["111122223333"]}
    [(basis, _, _)] = _said(run.collect())
    assert basis == "hash_chain"


def test_an_organisation_and_many_pages(run: Run) -> None:
    run.trail.folder = "o-abcdefghij/111122223333"
    run.trail.deliver(DAY)
    folder = f"{run.prefix}AWSLogs/o-abcdefghij/111122223333/CloudTrail/eu-central-1/2026/01/05"
    for number in range(1005):  # a listing gives 1,000 at once
        run.server.put(f"{folder}/not-a-log-{number}", b"{}")
    found = run.collect()
    [(basis, _, _)] = _said(found)
    assert basis == "hash_chain"
    assert found.origin is not None
    assert found.origin.tenant == "o-abcdefghij"
    assert any("1005 files have no name that CloudTrail gives" in w for w in found.warnings)


def test_no_layout_and_refused_keys(run: Run) -> None:
    run.server.put(f"{run.prefix}other.txt", b"")
    failed = run.collect()
    assert failed.failure is not None
    assert "there is no folder AWSLogs" in failed.failure.reason
    run.trail.deliver(DAY)
    run.keys.reply = lambda asked: Answer({"message": "not authorised"}, 403)
    found = run.collect(now=NOW + timedelta(days=9))
    [(basis, _, reason)] = _said(found)
    assert basis == "not_provable"
    assert "the public keys could not be had" in reason
    assert not found.proofs[0].is_final


def test_a_folder_carries_no_signatures(tmp_path: Path) -> None:
    def put(key: str, body: bytes, metadata: dict[str, str]) -> None:
        path = tmp_path / "drop" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    Trail(put).deliver(DAY)
    file = tmp_path / "muniment.yml"
    source = {"id": "trail", "kind": "aws_cloudtrail", "location": "drop"}
    file.write_text(yaml.safe_dump({"organisation": "Test", "sources": [source]}))
    settings = load(file)
    found = collect(
        settings, settings.source("trail"),
        Window(date(2026, 1, 5), date(2026, 1, 6), "window"), clock=lambda: NOW, run_id="a run",
        role="tests", connections=lambda name: pytest.fail("no connection is named"),
    )  # fmt: skip
    [(basis, _, reason)] = _said(found)
    assert basis == "not_provable"
    assert "carries no signatures" in reason


def test_keys_of_the_test_are_real() -> None:
    assert private_key(0).key_size == 2048
    assert listed_key(0) != listed_key(1)
