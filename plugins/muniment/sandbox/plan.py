"""The plan of the year: which deviation happens where and when. Written before anything happens.

Every block of thirty days holds every kind, with harmless neighbours on the other side of each
threshold. The ground truth is read from this plan and from what came of it, never from a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from muniment.sandbox.times import Block, blocks, dice

#: repositories with the organisation's ordinary rules; deviations of approval happen here
ORDINARY = ("provider-gateway", "benefits-batch", "platform-infra", "data-warehouse")
#: here the releaser must not be the only approver, there must not be an author
NO_APPROVER_RELEASES, NO_AUTHOR_RELEASES = "claims-api", "member-portal"
REWRITTEN = "benefits-batch"

#: manner of a pull request -> how many in a block. The first four are deviations.
MANNERS = {
    "no_approval": 2, "second_account": 1, "coauthor_approves": 1, "stale": 2,
    "dismissed": 2, "base_merge": 2, "coauthored": 2, "changes_requested": 2, "email_author": 1,
    "bot": 3,
}  # fmt: skip
#: (asset, scanner type) that troubles happen to; findings are planted elsewhere, so that neither
#: hides the other
TROUBLED = (
    ("repo-data-warehouse", "sast"), ("repo-benefits-batch", "sca"),
    ("repo-platform-infra", "sca"), ("repo-benefits-batch", "sast"),
    ("img-provider-gateway", "container"), ("repo-data-warehouse", "sca"),
    ("repo-platform-infra", "sast"),
)  # fmt: skip
WAIVED = ("img-benefits-batch", "container")
SERVICES = ("svc-member-portal", "svc-provider-gateway")

#: kinds that read GitHub's state
GITHUB_HIDDEN = (
    "github_repo_access", "github_members", "github_branch_protection", "github_saml_identities",
)  # fmt: skip
#: kinds of snapshots that are refused a list once in a block
HIDDEN_KINDS = ("okta_policies", "okta_groups", "okta_apps", "gitlab_members")


@dataclass(frozen=True)
class Trouble:
    """Days [first, end) on which one scanner of one asset does not do what it should.

    manner: missing (no file), failed (a run that says it failed), stale (an old revision).
    effect: the control test's leg that it breaks, or "" where the threshold just holds.
    """

    asset_id: str
    scanner_type: str
    manner: str
    first: date
    end: date
    effect: str = ""
    is_waived: bool = False


@dataclass(frozen=True)
class Unenrolled:
    """A member of staff (by place in the list) without second factor on days [first, end)."""

    staff: int
    first: date
    end: date


@dataclass(frozen=True)
class SingleFactor:
    """A sign-in by a developer (by place in the list) with a password alone.

    is_told_as_factor: the log tells the password as it tells a second factor.
    """

    day: date
    developer: int
    is_late: bool
    is_told_as_factor: bool


@dataclass
class Plan:
    """Everything that will go wrong, or nearly, by (repository, day) and otherwise."""

    pulls: dict[tuple[str, date], str] = field(default_factory=dict)
    pushes: dict[tuple[str, date], str] = field(default_factory=dict)
    releases: dict[tuple[str, date], str] = field(default_factory=dict)
    unenrolled: list[Unenrolled] = field(default_factory=list)
    single_factor: list[SingleFactor] = field(default_factory=list)
    quiet_hours: list[tuple[date, int]] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    lost_drops: list[date] = field(default_factory=list)
    late_drops: list[date] = field(default_factory=list)
    #: days [first, end) on which the rule for lent devices asks for a password alone
    weak_rules: list[tuple[date, date]] = field(default_factory=list)
    #: days on which a vendor's lead administers Okta
    lent_rights: list[date] = field(default_factory=list)
    #: developers (by place in the list) whose GitHub account has no second factor on a day
    github_unenrolled: list[tuple[date, int]] = field(default_factory=list)
    #: days on which one repository's protection keeps stale approvals
    github_weak: list[date] = field(default_factory=list)
    #: kind -> days on which its credential is refused a list that it needs
    hidden: dict[str, list[date]] = field(default_factory=dict)
    waived_too_late: tuple[str, date] = ("platform-infra", date.min)

    @property
    def outages(self) -> list[date]:
        """Days in whose run a test may let Okta's log fail; without it, nothing fails."""
        return [block.workdays(9, 14)[0] for block in blocks()]


def make_plan(seed: int) -> Plan:
    """The plan of one seed's year."""
    plan = Plan()
    for block in blocks():
        chance = dice(seed, "plan", block.index)
        _plan_pulls(plan, block, chance)
        _plan_pushes(plan, block, chance)
        _plan_releases(plan, block, chance)
        _plan_access(plan, block, chance)
        _plan_scans(plan, block, chance)
        _plan_rights(plan, block, dice(seed, "rights", block.index))
        _plan_github(plan, block, dice(seed, "github", block.index))
    return plan


def _plan_pulls(plan: Plan, block: Block, chance: Random) -> None:
    manners = [manner for manner, count in MANNERS.items() for _ in range(count)]
    slots = [(repository, day) for repository in ORDINARY for day in block.workdays(2)]
    for slot, manner in zip(chance.sample(slots, len(manners)), manners, strict=True):
        is_awkward = manner == "base_merge" and slot[0] in ("platform-infra", REWRITTEN)
        plan.pulls[slot] = "changes_requested" if is_awkward else manner


