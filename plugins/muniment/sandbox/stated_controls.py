"""What Harbourline Health states that it does: the register `controls`."""

from __future__ import annotations

from muniment.sandbox.people import Company

CONTROL_COLUMNS = (
    "control_id", "statement", "owner", "frequency", "criteria", "tests", "scope", "valid_from",
    "valid_to",
)  # fmt: skip
VALID_FROM = "2025-01-01T00:00:00+00:00"
SEPARATION = "soc2:CC8.1;soc2:CC6.3;gdpr:32(1)(b);vendor-guardrails:VG-AUD-1"

#: control id, statement, frequency, criteria, tests, scope
STATED = (
    (
        "HL-01",
        "Nobody writes, approves and releases a production change alone.",
        "continuous", SEPARATION, "CHG-01", "",
    ),
    (
        "HL-01-CLAIMS",
        "Claims: whoever releases is not the only approver.",
        "continuous", SEPARATION, "CHG-01(deployer_may_be_approver=false)", "repo-claims-api",
    ),
    (
        "HL-01-MEMBER",
        "Member portal: authors do not release their own changes.",
        "continuous", SEPARATION, "CHG-01(author_may_release_when_approved=false)",
        "repo-member-portal;svc-member-portal",
    ),
    (
        "HL-02",
        "Every change is approved, as it is merged, by somebody who did not write it.",
        "continuous",
        "soc2:CC8.1;soc2:CC5.2;gdpr:32(1)(b);vendor-guardrails:VG-OWN-15;"
        "vendor-guardrails:VG-GATE-2;vendor-guardrails:VG-AUD-1",
        "CHG-02", "",
    ),
    (
        "HL-05",
        "Code reaches the main branch only through merged pull requests.",
        "continuous",
        "soc2:CC8.1;gdpr:32(1)(b);vendor-guardrails:VG-OWN-14;vendor-guardrails:VG-ACC-7;"
        "vendor-guardrails:VG-IP-12;vendor-guardrails:VG-AUD-1",
        "CHG-05", "",
    ),
    (
        "HL-11",
        "Every person signs in with a second factor.",
        "daily",
        "soc2:CC6.1;gdpr:32(1)(b);gdpr:5(1)(f);vendor-guardrails:VG-BASE-2",
        "IAM-01.enrolled;IAM-01.used", "",
    ),
    (
        "HL-14",
        "Access of people who leave, vendor staff included, ends within 24 hours.",
        "continuous",
        "soc2:CC6.2;soc2:CC6.3;gdpr:32(1)(b);gdpr:5(1)(f);vendor-guardrails:VG-EXIT-3;"
        "vendor-guardrails:VG-MON-3;vendor-guardrails:VG-CHK-7",
        "IAM-04", "",
    ),
    (
        "HL-21",
        "Vulnerabilities are fixed within the days promised for their severity.",
        "daily",
        "soc2:CC7.1;soc2:CC3.2;gdpr:32(1)(b);gdpr:32(1)(d)",
        "VUL-01.sla", "",
    ),
    (
        "HL-22",
        "Repositories and images are scanned weekly, internet-facing services after a release.",
        "weekly",
        "soc2:CC7.1;soc2:CC4.1;gdpr:32(1)(d);vendor-guardrails:VG-SCAN-2;"
        "vendor-guardrails:VG-SCAN-3;vendor-guardrails:VG-BASE-14;vendor-guardrails:VG-BASE-15;"
        "vendor-guardrails:VG-BASE-18;vendor-guardrails:VG-PIPE-4;vendor-guardrails:VG-PIPE-5",
        "VUL-02", "",
    ),
    (
        "HL-31",
        "Systems that matter write their logs without a break, and a break is noticed in a day.",
        "daily",
        "soc2:CC7.2;soc2:CC2.1;gdpr:32(1)(b);gdpr:5(2);vendor-guardrails:VG-BASE-8;"
        "vendor-guardrails:VG-REG-4;vendor-guardrails:VG-CHK-9",
        "LOG-01", "",
    ),
)  # fmt: skip


def control_rows(company: Company) -> list[tuple[str, ...]]:
    """One row a stated control, owned by the security lead."""
    owner = company.security_lead.person_id
    return [
        (control_id, statement, owner, frequency, criteria, tests, scope, VALID_FROM, "")
        for control_id, statement, frequency, criteria, tests, scope in STATED
    ]
