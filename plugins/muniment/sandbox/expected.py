"""What each planted deviation must show as: one function a part of the simulation.

Nothing here asks the code that judges: the attributes are those of the control tests' units.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from muniment.sandbox.exploited import entries
from muniment.sandbox.okta_log import sign_ins_around_end
from muniment.sandbox.people import LEAVER_LIMIT, Person, Spell
from muniment.sandbox.plan import NO_APPROVER_RELEASES, NO_AUTHOR_RELEASES, Trouble
from muniment.sandbox.releases import PRODUCTION
from muniment.sandbox.repositories import MAIN
from muniment.sandbox.scans import CATEGORY, TOOL, fix_limit
from muniment.sandbox.times import YEAR_START
from muniment.sandbox.truths import DAY, Json, deviation
from muniment.sandbox.world import World

OKTA, TRIVY = "okta", "trivy"
#: manner of a release -> repository where it is a deviation, and the leg
STRICT_RELEASES = {
    (NO_APPROVER_RELEASES, "by_approver"): ("approver", "released by the only approver"),
    (NO_AUTHOR_RELEASES, "by_author"): ("author", "released by its author"),
}
PULL_REASONS = {
    "no_approval": ("NO_APPROVAL", "merged with a comment and no approval"),
    "second_account": ("SELF_APPROVAL", "approved by the author's second account"),
    "coauthor_approves": ("SELF_APPROVAL", "approved by a co-author of its first commit"),
    "stale": ("STALE_APPROVAL", "a commit was pushed after the only approval"),
}
OVERDUE = {
    "overdue": "still reported when its limit passed",
    "fixed_late": "fixed days after its limit",
    "reopened": "gone for ten days, then reported again beyond its limit",
}


def of_releases(world: World) -> Iterator[Json]:
    """CHG-01: releases by the wrong person, in the two repositories that forbid it."""
    for repository in world.repositories.values():
        for item in repository.deployments:
            found = STRICT_RELEASES.get((item.repository, item.manner))
            if found is None or item.environment != PRODUCTION:
                continue
            leg, description = found
            for number in item.numbers:
                attributes = {
                    "deployment_id": item.deployment_id,
                    "repository": repository.terms.full_name,
                    "number": number,
                }
                day = item.created_at.date()
                yield deviation(f"CHG-01.{leg}", attributes, description, day, day)


def of_pulls(world: World) -> Iterator[Json]:
    """CHG-02: merges without an approval that counts."""
    for repository in world.repositories.values():
        for pull in repository.pulls:
            found = PULL_REASONS.get(pull.manner)
            is_seen = pull.merged_at is not None and pull.merged_at.date() >= YEAR_START
            if found is None or not repository.terms.is_in_scope or not is_seen:
                continue
            assert pull.merged_at is not None  # is_seen
            day = pull.merged_at.date()
            attributes = {"repository": repository.terms.full_name, "number": pull.number}
            yield deviation(
                "CHG-02.approved", attributes, found[1], day, day, reason_code=found[0]
            )  # fmt: skip


def of_pushes(world: World) -> Iterator[Json]:
    """CHG-05: commits that came past every pull request, and forced pushes."""
    for repository in world.repositories.values():
        if not repository.terms.is_in_scope:
            continue
        base = {"repository": repository.terms.full_name, "branch": MAIN}
        for update in repository.updates_of_main:
            day = update.at.date()
            if update.kind in ("push", "force_push"):
                for commit in update.brings:
                    yield deviation(
                        "CHG-05.commits", {**base, "commit": commit.sha},
                        f"reached {MAIN} by a {update.kind}", day, day, reason_code="direct_push",
                    )  # fmt: skip
            if update.kind == "force_push":
                yield deviation(
                    "CHG-05.rewrite", {**base, "date": day.isoformat()},
                    "the head was dropped or replaced", day, day,
                )  # fmt: skip


def of_factors(world: World) -> Iterator[Json]:
    """IAM-01: days without a second factor, and sign-ins with a password alone."""
    for gap in world.plan.unenrolled:
        person = world.company.staff[gap.staff]
        for offset in range((gap.end - gap.first).days):
            day = gap.first + timedelta(days=offset)
            attributes = {"account_id": person.okta_id, "system": OKTA, "date": day.isoformat()}
            yield deviation("IAM-01.enrolled", attributes, "no second factor", day, day)
    for sign_in in world.plan.single_factor:
        attributes = {"event_id": world.log.single_factor_uuid(sign_in), "system": OKTA}
        visible = sign_in.day + (DAY if sign_in.is_late else timedelta(0))
        description = "a session with a password alone"
        if sign_in.is_late:
            description += ", stored a day late"
        yield deviation("IAM-01.used", attributes, description, sign_in.day, visible)


def of_leavers(world: World) -> Iterator[Json]:
    """IAM-04: accounts taken away too late or never, and used after the end."""
    for person in world.company.people:
        for spell in person.spells:
            if spell.leave in ("late", "just_late", "kept"):
                yield _revoked(person, spell)
            if spell.leave in ("kept", "used_after_end"):
                yield _used(person, spell)


def of_bare_ends(world: World) -> Iterator[Json]:
    """IAM-04: what the zone of a bare end date decides, and nobody states it."""
    for person in world.company.people:
        for spell in person.spells:
            if spell.leave != "bare_evening":
                continue
            attributes, day = _leaver(person, spell)
            for leg, seen, what in (
                # open until the limit has passed in the westernmost zone too
                ("IAM-04.revoked", day + 2 * DAY, "taken away on the evening of the day"),
                ("IAM-04.used", day, "a sign-in on the evening before the day"),
            ):
                yield deviation(
                    leg, attributes, f"the end is a bare date; {what}", day, seen,
                    reason_code="bounded", outcome="NOT_TESTED",
                )  # fmt: skip


def _leaver(person: Person, spell: Spell) -> tuple[Json, date]:
    assert spell.end_at is not None  # whoever left has an end
    attributes = {
        "person_id": person.person_id, "system": OKTA, "spell_start": spell.start_at.isoformat(),
    }  # fmt: skip
    return attributes, spell.end_at.date()


def _revoked(person: Person, spell: Spell) -> Json:
    attributes, day = _leaver(person, spell)
    assert spell.end_at is not None  # whoever left has an end
    limit = (spell.end_at + LEAVER_LIMIT).date()
    is_logged = spell.revoked_at is not None and spell.revoked_at.date() <= limit
    description = {
        "late": "taken away hours after the limit",
        "just_late": "taken away one minute after the limit",
        "kept": "never taken away",
    }[spell.leave]
    certain = limit if is_logged else limit + DAY
    return deviation("IAM-04.revoked", attributes, description, day, limit, certain)


def _used(person: Person, spell: Spell) -> Json:
    attributes, day = _leaver(person, spell)
    assert spell.end_at is not None  # whoever left has an end
    used = sign_ins_around_end(spell.leave, spell.end_at)[0].date()
    return deviation("IAM-04.used", attributes, "a sign-in after the end", day, used)


def of_findings(world: World) -> Iterator[Json]:
    """VUL-01: findings that outlived their limit."""
    for finding in world.scans.findings:
        if finding.story not in OVERDUE:
            continue
        attributes = {
            "asset_id": finding.asset_id,
            "scanner": TOOL[finding.scanner_type],
            "rule_id": finding.rule_id,
            "location": finding.location,
        }
        limit = fix_limit(finding)
        yield deviation(
            "VUL-01.sla", attributes, f"{finding.severity}: {OVERDUE[finding.story]}",
            finding.first_day, limit, limit + DAY,
        )  # fmt: skip


def of_exploited(world: World) -> Iterator[Json]:
    """VUL-01: findings on the list of exploited vulnerabilities that outlived its due day."""
    listed = {entry.cve: entry for entry in entries(world.seed)}
    for finding in world.scans.findings:
        entry = listed.get(finding.rule_id)
        if entry is None or not entry.is_late(finding):
            continue
        attributes = {
            "asset_id": finding.asset_id, "scanner": TOOL[finding.scanner_type],
            "rule_id": finding.rule_id, "location": finding.location,
        }  # fmt: skip
        yield deviation(
            "VUL-01.kev", attributes, f"known to be exploited, due on {entry.due_on}",
            finding.first_day, max(entry.due_on + DAY, finding.first_day),
        )  # fmt: skip


def of_scans(world: World) -> Iterator[Json]:
    """VUL-02: scans that did not happen, failed, or looked at old code."""
    for trouble in world.plan.troubles:
        if trouble.effect == "release_dast":
            yield from _unscanned_releases(world, trouble)
        elif trouble.effect:
            yield _interval(trouble)


def _interval(trouble: Trouble) -> Json:
    start = trouble.first if trouble.effect == "revision" else trouble.first + 6 * DAY
    attributes = {
        "asset_id": trouble.asset_id,
        "scanner_type": trouble.scanner_type,
        "interval_start": start.isoformat(),
    }
    outcome = "EXCEPTION_ACCEPTED" if trouble.is_waived else "EXCEPTION"
    if trouble.effect == "revision":
        description, seen = "every run of the week looked at an old revision", start + 6 * DAY
        return deviation("VUL-02.revision", attributes, description, start, seen)
    description = f"runs {trouble.manner} from {trouble.first} to {trouble.end} (exclusive)"
    return deviation(
        "VUL-02.ran", attributes, description, start, start, start + DAY, outcome=outcome
    )  # fmt: skip


def _unscanned_releases(world: World, trouble: Trouble) -> Iterator[Json]:
    released = trouble.first - DAY
    repository = world.repositories[trouble.asset_id.removeprefix("svc-")]
    for item in repository.deployments:
        is_meant = item.environment == PRODUCTION and item.is_successful
        if is_meant and item.created_at.date() == released:
            attributes = {"deployment_id": item.deployment_id, "asset_id": trouble.asset_id}
            yield deviation(
                "VUL-02.release_dast", attributes, "no dynamic scan within seven days",
                released, released + 7 * DAY,
            )  # fmt: skip


def of_lulls(world: World) -> Iterator[Json]:
    """LOG-01: hours with far fewer events than the same hour of earlier weeks."""
    for day, hour in world.plan.quiet_hours:
        if world.log.is_quiet(day, hour):
            attributes = {"source_id": OKTA, "hour": f"{day.isoformat()}T{hour:02d}"}
            yield deviation(
                "LOG-01.volume", attributes, "the heartbeat alone in a working hour", day, day,
                outcome="LEAD",
            )  # fmt: skip


def of_lost_drops(world: World) -> Iterator[Json]:
    """LOG-01: hours that brought reports in the weeks before, on a day whose drop was lost."""
    for day in world.plan.lost_drops:
        before = world.scans.runs(day - 7 * DAY)
        usual = {r.completed_at.hour for r in before if CATEGORY[r.scanner.scanner_type] == TRIVY}
        for hour in sorted(usual):
            attributes = {"source_id": TRIVY, "hour": f"{day.isoformat()}T{hour:02d}"}
            yield deviation(
                "LOG-01.volume", attributes, "no report came of any asset", day, day,
                outcome="LEAD",
            )  # fmt: skip
