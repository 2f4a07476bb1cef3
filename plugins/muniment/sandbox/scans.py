"""The scanners of the company: which runs took place, of which revision, and what they found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from muniment.sandbox.plan import WAIVED, Plan, Trouble
from muniment.sandbox.repositories import TERMS, Repository
from muniment.sandbox.times import BLOCK_DAYS, SCANS_START, YEAR_START, at, dice

SLA_DAYS = {"high": 30, "medium": 90}  # the control library's defaults for VUL-01
CATEGORY = {"sast": "sarif", "dast": "dast", "sca": "trivy", "container": "trivy"}
TOOL = {"sast": "semgrep", "dast": "zap", "sca": "trivy", "container": "trivy"}
START_MINUTE = {"sast": 190, "sca": 210, "container": 230, "dast": 270}
IMAGES = ("claims-api", "member-portal", "provider-gateway", "benefits-batch")
SERVICES = ("member-portal", "provider-gateway")


@dataclass(frozen=True)
class Scanner:
    """One scanner of one asset; `repository` is the code behind the asset."""

    asset_id: str
    scanner_type: str
    repository: str
    index: int

    @property
    def key(self) -> tuple[str, str]:
        """Asset and type."""
        return self.asset_id, self.scanner_type


SCANNERS = tuple(
    Scanner(asset_id, scanner_type, repository, index)
    for index, (asset_id, scanner_type, repository) in enumerate(
        [
            (f"repo-{terms.name}", kind, terms.name)
            for terms in TERMS
            if terms.is_in_scope
            for kind in ("sast", "sca")
        ]
        + [(f"img-{name}", "container", name) for name in IMAGES]
        + [(f"svc-{name}", "dast", name) for name in SERVICES]
    )
)
#: where findings with a story live: scanners that the plan never troubles
STORIES = (
    ("repo-claims-api", "sast"), ("img-claims-api", "container"), ("repo-member-portal", "sca"),
    ("repo-provider-gateway", "sast"), ("img-member-portal", "container"),
    ("repo-claims-api", "sca"), ("repo-member-portal", "sast"), ("repo-provider-gateway", "sca"),
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One finding and the days [from, to) on which a run reports it. `story`: the plan's word."""

    asset_id: str
    scanner_type: str
    rule_id: str
    severity: str
    location: str
    spans: tuple[tuple[date, date], ...]
    story: str = ""

    @property
    def first_day(self) -> date:
        """The day of the first run that reports it."""
        return self.spans[0][0]

    def is_reported(self, day: date) -> bool:
        """Whether a complete run of that day reports it."""
        return any(start <= day < end for start, end in self.spans)


@dataclass(frozen=True)
class ScanRun:
    """One run: `available_at` is when its file lies in the drop."""

    scanner: Scanner
    day: date
    started_at: datetime
    completed_at: datetime
    available_at: datetime
    revision: str
    is_successful: bool
    findings: tuple[Finding, ...]


