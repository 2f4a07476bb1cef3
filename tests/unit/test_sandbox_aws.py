"""The simulated AWS account, asked by the real connectors: they find what the scenario says."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from muniment import bronze, checking, committing, connections, discovery
from muniment.collecting import Mode, Window, collect
from muniment.collection import Collection
from muniment.locker import Locker
from muniment.sandbox.scenario import scenario
from muniment.sandbox.server import Sandbox, serve
from muniment.settings import Settings, load

SEED = 7
KINDS = ("aws_cloudtrail", "aws_iam_credential_report", "aws_config_inventory")


@dataclass
class Company:
    sandbox: Sandbox
    settings: Settings
    uris: dict[str, str]

    def collect(self, kind: str, first: date, end: date, mode: Mode = "window") -> Collection:
        now = self.sandbox.clock
        uri = self.uris["AIRFLOW_CONN_AWS"]
        found = collect(
            self.settings, self.settings.source(kind), Window(first, end, mode),
            clock=lambda: now, run_id="a run", role="tests",
            connections=lambda name: connections.parse(name, uri),
        )  # fmt: skip
        assert found.failure is None, found.failure
        return found


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    root = tmp_path_factory.mktemp("aws")
    with serve(SEED, root / "sandbox") as sandbox:
        uris = sandbox.write_config(root / "muniment.yml", only=KINDS)
        yield Company(sandbox, load(root / "muniment.yml"), uris)


@pytest.fixture(scope="module")
def planted() -> list[dict[str, Any]]:
    return [gap for gap in scenario(SEED)["gaps"] if gap["source_kind"] in KINDS]


def _said(found: Collection, stream: str) -> dict[str, tuple[str, str]]:
    """day -> (basis, reason)."""
    return {
        proof.first_day: (proof.basis, proof.reason or "")
        for proof in found.proofs
        if proof.stream == stream
    }


def _night_after(company: Company, day: date) -> date:
    company.sandbox.set_clock(datetime.fromisoformat(f"{day + timedelta(days=1)}T02:00:00+00:00"))
    return day + timedelta(days=1)


def test_a_month_of_cloudtrail_breaks_where_it_was_planted(
    company: Company, planted: list[dict[str, Any]]
) -> None:
    first, end = date(2026, 1, 1), date(2026, 2, 1)
    _night_after(company, date(2026, 1, 31))
    found = company.collect("aws_cloudtrail", first, end)
    said = _said(found, "access_events.sign_in")
    lasting = {
        gap["day"]: gap["description"]
        for gap in planted
        if gap["source_kind"] == "aws_cloudtrail" and gap["heals_on"] is None
        and gap["day"] < end.isoformat()
    }  # fmt: skip
    assert len(said) == 31
    assert {day for day, (basis, _) in said.items() if basis != "hash_chain"} == set(lasting)
    for day, description in lasting.items():
        words = {
            "The digest of": "03:31-04:31", "A log file": "SHA-256 differs",
            "The chain": "the chain starts again at 12:31",
        }  # fmt: skip
        (expected,) = [text for begin, text in words.items() if description.startswith(begin)]
        assert expected in said[day][1]
    bronze.index(company.settings, "aws_cloudtrail", found.receipt_id)
    receipt = committing.commit(company.settings, "aws_cloudtrail", found.receipt_id)
    assert receipt.quarantined == {}
    assert receipt.records["event"] > 300


def test_a_late_digest_is_waited_for(company: Company, planted: list[dict[str, Any]]) -> None:
    late = next(gap for gap in planted if gap["heals_on"] is not None)
    day = date.fromisoformat(late["day"])
    found = company.collect("aws_cloudtrail", day, _night_after(company, day))
    [(basis, _)] = _said(found, "access_events.sign_in").values()
    assert basis == "not_provable"
    assert not found.proofs[0].is_final
    _night_after(company, date.fromisoformat(late["heals_on"]))
    again = company.collect("aws_cloudtrail", day, day + timedelta(days=1))
    assert _said(again, "access_events.sign_in")[late["day"]][0] == "hash_chain"


def test_an_ordinary_day_is_proven_by_its_own_run(company: Company) -> None:
    day = date(2026, 1, 7)
    found = company.collect("aws_cloudtrail", day, _night_after(company, day))
    [(basis, reason)] = _said(found, "access_events.sign_in").values()
    assert basis == "hash_chain", reason


def test_the_report_shows_its_own_day(company: Company, planted: list[dict[str, Any]]) -> None:
    stale = {gap["day"] for gap in planted if gap["source_kind"] == "aws_iam_credential_report"}
    day = date.fromisoformat(min(stale))
    for snapshot, expected in (
        (day, "not_provable"), (day + timedelta(days=1), "total_count"),
    ):  # fmt: skip
        _night_after(company, snapshot - timedelta(days=1))
        found = company.collect(
            "aws_iam_credential_report", snapshot, snapshot + timedelta(days=1), "snapshot"
        )
        [(basis, _)] = _said(found, "identities.credential").values()
        assert basis == expected
        source = "aws_iam_credential_report"
        bronze.index(company.settings, source, found.receipt_id)
        receipt = committing.commit(company.settings, source, found.receipt_id)
        assert receipt.records["account"] == found.proofs[0].expected


def test_a_snapshot_of_each_day_is_there_but_of_one(
    company: Company, planted: list[dict[str, Any]]
) -> None:
    gaps = (gap for gap in planted if gap["source_kind"] == "aws_config_inventory")
    lost = date.fromisoformat(min(gap["day"] for gap in gaps))
    _night_after(company, lost + timedelta(days=1))
    for day, basis in ((lost, "not_provable"), (lost + timedelta(days=1), "file_manifest")):
        found = company.collect("aws_config_inventory", day, day + timedelta(days=1))
        ((said, reason),) = _said(found, "assets.inventory").values()
        assert said == basis, reason
        source = "aws_config_inventory"
        bronze.index(company.settings, source, found.receipt_id)
        receipt = committing.commit(company.settings, source, found.receipt_id)
        assert receipt.quarantined == {}
        assert bool(receipt.records.get("item")) == (basis == "file_manifest")


def test_a_bucket_lets_the_public_in_on_the_day_that_was_planted(company: Company) -> None:
    contents = scenario(SEED)["contents"]
    opened = [item for item in contents if item["source_kind"] == "aws_config_inventory"]
    day = date.fromisoformat(opened[0]["first_day"])
    _night_after(company, day)
    found = company.collect("aws_config_inventory", day, day + timedelta(days=1))
    (body,) = [
        gzip.decompress(Locker(company.settings.home).read(item.sha256))
        for item in found.objects
        if item.shape == "snapshot"
    ]
    shown = {item["ARN"]: item for item in json.loads(body)["configurationItems"]}
    setting = shown[opened[0]["native_id"]]["supplementaryConfiguration"]
    assert not any(setting["PublicAccessBlockConfiguration"].values())


def test_a_check_looks_at_folders_and_keys_alone(company: Company) -> None:
    uri = company.uris["AIRFLOW_CONN_AWS"]
    clock = company.sandbox.clock
    found = {
        item.source_id: item
        for item in checking.check(
            company.settings, lambda: clock, lambda name: connections.parse(name, uri), "tests"
        )
    }
    trail = found["aws_cloudtrail"]
    assert (trail.failure, trail.seen, trail.warnings) == (None, "1 regions of 1 accounts", ())
    assert found["aws_iam_credential_report"].failure is None


def test_a_key_is_recognised_as_aws(company: Company) -> None:
    uri = company.uris["AIRFLOW_CONN_AWS"]
    clock = company.sandbox.clock
    found = list(discovery.look(["aws"], lambda: clock, lambda name: connections.parse(name, uri)))
    assert [str(item) for item in found] == [
        "aws: aws_iam_credential_report: would be read in full"
    ]
