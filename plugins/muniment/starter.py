"""A first configuration and register templates, for `muniment init`.

The suggested controls come from the control library's own seeds. They are a template: a row counts
only once the organisation has adopted it by moving it into its register.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from muniment.discovery import Found, Unknown

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "frameworks"

#: the columns of each register, in the order in which a person reads them
COLUMNS: dict[str, tuple[str, ...]] = {
    "roster": (
        "person_id", "entity", "work_email", "name", "employer", "vendor_id", "manager_id", "role",
        "country", "start_at", "end_at", "logins",
    ),
    "assets": (
        "asset_id", "entity", "type", "name", "native_id", "owner", "environment", "criticality",
        "data_class", "os_name", "os_version", "scanner_types", "in_scope", "scope_reason",
        "scope_approver",
    ),
    "waivers": (
        "waiver_id", "test_id", "scope", "owner", "approver", "approved_at", "expires_at",
        "reason", "compensating_control",
    ),
    "controls": (
        "control_id", "statement", "owner", "frequency", "criteria", "tests", "scope",
        "valid_from", "valid_to",
    ),
    "links": ("system", "login", "person_id", "confirmed_by", "confirmed_at"),
}  # fmt: skip

CONFIGURATION = """\
# Muniment: what is collected, from where. Credentials live in Airflow connections
# (AIRFLOW_CONN_<ID>), never here. `muniment sources` lists every kind.
organisation: {organisation}
home: .muniment
frameworks: [soc2, gdpr, vendor-guardrails]
sources:
  - id: roster
    kind: register
    location: registers/roster/
    required: true
    options: {{schema: roster}}
  - id: assets
    kind: register
    location: registers/assets/
    required: true
    options: {{schema: assets}}
  - id: waivers
    kind: register
    location: registers/waivers/
    options: {{schema: waivers}}
  - id: controls
    kind: register
    location: registers/controls/
    required: true
    options: {{schema: controls}}
  - id: links
    kind: register
    location: registers/links/
    options: {{schema: links}}
{found}#  - {{id: okta, kind: okta_system_log, connection: okta, required: true}}
#  - {{id: okta_users, kind: okta_users, connection: okta, required: true}}
#  - id: pulls
#    kind: github_pulls
#    connection: github
#    required: true
#    options: {{organisation: my-org}}
#  - id: deployments
#    kind: github_deployments
#    connection: github
#    options: {{organisation: my-org}}
#  - {{id: code_scans, kind: sarif, location: drop/sarif/}}
#  - {{id: image_scans, kind: trivy, location: drop/trivy/}}
"""


def write(folder: Path, organisation: str, found: Sequence[Found | Unknown] = ()) -> list[str]:
    """Writes what is missing below `folder`; returns one line a file for a person.

    found: what connections can see; what one would not show in full is written as a comment, with
    the reason.
    """
    name = json.dumps(organisation, ensure_ascii=False)  # JSON text is YAML text, quoted
    text = CONFIGURATION.format(organisation=name, found=_sources(found))
    told = [_write(folder / "muniment.yml", text)]
    for schema, columns in COLUMNS.items():
        path = folder / "registers" / schema / f"{schema}.csv"
        told.append(_write(path, _csv([list(columns)])))
    suggested = folder / "registers" / "suggested_controls.csv"
    told.append(_write(suggested, _suggested()))
    told.append(
        "Next: fill registers/, move the controls that you state from suggested_controls.csv into "
        "registers/controls/controls.csv, then `muniment run --from D --to D`."
    )
    return told


def _sources(found: Sequence[Found | Unknown]) -> str:
    taken: Counter[str] = Counter()
    lines = []
    for item in found:
        if isinstance(item, Unknown):
            lines += [
                f"# Connection '{item.connection_id}': {line}" for line in _lines(item.reason)
            ]
            continue
        taken[item.kind] += 1
        number = taken[item.kind]
        source = {
            "id": item.kind if number == 1 else f"{item.kind}_{number}", "kind": item.kind,
            "connection": item.connection_id,
            **({"options": item.options} if item.options else {}),
        }  # fmt: skip
        line = f"  - {json.dumps(source, ensure_ascii=False)}"
        if item.refused is not None:
            lines += [f"#   {reason}" for reason in _lines(item.refused)]
            line = f"#{line}"
        lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def _lines(text: str) -> list[str]:
    return text.splitlines() or ["no reason was given"]


def _write(path: Path, text: str) -> str:
    if path.exists():
        return f"{path}: kept, it was there"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return f"{path}: written"


def _suggested() -> str:
    """One suggested control a test, in the register's own columns."""
    with (SEEDS / "control_test.csv").open(encoding="utf-8", newline="") as handle:
        tests = list(csv.DictReader(handle))
    with (SEEDS / "leg_criterion.csv").open(encoding="utf-8", newline="") as handle:
        links = list(csv.DictReader(handle))
    rows = [list(COLUMNS["controls"])]
    for test in tests:
        criteria = dict.fromkeys(
            f"{link['framework']}:{link['criterion_id']}"
            for link in links
            if link["test_id"] == test["test_id"]
        )
        rows.append(
            [f"C-{test['test_id']}", test["suggested_control"], "", test["cadence"],
             ";".join(criteria), test["test_id"], "", "", ""]
        )  # fmt: skip
    return _csv(rows)


def _csv(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