class Scans:
    """Every scan of one seed, made when asked for."""

    def __init__(self, seed: int, plan: Plan, repositories: dict[str, Repository]) -> None:
        """`repositories` give the revision that a run looks at."""
        self.seed, self.plan, self.repositories = seed, plan, repositories
        self.findings = [*planned_findings(seed), *_background(seed)]
        self._troubles: dict[tuple[str, str], list[Trouble]] = {}
        for trouble in plan.troubles:
            key = (trouble.asset_id, trouble.scanner_type)
            self._troubles.setdefault(key, []).append(trouble)
        self._found: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.findings:
            key = (finding.asset_id, finding.scanner_type)
            self._found.setdefault(key, []).append(finding)

    def runs(self, day: date) -> Iterator[ScanRun]:
        """The runs that took place on a day."""
        for scanner in SCANNERS:
            run = self.run(scanner, day)
            if run is not None:
                yield run

    def run(self, scanner: Scanner, day: date) -> ScanRun | None:
        """One scanner's run of a day; None where it did not run or nothing came of it."""
        trouble = self._trouble(scanner, day)
        is_lost = CATEGORY[scanner.scanner_type] == "trivy" and day in self.plan.lost_drops
        if day < SCANS_START or is_lost or (trouble is not None and trouble.manner == "missing"):
            return None
        # each day's run starts a second earlier than the last, so that runs seven days apart are
        # never more than seven days apart
        creep = timedelta(seconds=(day - SCANS_START).days)
        minute = START_MINUTE[scanner.scanner_type]
        started = at(day, 0, 0, scanner.index) + timedelta(minutes=minute) - creep
        completed = started + timedelta(seconds=90 + scanner.index)
        is_failed = trouble is not None and trouble.manner == "failed"
        is_late = CATEGORY[scanner.scanner_type] == "trivy" and day in self.plan.late_drops
        available = at(day + timedelta(days=1), 12) if is_late else completed + timedelta(minutes=5)
        is_stale = trouble is not None and trouble.manner == "stale"
        looked_at = at(trouble.first - timedelta(days=4), 20) if is_stale and trouble else started
        found = [f for f in self._found.get(scanner.key, ()) if f.is_reported(day)]
        return ScanRun(
            scanner, day, started, completed, available,
            self.repositories[scanner.repository].tip(looked_at), not is_failed,
            () if is_failed else tuple(found),
        )  # fmt: skip

    def _trouble(self, scanner: Scanner, day: date) -> Trouble | None:
        for trouble in self._troubles.get(scanner.key, ()):
            if trouble.first <= day < trouble.end:
                return trouble
        return None


def planned_findings(seed: int) -> list[Finding]:
    """Six stories a block; those of the block before the year fall due in its first days."""
    found = []
    for number in range(-1, 12):
        start = YEAR_START + timedelta(days=BLOCK_DAYS * number)
        start = max(start, SCANS_START)
        keys = dice(seed, "findings", number).sample(STORIES, 6)
        for (story, severity, spans), key in zip(_stories(start), keys, strict=True):
            found.append(_finding(seed, key, severity, spans, story, (number, story)))
    return found


def _stories(start: date) -> list[tuple[str, str, tuple[tuple[date, date], ...]]]:
    def day(offset: int) -> date:
        return start + timedelta(days=offset)

    return [
        ("overdue", "high", ((day(0), day(75)),)),
        ("fixed_late", "high", ((day(3), day(37)),)),
        ("fixed_in_time", "high", ((day(5), day(34)),)),
        ("reopened", "high", ((day(2), day(10)), (day(20), day(48)))),
        ("fixed_soon", "critical", ((day(7), day(19)),)),
        ("medium", "medium", ((day(4), day(60)),)),
    ]


def _background(seed: int) -> Iterator[Finding]:
    """Small findings everywhere, each gone long before its limit."""
    for scanner in SCANNERS:
        if scanner.key == WAIVED:
            continue
        for number in range(14):
            first = SCANS_START + timedelta(days=28 * number + scanner.index)
            spans = ((first, first + timedelta(days=40)),)
            yield _finding(seed, scanner.key, "low", spans, "", (number, "background"))


def _finding(
    seed: int, key: tuple[str, str], severity: str, spans: tuple[tuple[date, date], ...],
    story: str, label: tuple[int, str],
) -> Finding:  # fmt: skip
    chance = dice(seed, "finding", *key, *label)
    scanner_type = key[1]
    series = 10_000 if story else 50_000
    number = series + (label[0] + 1) * 100 + len(label[1]) * 7 + chance.randrange(5)
    if CATEGORY[scanner_type] == "trivy":
        rule = f"CVE-2025-{number}"
        location = "Gemfile.lock" if scanner_type == "sca" else "app (debian 12.11)"
    elif scanner_type == "sast":
        rule = f"python.security.rule-{number}"
        location = f"src/service/module_{chance.randrange(40):02d}.py"
    else:
        rule, location = str(number), f"https://{key[0][4:]}.harbourline.example/"
    return Finding(key[0], scanner_type, rule, severity, location, spans, story)


def fix_limit(finding: Finding) -> date:
    """The day in the course of which the finding's limit passes."""
    return finding.first_day + timedelta(days=SLA_DAYS[finding.severity])
