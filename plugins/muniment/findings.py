"""What verification found: the first thing of each kind that does not fit, in words for people."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Subject = Literal[
    "object", "record", "quarantine", "receipt", "collection", "ledger", "checkpoint", "release"
]

#: what no check on this machine can show
LIMIT = (
    "Checked with the key on this machine: that proves that nothing was changed since it was "
    "signed, and only asserts who signed it, since whoever runs this machine could sign again. "
    "No outside witness has signed: UNWITNESSED. Newest checkpoints that were removed together "
    "with what they name are found only against a checkpoint kept elsewhere (--against)."
)


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit. `name`: SHA-256, record key, or path in the home."""

    subject: Subject
    name: str
    message: str


@dataclass
class VerifyReport:
    """Everything that `verify` recomputed. It fits when there are no findings.

    checked: how many of what. pending: collections without a receipt, as source/receipt id;
    orphans: objects that nobody names; unsigned: receipts newer than the newest checkpoint (all
    three are left by interrupted runs, and are no findings).
    """

    findings: list[Finding] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    unsigned: list[str] = field(default_factory=list)
    limit: str = LIMIT

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def to_text(self) -> str:
        """For a terminal: findings first, then what was checked, then the limit."""
        lines = [f"{item.subject} {item.name}: {item.message}" for item in self.findings]
        checked = ", ".join(f"{count} {name}" for name, count in self.checked.items())
        lines.append(f"{len(self.findings)} findings. Recomputed: {checked}.")
        for name, items in (
            ("Collections that wait for a receipt", self.pending),
            ("Objects that no receipt names", self.orphans),
            ("Receipts that no checkpoint has signed yet", self.unsigned),
        ):
            if items:
                lines.append(f"{name}: {len(items)}, the first is {items[0]}.")
        return "\n".join([*lines, self.limit])