def _plan_pushes(plan: Plan, block: Block, chance: Random) -> None:
    """Two direct pushes and two forced ones: one that drops a commit, one that replaces it."""
    days = block.workdays(3, 28)
    waived = ("platform-infra", chance.choice(block.workdays(6, 12)))
    other = (chance.choice(("provider-gateway", "data-warehouse")), chance.choice(days))
    plan.pushes[waived] = plan.pushes[other] = "direct"
    if block.index == 0:
        plan.waived_too_late = waived
    plain = [day for day in days if plan.pulls.get((REWRITTEN, day)) is None]
    first = chance.randrange(len(plain) - 3)
    plan.pushes[REWRITTEN, plain[first]] = "drop"
    plan.pushes[REWRITTEN, plain[first + 3]] = "amend"


def _plan_releases(plan: Plan, block: Block, chance: Random) -> None:
    strict = {"by_approver": 2, "by_author": 1}, {"by_author": 2, "by_approver": 1}
    for repository, wanted in zip((NO_APPROVER_RELEASES, NO_AUTHOR_RELEASES), strict, strict=True):
        manners = [manner for manner, count in wanted.items() for _ in range(count)]
        for day, manner in zip(chance.sample(block.workdays(2), 3), manners, strict=True):
            plan.releases[repository, day] = manner
    days = chance.sample(block.workdays(2), 3)
    for day, manner in zip(days, ("rollback", "failed", "redeploy"), strict=True):
        plan.releases["data-warehouse", day] = manner


def _plan_access(plan: Plan, block: Block, chance: Random) -> None:
    """Two accounts without factor (three days and one), three single-factor sign-ins, two lulls."""
    for staff, length in zip(chance.sample(range(3, 9), 2), (3, 1), strict=True):
        first = block.day(chance.randrange(3, 24))
        plan.unenrolled.append(Unenrolled(staff, first, first + timedelta(days=length)))
    for number, day in enumerate(chance.sample(block.workdays(2, 27), 3)):
        sign_in = SingleFactor(day, chance.randrange(14), number == 2, number == 1)
        plan.single_factor.append(sign_in)
    for day in chance.sample(block.workdays(22, 30), 2):
        plan.quiet_hours.append((day, chance.randrange(9, 15)))


def _plan_rights(plan: Plan, block: Block, chance: Random) -> None:
    """A weak rule for two days, rights that are lent for one, and a day hidden from each kind."""
    first = block.day(chance.randrange(3, 22))
    plan.weak_rules.append((first, first + timedelta(days=2)))
    plan.lent_rights.append(block.day(chance.randrange(3, 22)))
    for kind in HIDDEN_KINDS:
        plan.hidden.setdefault(kind, []).append(block.day(chance.randrange(25, 29)))


def _plan_github(plan: Plan, block: Block, chance: Random) -> None:
    """A day without second factor, one of weak protection, and a hidden one for each kind of state.

    That is a Sunday: approvals of the days before and after hang on no listing of it.
    """
    plan.github_unenrolled.append((block.day(chance.randrange(3, 13)), chance.randrange(1, 14)))
    plan.github_weak.append(block.day(chance.randrange(3, 13)))
    friday = next(day for day in block.workdays(14, 21) if day.weekday() == 4)
    for kind in GITHUB_HIDDEN:
        plan.hidden.setdefault(kind, []).append(friday + timedelta(days=2))


def _plan_scans(plan: Plan, block: Block, chance: Random) -> None:
    monday = block.workdays(7, 14)[0]
    monday -= timedelta(days=monday.weekday())
    (long, short), (stale, _) = chance.sample(TROUBLED[:5], 2), chance.sample(TROUBLED[5:], 2)
    week = timedelta(days=7)
    manner = "failed" if long[1] == "sast" else "missing"
    plan.troubles += [
        Trouble(*long, manner, monday + timedelta(days=1), monday + timedelta(days=10), "ran"),
        Trouble(*short, "missing", monday + timedelta(days=1), monday + week),
        Trouble(*stale, "stale", monday + week, monday + 2 * week, "revision"),
    ]
    if block.index % 3 == 0:
        first, end = monday + timedelta(days=1), monday + timedelta(days=10)
        plan.troubles.append(Trouble(*WAIVED, "missing", first, end, "ran", is_waived=True))
    service, manner = chance.choice(SERVICES), chance.choice(("missing", "failed"))
    first = chance.choice(block.workdays(5, 14)) + timedelta(days=1)
    plan.troubles.append(Trouble(service, "dast", manner, first, first + week, "release_dast"))
    plan.lost_drops.append(monday + timedelta(days=17))
    plan.late_drops.append(monday + timedelta(days=19))


def is_head_replaced(plan: Plan, repository: str, day: date) -> bool:
    """Whether the main branch's head was replaced by another commit late on that day."""
    return plan.pushes.get((repository, day)) == "amend"
