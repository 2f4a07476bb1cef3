"""cisa_kev: the feed whole, its own count, and what is said where either is in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from http_source import Answer, HttpSource, serving
from muniment import ledger
from muniment.sources.cisa_kev import FEED
from muniment.verdicts import Verdict

DAY = ("2026-01-06", "2026-01-07", "2026-01-06T02:00:00Z")


@pytest.fixture
def feed() -> Iterator[HttpSource]:
    with serving() as source:
        yield source


def entry(number: int, added: str = "2026-01-02") -> dict[str, Any]:
    return {
        "cveID": f"CVE-2025-{number}", "vendorProject": "Example", "product": "Server",
        "vulnerabilityName": "Example Server Weakness", "dateAdded": added,
        "shortDescription": "…", "requiredAction": "Apply mitigations.", "dueDate": "2026-01-23",
        "knownRansomwareCampaignUse": "Unknown", "notes": "", "cwes": ["CWE-79"],
    }  # fmt: skip


def catalogue(*entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "title": "CISA Catalog of Known Exploited Vulnerabilities", "catalogVersion": "2026.01.05",
        "dateReleased": "2026-01-05T15:00:01.4213Z", "count": len(entries),
        "vulnerabilities": list(entries), **changes,
    }  # fmt: skip


def asked(feed: HttpSource, folder: Path, answer: Answer, **options: Any) -> Collector:
    feed.reply = lambda _: answer
    return collector(folder, feed, "cisa_kev", options)


def judged(run: Collector) -> Verdict:
    """The verdict of the day."""
    day, now = date(2026, 1, 6), datetime(2026, 1, 6, 3, tzinfo=UTC)
    (verdict,) = [v for v in ledger.assess(run.settings, day, now) if v.day == day]
    return verdict


def test_the_whole_catalogue_is_kept_and_counted(feed: HttpSource, tmp_path: Path) -> None:
    run = asked(feed, tmp_path, Answer(catalogue(entry(1), entry(2))))
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    assert feed.paths() == [FEED]
    assert proofs(result, "kev") == [("total_count", "2026-01-06", "2026-01-07")]
    assert result.proofs[0].expected == 2
    receipt = run.commit(result)
    assert receipt.records == {"vulnerability": 2, "catalogue": 1, "request": 1}
    assert receipt.warnings == []
    verdict = judged(run)
    assert (verdict.verdict, verdict.grade) == ("COMPLETE", "proven")


def test_the_feed_is_public_and_no_credential_is_sent(feed: HttpSource, tmp_path: Path) -> None:
    run = asked(feed, tmp_path, Answer(catalogue(entry(1))))
    public = replace(feed.connection(), secret="")
    feed.connection = lambda *_: public  # type: ignore[method-assign]
    assert run.collect(*DAY, mode="snapshot").failure is None
    assert "Authorization" not in feed.asked[0].headers


def test_fewer_entries_than_it_counts_are_a_gap(feed: HttpSource, tmp_path: Path) -> None:
    run = asked(feed, tmp_path, Answer(catalogue(entry(1), count=2)))
    run.commit(run.collect(*DAY, mode="snapshot"))
    verdict = judged(run)
    assert verdict.verdict == "GAP"
    assert "The source counts 2 records, 1 were received." in verdict.reason


def test_an_entry_that_is_there_twice_is_said(feed: HttpSource, tmp_path: Path) -> None:
    run = asked(feed, tmp_path, Answer(catalogue(entry(1), entry(1))))
    assert run.collect(*DAY, mode="snapshot").warnings == [
        "1 entries of the catalogue are there twice."
    ]


def test_an_empty_catalogue_proves_nothing(feed: HttpSource, tmp_path: Path) -> None:
    run = asked(feed, tmp_path, Answer(catalogue()))
    result = run.collect(*DAY, mode="snapshot")
    assert proofs(result, "kev") == [("not_provable", "2026-01-06", "2026-01-07")]


@pytest.mark.parametrize(
    ("released", "said"),
    [
        ("2025-12-01T12:00:00Z", "released on 2025-12-01, 35 days ago"),
        ("2025-12-01", "released on 2025-12-01, 36 days ago"),
        ("lately", "does not say when it was released"),
        (None, "does not say when it was released"),
    ],
)
def test_an_old_or_undated_release_is_warned_of(
    feed: HttpSource, tmp_path: Path, released: str | None, said: str
) -> None:
    run = asked(feed, tmp_path, Answer(catalogue(entry(1), dateReleased=released)))
    result = run.collect(*DAY, mode="snapshot")
    assert result.failure is None
    (warning,) = result.warnings
    assert said in warning


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Access Denied</html>", b'{"title": "x", "vulner', {"message": "moved"}, [],
        {"count": "2", "vulnerabilities": []}, {"count": 0, "vulnerabilities": {}},
    ],
)  # fmt: skip
def test_what_is_no_catalogue_fails_with_what_came(
    feed: HttpSource, tmp_path: Path, body: Any
) -> None:
    result = asked(feed, tmp_path, Answer(body)).collect(*DAY, mode="snapshot")
    assert result.failure is not None
    assert FEED in result.failure.reason
    assert "expected" in result.failure.reason or "cut short" in result.failure.reason
    assert proofs(result, "kev") == []


def test_a_mirror_has_a_path_of_its_own(feed: HttpSource, tmp_path: Path) -> None:
    path = "/cisagov/kev-data/develop/known_exploited_vulnerabilities.json"
    run = asked(feed, tmp_path, Answer(catalogue(entry(1))), path=path)
    assert run.collect(*DAY, mode="snapshot").failure is None
    assert feed.paths() == [path]


def test_midnight_in_between_shows_no_single_day(feed: HttpSource, tmp_path: Path) -> None:
    run = asked(feed, tmp_path, Answer(catalogue(entry(1))))
    day = ("2026-01-06", "2026-01-07", "2026-01-06T23:59:59Z")
    result = run.collect(*day, mode="snapshot", finished="2026-01-07T00:00:01Z")
    assert proofs(result, "kev") == [("not_provable", "2026-01-06", "2026-01-07")]
