"""AWS IAM: a credential report, made on request; no list of it has pages."""

from __future__ import annotations

from http_kinds import HttpKind
from iam_report import Iam

KINDS = [
    HttpKind(
        kind="aws_iam_credential_report",
        options={"max_wait_s": 60},
        start=lambda source: Iam(),
        path="/",
        paging=None,
        stream="identities.account",
        basis="total_count",
        mode="snapshot",
        login="AKIAPLANTED",
    ),
]
