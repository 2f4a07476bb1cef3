"""The company's own registers, as CSV: people, assets, waivers and stated controls."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta

from muniment.sandbox.accounts import TENANT_HOST
from muniment.sandbox.people import NOTICE, ORGANISATION, Company, Person, Spell
from muniment.sandbox.plan import Plan
from muniment.sandbox.reports import REGISTRY
from muniment.sandbox.repositories import TERMS
from muniment.sandbox.scans import IMAGES, SERVICES
from muniment.sandbox.stated_controls import CONTROL_COLUMNS, control_rows
from muniment.sandbox.times import at

ROSTER_COLUMNS = (
    "person_id", "work_email", "name", "employer", "vendor_id", "manager_id", "role", "country",
    "start_at", "end_at", "logins",
)  # fmt: skip
ASSET_COLUMNS = (
    "asset_id", "type", "name", "native_id", "owner", "environment", "criticality", "data_class",
    "os_name", "os_version", "scanner_types", "in_scope", "scope_reason", "scope_approver",
)  # fmt: skip
WAIVER_COLUMNS = (
    "waiver_id", "test_id", "scope", "owner", "approver", "approved_at", "expires_at", "reason",
    "compensating_control",
)  # fmt: skip
Row = tuple[str, ...]


def register(name: str, company: Company, plan: Plan, now: datetime) -> bytes:
    """One register as it stood: roster, assets, waivers or controls."""
    columns, rows = {
        "roster": (ROSTER_COLUMNS, roster_rows(company, now)),
        "assets": (ASSET_COLUMNS, asset_rows(company)),
        "waivers": (WAIVER_COLUMNS, waiver_rows(company, plan, now)),
        "controls": (CONTROL_COLUMNS, control_rows(company)),
    }[name]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *rows])
    return text.getvalue().encode()


def roster_rows(company: Company, now: datetime) -> list[Row]:
    """One row a person and spell that had begun by six in the morning of its first day."""
    return [
        _roster_row(person, spell, now)
        for person in company.people
        for spell in person.spells
        if at(spell.start_at.date(), 6) <= now
    ]


def _roster_row(person: Person, spell: Spell, now: datetime) -> Row:
    is_known = spell.end_at is not None and (
        spell.end_at - NOTICE <= now or person.role == "project manager"
    )
    logins = [f"okta:{person.email}", *(f"github:{login}" for login in person.github)]
    return (
        person.person_id, person.email, person.name, person.employer.name,
        person.employer.vendor_id or "", person.manager_id, person.role, person.employer.country,
        spell.start_at.isoformat(), spell.end_text if is_known else "", ";".join(logins),
    )  # fmt: skip


def asset_rows(company: Company) -> list[Row]:
    """Systems, repositories, images, services, a log, and one repository out of scope."""
    owner = company.staff[0].person_id
    rows: list[Row] = [
        ("okta", "system", "Okta", TENANT_HOST, owner, "production", "high", "personal", "", "",
         "", "true", "", ""),
        ("github", "system", "GitHub", ORGANISATION, owner, "production", "high", "internal", "",
         "", "", "true", "", ""),
        ("log-okta", "log_source", "Okta system log", "okta", owner, "production", "high",
         "personal", "", "", "", "true", "", ""),
    ]  # fmt: skip
    for terms in TERMS:
        scope = ("true", "", "")
        if not terms.is_in_scope:
            scope = ("false", "Throw-away prototypes, never deployed", owner)
        rows.append(
            (f"repo-{terms.name}", "repository", terms.name, terms.full_name, owner, "production",
             "high", "confidential", "", "", "sast;sca", *scope)
        )  # fmt: skip
    rows += [
        (f"img-{name}", "image", f"{name} image", f"{REGISTRY}/{name}", owner, "production", "high",
         "confidential", "debian", "12.11", "container", "true", "", "")
        for name in IMAGES
    ]  # fmt: skip
    rows += [
        (f"svc-{name}", "service", f"{name} service", f"{ORGANISATION}/{name}", owner,
         "production", "high", "confidential", "", "", "dast", "true", "", "")
        for name in SERVICES
    ]  # fmt: skip
    return rows


def waiver_rows(company: Company, plan: Plan, now: datetime) -> list[Row]:
    """One waiver approved long before, and one approved two days after what it should cover."""
    owner = company.security_lead.person_id
    rows: list[Row] = [
        ("W-001", "VUL-02.ran", "img-benefits-batch", owner, owner, "2025-12-15T10:00:00+00:00",
         "2027-06-30T00:00:00+00:00", "The batch image is rebuilt from a scanned base every night",
         "Base image is scanned daily")
    ]  # fmt: skip
    repository, day = plan.waived_too_late
    approved = late_approval(day)
    if approved <= now:
        expires = approved + timedelta(days=4)
        rows.append(
            ("W-002", "CHG-05.commits", f"repo-{repository}", owner, owner, approved.isoformat(),
             expires.isoformat(), "Urgent setting, put right the same week", "Reviewed afterwards")
        )  # fmt: skip
    return rows


def late_approval(day: date) -> datetime:
    """When the waiver that comes too late is approved: two days after the push."""
    return at(day + timedelta(days=2), 10)
