"""github_pulls against an organisation that keeps to GitHub's documented behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import Collector, collector, proofs
from github_host import Host, Repo, commit, pull, push
from http_source import TOKEN, Answer, Asked, serving

STREAMS = [f"change_events.{name}" for name in ("pull_request", "review", "commit", "ref_update")]
COMMIT = "change_events.commit"
WINDOW = ("2026-01-05", "2026-01-07", "2026-01-07T02:00:00Z")
WHOLE = [("cursor_exhausted", "2026-01-05", "2026-01-07")]


@pytest.fixture
def host() -> Iterator[Host]:
    with serving() as source:
        host = Host(source)
        source.reply = host.reply
        yield host


def connector(host: Host, folder: Path, **options: Any) -> Collector:
    return collector(folder, host.source, "github_pulls", {"organisation": "acme", **options})


def a_repository(name: str = "app", number: int = 42) -> Repo:
    return Repo(
        name, number,
        pulls=[pull(7, "2026-01-06"), pull(6, "2026-01-05"), pull(5, "2026-01-03"),
               pull(4, "2026-01-02")],
        reviews={"7": [{"id": n, "submitted_at": "2026-01-06T10:00:00Z"} for n in range(3)]},
        pull_commits={"7": [commit("c1", "2026-01-05")]},
        timeline={"7": [{"event": "review_dismissed", "node_id": "n1"}]},
        commits={"main": [commit(f"m{n}", f"2026-01-0{n}") for n in (6, 5, 4, 3, 2)]},
        activity=[push(9, "2026-01-06"), push(8, "2026-01-05"), push(7, "2026-01-02"),
                  push(6, "2025-12-01"), push(5, "2025-11-01")],
    )  # fmt: skip


def items(run: Collector, result: Any, shape: str, key: str) -> list[Any]:
    found = [page if isinstance(page, list) else [page] for page in run.kept(result, shape)]
    return [item[key] for page in found for item in page]


def contexts(run: Collector, result: Any, shape: str) -> list[dict[str, str]]:
    lines = run.kept(result, "requests")
    return [line["context"] for line in lines if line["shape"] == shape]


def test_a_window_is_read_in_full_and_proven(host: Host, tmp_path: Path) -> None:
    host.repos = [a_repository()]
    run = connector(host, tmp_path)
    result = run.collect(*WINDOW)
    assert result.failure is None
    # overlap of two days: #5 of 3 January is read again, #4 of 2 January is not
    assert items(run, result, "pull", "number") == [7, 6, 5]
    assert items(run, result, "reviews", "id") == [0, 1, 2]
    assert items(run, result, "pull_commits", "sha") == ["c1"]
    assert items(run, result, "timeline", "event") == ["review_dismissed"]
    assert items(run, result, "branch", "name") == ["main"]
    assert items(run, result, "branch_commits", "sha") == ["m6", "m5", "m4", "m3"]
    assert items(run, result, "activity", "id") == [9, 8, 7, 6]  # the page that crosses the start
    for stream in STREAMS:
        assert proofs(result, stream) == WHOLE
    assert result.warnings == []


def test_context_says_what_was_asked_for(host: Host, tmp_path: Path) -> None:
    host.repos = [a_repository()]
    run = connector(host, tmp_path)
    result = run.collect(*WINDOW)
    seven = {"repository": "Acme/app", "number": "7"}
    assert contexts(run, result, "timeline")[0] == seven
    assert contexts(run, result, "reviews")[:2] == [seven, seven]  # its second page, too
    branch = {"repository": "Acme/app", "branch": "main"}
    for shape in ("branch", "branch_commits", "activity"):
        assert all(context == branch for context in contexts(run, result, shape))
    assert any(path.startswith("/repositories/42/") for path in host.source.paths())


def test_tenant_scopes_and_headers(host: Host, tmp_path: Path) -> None:
    host.repos = [Repo("app", 1, commits={"main": []})]
    result = connector(host, tmp_path).collect(*WINDOW)
    assert result.origin is not None
    assert (result.origin.tenant, result.origin.granted_scopes) == ("Acme", ("repo", "read:org"))
    for asked in host.source.asked:
        assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
        assert asked.headers["X-GitHub-Api-Version"] == "2022-11-28"
        assert asked.method == "GET"


def test_all_repositories_of_all_pages_or_those_named(host: Host, tmp_path: Path) -> None:
    host.repos = [Repo(name, n, commits={"main": []}) for n, name in enumerate("abcde", 1)]
    run = connector(host, tmp_path)
    result = run.collect(*WINDOW)
    assert [c["repository"] for c in contexts(run, result, "branch")] == [
        f"Acme/{name}" for name in "abcde"
    ]
    other = tmp_path / "named"
    other.mkdir()
    run = connector(host, other, repositories=["b", "Acme/d"])
    result = run.collect(*WINDOW)
    assert [c["repository"] for c in contexts(run, result, "branch")] == ["Acme/b", "Acme/d"]


def test_a_repository_that_is_no_longer_listed_leaves_its_days_unproven(
    host: Host, tmp_path: Path
) -> None:
    host.repos = [Repo(name, n, commits={"main": []}) for n, name in enumerate("abc", 1)]
    run = connector(host, tmp_path)
    run.commit(run.collect(*WINDOW))
    host.repos[0].name, hidden = "renamed", host.repos.pop(1)
    day = ("2026-01-07", "2026-01-08", "2026-01-08T02:00:00Z")
    for _ in range(2):  # asking for the same days again is no way round it
        narrowed = run.collect(*day)
        run.commit(narrowed)
        for stream in STREAMS:
            assert proofs(narrowed, stream) == [("not_provable", "2026-01-07", "2026-01-08")]
        assert ["Acme/b" in text for text in narrowed.warnings] == [True]
    host.repos.append(hidden)
    assert proofs(run.collect(*day), COMMIT) == [("cursor_exhausted", "2026-01-07", "2026-01-08")]


def test_an_empty_list_of_repositories_after_a_full_one_proves_nothing(
    host: Host, tmp_path: Path
) -> None:
    host.repos = [Repo("app", 1, commits={"main": []})]
    run = connector(host, tmp_path)
    run.commit(run.collect(*WINDOW))
    host.repos = []
    for day in ("07", "08"):  # the second day, too: an empty list is nothing to compare with
        end = f"2026-01-{int(day) + 1:02d}"
        result = run.collect(f"2026-01-{day}", end, f"{end}T02:00:00Z")
        run.commit(result)
        assert {proof.basis for proof in result.proofs} == {"not_provable"}


def test_protected_branches_are_those_named(host: Host, tmp_path: Path) -> None:
    repo = Repo("app", 1, branches=("main", "release/1.0"))
    repo.commits = {"main": [], "release/1.0": [commit("r1", "2026-01-06")]}
    host.repos = [repo]
    run = connector(host, tmp_path, protected_branches=["release/1.0", "gone"])
    result = run.collect(*WINDOW)
    assert result.failure is None
    assert items(run, result, "branch_commits", "sha") == ["r1"]
    lines = [line for line in run.kept(result, "requests") if line["shape"] == "unread"]
    assert [(line["status"], line["context"]["branch"]) for line in lines] == [(404, "gone")]


def test_an_empty_repository_is_no_failure(host: Host, tmp_path: Path) -> None:
    host.repos = [Repo("empty", 1, branches=())]
    result = connector(host, tmp_path).collect(*WINDOW)
    assert result.failure is None
    assert proofs(result, COMMIT) == WHOLE


@pytest.mark.parametrize(("status", "is_transient"), [(403, False), (404, False), (500, True)])
def test_one_failing_repository_is_named_and_the_others_are_kept(
    host: Host, tmp_path: Path, status: int, is_transient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.retries.time.sleep", lambda seconds: None)
    host.repos = [a_repository("first", 1), a_repository("broken", 2), a_repository("last", 3)]
    host.faults = {"/repos/Acme/broken/pulls/7/reviews": Answer({"message": "no"}, status)}
    run = connector(host, tmp_path)
    result = run.collect(*WINDOW)
    assert result.failure is not None
    assert "Acme/broken" in result.failure.reason
    assert "Acme/last" not in result.failure.reason
    assert [text.partition(":")[0] for text in result.warnings] == ["Acme/broken"]
    assert result.failure.is_transient is is_transient
    assert result.proofs == []
    kept = {context["repository"] for context in contexts(run, result, "branch")}
    assert kept == {"Acme/first", "Acme/last"}


def test_a_change_between_pages_reads_the_pull_request_once(host: Host, tmp_path: Path) -> None:
    host.repos = [a_repository()]
    listings = 0

    def reply(asked: Asked) -> Answer:
        nonlocal listings
        answer = host.reply(asked)
        if asked.path == "/repos/Acme/app/pulls":  # #5 changes: everything moves down by one
            listings += 1
            host.repos[0].pulls[2] = pull(5, "2026-01-07")
        return answer

    host.source.reply = reply
    run = connector(host, tmp_path)
    result = run.collect(*WINDOW)
    assert listings == 1
    assert items(run, result, "pulls_list", "number").count(6) == 2
    assert sorted(items(run, result, "pull", "number")) == [6, 7]


def test_a_pull_request_created_after_the_window_is_left_for_later(
    host: Host, tmp_path: Path
) -> None:
    host.repos = [Repo("app", 1, commits={"main": []})]
    host.repos[0].pulls = [pull(9, "2026-01-20", "2026-01-07"), pull(8, "2026-01-20", "2026-01-06")]
    run = connector(host, tmp_path)
    result = run.collect("2026-01-05", "2026-01-07", "2026-01-21T02:00:00Z")
    assert items(run, result, "pull", "number") == [8]


def _with_commits(host: Host, stated: int, merged_at: str | None) -> None:
    repo = Repo("app", 1, commits={"main": []})
    repo.pulls = [pull(3, "2026-01-06", commits=stated, merged_at=merged_at)]
    repo.pull_commits = {"3": [commit(f"c{n}", "2026-01-06") for n in range(250)]}
    host.repos, host.page_size = [repo], 100


def test_the_cap_of_250_commits_is_a_gap_on_the_day_of_the_merge(
    host: Host, tmp_path: Path
) -> None:
    _with_commits(host, 251, "2026-01-06T11:00:00Z")
    result = connector(host, tmp_path).collect(*WINDOW)
    assert proofs(result, COMMIT) == [
        ("cursor_exhausted", "2026-01-05", "2026-01-06"),
        ("not_provable", "2026-01-06", "2026-01-07"),
    ]
    assert [proof.is_final for proof in result.proofs if proof.basis == "not_provable"] == [True]
    assert "Acme/app#3: GitHub lists 250 of its 251 commits" in result.warnings[0]
    assert proofs(result, STREAMS[0]) == WHOLE


def test_exactly_250_commits_are_no_gap(host: Host, tmp_path: Path) -> None:
    _with_commits(host, 250, "2026-01-06T11:00:00Z")
    result = connector(host, tmp_path).collect(*WINDOW)
    assert (proofs(result, COMMIT), result.warnings) == (WHOLE, [])


def test_a_capped_pull_request_that_is_not_merged_only_warns(host: Host, tmp_path: Path) -> None:
    _with_commits(host, 300, None)
    result = connector(host, tmp_path).collect(*WINDOW)
    assert (proofs(result, COMMIT), len(result.warnings)) == (WHOLE, 1)


def test_what_a_forced_push_replaced_is_read_too(host: Host, tmp_path: Path) -> None:
    repo = Repo("app", 1, commits={"main": [commit("m2", "2026-01-06")]})
    repo.commits["old"] = [commit("old", "2026-01-05")]
    repo.activity = [push(2, "2026-01-06", "force_push", "old"), push(1, "2026-01-05")]
    host.repos = [repo]
    run = connector(host, tmp_path)
    result = run.collect(*WINDOW)
    assert sorted(items(run, result, "branch_commits", "sha")) == ["m2", "old"]
    assert proofs(result, COMMIT) == WHOLE


@pytest.mark.parametrize("pushed", ["2026-01-05", "2026-01-04"])
def test_replaced_commits_that_are_gone_are_a_gap_if_no_earlier_window_saw_them(
    host: Host, tmp_path: Path, pushed: str
) -> None:
    repo = Repo("app", 1, commits={"main": []})
    repo.activity = [
        push(3, "2026-01-06", "force_push", "a2"),
        push(2, pushed),
        push(1, "2025-12-30", "force_push", "older"),
    ]
    host.repos = [repo]
    result = connector(host, tmp_path).collect(*WINDOW)
    assert len(result.warnings) == 1
    assert "Acme/app, branch main" in result.warnings[0]
    gap = [
        ("cursor_exhausted", "2026-01-05", "2026-01-06"),
        ("not_provable", "2026-01-06", "2026-01-07"),
    ]
    assert proofs(result, COMMIT) == (gap if pushed == "2026-01-05" else WHOLE)


@pytest.mark.parametrize(
    ("path", "answer", "said"),
    [
        ("/orgs/acme", Answer({"message": "Bad credentials"}, 401), "Bad credentials"),
        ("/orgs/acme", Answer({"message": "Not Found"}, 404), "HTTP 404"),
        ("/orgs/Acme/repos", Answer(b"<html>"), "<html>"),
        ("/repos/Acme/app/pulls", Answer(b'[{"number": 7, "upd'), "cut short"),
        ("/repos/Acme/app/activity", Answer([], 301, [("Location", "//evil.example/")]), "evil"),
    ],
    ids=["401", "404", "html", "truncated", "redirect"],
)
def test_a_fault_ends_in_a_failure_without_proof(
    host: Host, tmp_path: Path, path: str, answer: Answer, said: str
) -> None:
    host.repos = [a_repository()]
    host.faults = {path: answer}
    result = connector(host, tmp_path).collect(*WINDOW)
    assert result.failure is not None
    assert said in result.failure.reason
    assert result.proofs == []


def test_days_that_have_not_ended_are_not_proven(host: Host, tmp_path: Path) -> None:
    host.repos = [Repo("app", 1, commits={"main": []})]
    result = connector(host, tmp_path).collect("2026-01-05", "2026-01-09", "2026-01-07T02:00:00Z")
    assert proofs(result, COMMIT) == WHOLE


def test_a_renamed_repository_is_followed_on_its_own_origin(host: Host, tmp_path: Path) -> None:
    host.repos = [Repo("new", 5, commits={"main": []})]
    target = f"{host.source.url}/repositories/5"
    host.faults = {"/repos/Acme/old": Answer({}, 301, [("Location", target)])}
    run = connector(host, tmp_path, repositories=["old"])
    result = run.collect(*WINDOW)
    assert result.failure is None
    assert contexts(run, result, "branch") == [{"repository": "Acme/new", "branch": "main"}]


def test_the_token_reaches_no_file_of_the_home(host: Host, tmp_path: Path) -> None:
    host.repos = [a_repository()]
    host.faults = {"/repos/Acme/app/activity": Answer({"message": f"no {TOKEN}"}, 403)}
    run = connector(host, tmp_path)
    assert run.collect(*WINDOW).failure is not None
    assert TOKEN.encode() not in run.everything()
    assert b"review_dismissed" in run.everything()
