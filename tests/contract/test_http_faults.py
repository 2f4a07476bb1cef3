"""Every kind that is asked over HTTP meets every fault of a vendor's API in the same way.

A passing fault leaves no trace but its requests; a lasting one is a failure in words, a GAP in the
ledger's claims, and never anything better. `http_kinds` says how a kind takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from collector import Collector, collector
from http_kinds import DAY, END, NOW, HttpKind, kinds
from http_source import TOKEN, Answer, Asked, HttpSource, serving
from muniment.claims import Claim, claims, feeds
from muniment.collection import Collection
from muniment.receipts import Receipt
from muniment.sources import discover

ENTRIES = kinds()
PAGED = [entry for entry in ENTRIES.values() if entry.paging is not None]
ADDRESSED = [entry for entry in PAGED if entry.paging and entry.paging.has_address]
LATE = [entry for entry in ENTRIES.values() if entry.late is not None]
HTML = Answer(b"<!doctype html><title>Sign in</title>", media_type="text/html")
Fault = Callable[[Answer], Answer]


def every(entries: list[HttpKind]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("entry", entries, ids=lambda entry: entry.kind)


@pytest.fixture
def source() -> Iterator[HttpSource]:
    with serving() as server:
        yield server


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr("muniment.retries.time.sleep", found.append)
    return found


@dataclass
class Trial:
    """One kind in a home of its own, asking a sound vendor of whom some answers are spoiled."""

    entry: HttpKind
    source: HttpSource
    run: Collector
    spoil: Fault | None = None
    hits: set[int] | None = None
    lists: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.vendor = self.entry.start(self.source)
        self.source.reply = self._reply

    def _reply(self, asked: Asked) -> Answer:
        answer = self.vendor.reply(asked)
        if not self.entry.is_list(asked):
            return answer
        self.lists.append(asked)
        is_hit = self.hits is None or len(self.lists) in self.hits
        return self.spoil(answer) if self.spoil and is_hit else answer

    def collect(self, now: str = NOW) -> Collection:
        window = (now[:10], _day_after(now)) if self.entry.mode == "snapshot" else (DAY, END)
        return self.run.collect(*window, now, mode=self.entry.mode)

    def claims(self, receipt: Receipt) -> list[Claim]:
        """What the receipt says of the list's stream, with nothing else known."""
        spec = discover()[self.entry.kind].spec
        (feed,) = feeds(spec, [self.entry.stream], is_sandbox=True)
        return claims(receipt, feed, is_restarted=False, shortfalls=[], unread={})

    def judge(self, collection: Collection) -> set[str]:
        """The verdicts on the list's stream."""
        assert TOKEN.encode() not in self.run.everything()
        return {claim.verdict for claim in self.claims(self.run.commit(collection))}


def _day_after(now: str) -> str:
    return f"{now[:8]}{int(now[8:10]) + 1:02}"


def trial(
    entry: HttpKind, source: HttpSource, folder: Path, spoil: Fault | None = None,
    hits: set[int] | None = None,
) -> Trial:  # fmt: skip
    folder.mkdir()
    run = collector(folder, source, entry.kind, entry.options, login=entry.login)
    return Trial(entry, source, run, spoil, hits)


def bodies(collection: Collection) -> list[tuple[str, str]]:
    return [(one.shape, one.sha256) for one in collection.objects if one.shape != "requests"]


def test_every_kind_that_is_asked_over_http_takes_part() -> None:
    asked = {name for name, one in discover().items() if one.spec.needs == "connection"}
    assert asked - set(ENTRIES) == set(), (
        "add an entry to tests/conversations/<system>.py for each of these"
    )


@every(list(ENTRIES.values()))
def test_a_sound_conversation_is_whole_and_proven(
    entry: HttpKind, source: HttpSource, tmp_path: Path
) -> None:
    sound = trial(entry, source, tmp_path / "a")
    result = sound.collect()
    assert result.failure is None
    found = {proof.basis for proof in result.proofs if proof.stream == entry.stream}
    assert found == {entry.basis}
    assert sound.judge(result) == ({"NOT_PROVABLE"} if entry.basis == "not_provable" else {"OPEN"})
    if entry.paging is not None:
        assert len(sound.lists) >= 2
    assert {asked.method for asked in source.asked} <= {"GET", entry.method}


