"""The offline page of a pack: status per criterion, tests with populations, exceptions, gaps."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from muniment.queries import OUTCOMES
from muniment.verdicts import OPEN

Rows = list[dict[str, Any]]
_SEVERITIES = ("critical", "high", "medium", "low")
#: as the statuses are decided: the first that matches wins
_STATUSES = (
    "EXCEPTIONS", "EXCEPTIONS (incomplete)", "INSUFFICIENT", "NOT_CONNECTED", "NO_CONTROL",
    "MANUAL_PENDING", "NO_OCCURRENCE", "NO_EXCEPTIONS_NOTED", "ATTESTED_BY_OWNER", "OUT_OF_SCOPE",
)  # fmt: skip


def render(facts: dict[str, Any], manifest: dict[str, Any], tables: dict[str, Rows]) -> str:
    """One self-contained HTML page; every text is escaped, nothing is fetched.

    facts: the content of `pack.json`; manifest: the release's; tables: the pack's, rows with
    pseudonyms.
    """
    environment = Environment(
        loader=PackageLoader("muniment"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    results, ledger = tables["results"], tables["ledger"]
    return environment.get_template("pack.html").render(
        facts=facts,
        manifest=manifest,
        coverage=tables["coverage"],
        statuses=_statuses(tables["coverage"]),
        tests=_tests(tables["legs"], results),
        outcomes=OUTCOMES,
        exceptions=_exceptions(results),
        gaps=_gaps(ledger),
        withdrawn=tables["withdrawn_exceptions"],
        edits=tables["register_edits"],
        unknown=_unknown(facts, ledger),
    )


def _statuses(coverage: Rows) -> list[tuple[str, int]]:
    """How many criteria bear which status, what needs a look first."""
    tally = Counter(row["status"] for row in coverage)
    return [(status, tally[status]) for status in _STATUSES if tally[status]]


def _exceptions(results: Rows) -> Rows:
    """Those that matter most first: open before accepted, then severity, then age."""
    found = [row for row in results if row["outcome"].startswith("EXCEPTION")]
    return sorted(
        found,
        key=lambda row: (
            row["outcome"] != "EXCEPTION",
            _SEVERITIES.index(row["severity"]) if row["severity"] in _SEVERITIES else 9,
            row["effective_on"],
            row["test_id"],
            row["unit_key"],
        ),
    )


def _tests(legs: Rows, results: Rows) -> Rows:
    """Per leg: population size and how many units had which outcome."""
    tally: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in results:
        tally[(row["test_id"], row["leg_id"])][row["outcome"]] += 1
    found = []
    for leg in legs:
        counts = tally[(leg["test_id"], leg["leg_id"])]
        # a lead is worth a look and is no unit of the population
        found.append({**leg, "tally": counts, "population": counts.total() - counts["LEAD"]})
    return found


def _gaps(ledger: Rows) -> Rows:
    """Days without proof, one row a source, stream, verdict and reason."""
    found: dict[tuple[str, str, str, str], list[date]] = defaultdict(list)
    for row in ledger:
        if row["verdict"] not in OPEN:
            key = (row["source_id"], row["stream"], row["verdict"], row["reason"] or "")
            found[key].append(row["day"])
    return [
        {"source_id": source, "stream": stream, "verdict": verdict, "reason": reason,
         "days": len(days), "first": min(days), "last": max(days)}
        for (source, stream, verdict, reason), days in sorted(found.items())
    ]  # fmt: skip


def _unknown(facts: dict[str, Any], ledger: Rows) -> list[date]:
    """Days of the period on which the ledger has no line at all, in order."""
    day, end = date.fromisoformat(facts["first_day"]), date.fromisoformat(facts["end_day"])
    known = {row["day"] for row in ledger}
    days = [day + timedelta(days=n) for n in range((end - day).days)]
    return [item for item in days if item not in known]
