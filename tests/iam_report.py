"""IAM's query interface as its contract says: a credential report, made on request."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from http_source import Answer, Asked

COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used",
    "password_last_changed", "password_next_rotation", "mfa_active",
    *(f"access_key_{n}_{what}" for n in (1, 2) for what in (
        "active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")),
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip
ACCOUNT = "111122223333"


def row(user: str, **values: str) -> dict[str, str]:
    own = {"user": user, "arn": f"arn:aws:iam::{ACCOUNT}:user/{user}", "mfa_active": "true",
           "password_enabled": "true",
           "user_creation_time": "2024-01-01T00:00:00+00:00"}  # fmt: skip
    return {**dict.fromkeys(COLUMNS, "N/A"), **own, **values}


ROOT = row("<root_account>", arn=f"arn:aws:iam::{ACCOUNT}:root", password_enabled="not_supported")


@dataclass
class Iam:
    """Answers as IAM does. states: of GenerateCredentialReport, in turn; the last one stays."""

    items: list[dict[str, str]] = field(default_factory=lambda: [ROOT, row("bo"), row("cy")])
    generated_at: str = "2026-01-16T01:30:00+00:00"
    states: list[str] = field(default_factory=lambda: ["COMPLETE"])
    users: int | None = None
    missing: tuple[int, str] | None = None

    def reply(self, asked: Asked) -> Answer:
        action = asked.query["Action"]
        if action == "GenerateCredentialReport":
            state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            return _xml(action, f"<State>{state}</State>")
        if action == "GetAccountSummary":
            users = len(self.items) - 1 if self.users is None else self.users
            entries = "".join(
                f"<entry><key>{key}</key><value>{value}</value></entry>"
                for key, value in (("Groups", 3), ("Users", users))
            )
            return _xml(action, f"<SummaryMap>{entries}</SummaryMap>")
        if self.missing:
            (status, code), self.missing = self.missing, None
            error = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"
            return Answer(error.encode(), status, media_type="text/xml")
        lines = [",".join(COLUMNS), *(",".join(item.values()) for item in self.items)]
        content = base64.b64encode("\n".join(lines).encode()).decode()
        return _xml(
            action,
            f"<Content>{content}</Content><ReportFormat>text/csv</ReportFormat>"
            f"<GeneratedTime>{self.generated_at}</GeneratedTime>",
        )


def _xml(action: str, result: str) -> Answer:
    text = (
        f'<{action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        f"<{action}Result>{result}</{action}Result></{action}Response>"
    )
    return Answer(text.encode(), media_type="text/xml")