PASSING: dict[str, tuple[Fault, list[float]]] = {
    "429 with Retry-After": (lambda a: Answer({}, 429, [("Retry-After", "3")]), [3.0]),
    "429 without": (lambda a: Answer({}, 429), [0.5]),
    "500": (lambda a: Answer({}, 500), [0.5]),
    "503 with Retry-After": (lambda a: Answer({}, 503, [("Retry-After", "7")]), [7.0]),
    "dropped body": (lambda a: replace(a, cut_at=len(a.raw) // 2), [0.5]),
}


@pytest.mark.parametrize("fault", PASSING)
@every(list(ENTRIES.values()))
def test_a_passing_fault_changes_nothing(
    entry: HttpKind, source: HttpSource, tmp_path: Path, waits: list[float], fault: str
) -> None:
    spoil, pauses = PASSING[fault]
    sound = bodies(trial(entry, source, tmp_path / "sound").collect())
    faulty = trial(entry, source, tmp_path / "faulty", spoil, hits={1})
    result = faulty.collect()
    assert result.failure is None
    assert bodies(result) == sound
    assert waits == pauses


def _stranger(url: str) -> Fault:
    return lambda a: Answer(status=302, headers=[("Location", f"{url}/x")])


def _refusal(status: int) -> Fault:
    words = {"message": "No", "errorSummary": "No"}
    return lambda a: Answer(words, status)


LASTING: dict[str, tuple[Fault, str, bool]] = {
    "401": (_refusal(401), "HTTP 401", False),
    "429": (lambda a: Answer({}, 429), "HTTP 429", True),
    "429 for longer than anybody waits": (
        lambda a: Answer({}, 429, [("Retry-After", "90000")]), "90000 s of pause", True,
    ),
    "500": (lambda a: Answer({}, 500), "HTTP 500", True),
    "dropped body": (lambda a: replace(a, cut_at=len(a.raw) // 2), "before the whole body", True),
    "HTML with 200": (lambda a: HTML, "found '<!doctype html>", False),
    "truncated": (lambda a: replace(a, body=a.raw[: len(a.raw) * 2 // 3]), "cut short", False),
    "empty body": (lambda a: replace(a, body=b""), "empty body", False),
    "another form": (lambda a: replace(a, body=b'"text"'), "expected", False),
}  # fmt: skip


@pytest.mark.parametrize("fault", LASTING)
@every(list(ENTRIES.values()))
def test_a_lasting_fault_is_a_gap_in_words(
    entry: HttpKind, source: HttpSource, tmp_path: Path, waits: list[float], fault: str
) -> None:
    spoil, said, is_transient = LASTING[fault]
    faulty = trial(entry, source, tmp_path / "a", spoil)
    result = faulty.collect()
    assert result.failure is not None
    assert said in result.failure.reason
    assert result.failure.is_transient is is_transient
    assert result.proofs == []
    assert faulty.judge(result) == {"GAP"}


@pytest.mark.parametrize("status", [403, 404])
@every(list(ENTRIES.values()))
def test_a_refused_list_is_never_taken_for_an_empty_one(
    entry: HttpKind, source: HttpSource, tmp_path: Path, waits: list[float], status: int
) -> None:
    faulty = trial(entry, source, tmp_path / "a", _refusal(status))
    result = faulty.collect()
    if entry.refusals is None:
        assert result.failure is not None
        assert f"HTTP {status}" in result.failure.reason
        assert faulty.judge(result) == {"GAP"}
        return
    assert result.failure is None
    said = [*result.warnings, *(proof.reason or "" for proof in result.proofs)]
    assert any(entry.refusals in text for text in said)
    assert faulty.judge(result) == {"NOT_PROVABLE"}


@every(list(ENTRIES.values()))
def test_a_redirect_elsewhere_is_not_followed(
    entry: HttpKind, source: HttpSource, tmp_path: Path
) -> None:
    with serving(lambda asked: Answer([])) as stranger:
        faulty = trial(entry, source, tmp_path / "a", _stranger(stranger.url))
        result = faulty.collect()
        assert stranger.asked == []
    assert result.failure is not None
    assert "redirect" in result.failure.reason
    assert faulty.judge(result) == {"GAP"}


@every(ADDRESSED)
def test_a_next_link_elsewhere_is_not_followed(
    entry: HttpKind, source: HttpSource, tmp_path: Path
) -> None:
    assert entry.paging is not None
    paging = entry.paging
    with serving(lambda asked: Answer([])) as stranger:
        url = f"{stranger.url}/next"
        faulty = trial(entry, source, tmp_path / "a", lambda a: paging.leading_to(a, url), {1})
        result = faulty.collect()
        assert stranger.asked == []
    assert result.failure is not None
    assert "was not followed and the credential not sent" in result.failure.reason
    assert faulty.judge(result) == {"GAP"}


@every(PAGED)
def test_a_next_page_that_repeats_ends_in_a_gap(
    entry: HttpKind, source: HttpSource, tmp_path: Path
) -> None:
    assert entry.paging is not None
    paging = entry.paging
    faulty = trial(entry, source, tmp_path / "a")

    def spoil(answer: Answer) -> Answer:
        asked = faulty.lists[-1]
        url = f"{source.url}{asked.path}?{urlencode({**asked.query, 'again': '1'})}"
        return paging.leading_to(answer, url if paging.has_address else "1")

    faulty.spoil = spoil
    result = faulty.collect()
    assert len(faulty.lists) < 10
    assert result.failure is not None
    assert "repeats" in result.failure.reason
    assert faulty.judge(result) == {"GAP"}


@every(PAGED)
def test_duplicates_across_pages_count_once(
    entry: HttpKind, source: HttpSource, tmp_path: Path
) -> None:
    assert entry.paging is not None
    paging, last = entry.paging, list[object]()

    def spoil(answer: Answer) -> Answer:
        items = paging.items(answer)
        again = last[-1:]
        last.extend(items)
        return paging.with_items(answer, [*again, *items])

    sound = trial(entry, source, tmp_path / "sound")
    before = sound.run.commit(sound.collect())
    faulty = trial(entry, source, tmp_path / "faulty", spoil)
    result = faulty.collect()
    assert result.failure is None
    receipt = faulty.run.commit(result)
    verdicts = {claim.verdict for claim in faulty.claims(receipt)}
    assert verdicts == ({"NOT_PROVABLE"} if entry.basis == "not_provable" else {"OPEN"})
    assert sum(receipt.duplicates.values()) > sum(before.duplicates.values())
    once = {name: n - receipt.duplicates.get(name, 0) for name, n in receipt.records.items()}
    wanted = {name: n - before.duplicates.get(name, 0) for name, n in before.records.items()}
    for name in before.records:
        if discover()[entry.kind].spec.feeds.get(name):
            assert once[name] == wanted[name]


@every(LATE)
def test_a_late_event_is_seen_before_its_day_counts_as_whole(
    entry: HttpKind, source: HttpSource, tmp_path: Path
) -> None:
    assert entry.late is not None
    young = trial(entry, source, tmp_path / "a")
    verdicts = []
    for hour in (2, 8, 14):
        result = young.collect(f"{END}T{hour:02}:00:00Z")
        assert result.failure is None
        receipt = young.run.commit(result)
        verdicts.append({claim.verdict for claim in young.claims(receipt)})
        if hour == 2:
            entry.late(young.vendor)
            first = sum(receipt.records.values())
    assert verdicts == [{"NOT_PROVABLE"}, {"NOT_PROVABLE"}, {"OPEN"}]
    assert sum(receipt.records.values()) == first + 1
