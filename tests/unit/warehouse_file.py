"""A small warehouse file in the contract's schema, made by hand: no dbt, a home with real receipts.

What a release or pack says of it is compared with the rows below.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from evidence_home import EvidenceHome, events

from muniment import pipeline, publishing, releases
from muniment.database import connect
from muniment.receipts import Receipt
from muniment.settings import Settings, load
from muniment.verdicts import COLUMNS
from muniment.warehouse import WAREHOUSE_PATH

DAY = date(2026, 1, 5)
NOW = datetime(2026, 1, 7, 2, tzinfo=UTC)
SCRIPT = "<script>alert(1)</script>"
RESULT_COLUMNS = (
    "test_id varchar, leg_id varchar, unit_key varchar, attributes json, entity varchar, "
    "system varchar, asset_id varchar, event_time timestamp, effective_on date, outcome varchar, "
    "reason_code varchar, reason varchar, severity varchar, person_id varchar, vendor_id varchar, "
    "criteria_key varchar, is_in_scope boolean, waiver_id varchar, control_parameters json, "
    "record_keys varchar[], hangs_from date, hangs_to date, counts_from date, counts_to date"
)
#: every way in which a person is named: id, login, address, name, account, and an unknown address
PEOPLE = (
    "E-17", "ada.lovelace@example.com", "Ada Lovelace", "ada-l", "00uADA", "x@stranger.org",
    "Augusta Byron", "900471108154", "old-ada", "900815081508",
)  # fmt: skip
TABLES = f"""
create schema ops; create schema marts; create schema seeds; create schema staging;
create schema intermediate; create schema control_tests; create schema bronze;
create view bronze.okta_system_log as select 1 as outside;
create table ops.warehouse as select '1:models:sources' as version;
create table ops.run (as_of date, period_start date, run_id varchar, code_revision varchar,
  is_sandbox boolean, is_full_refresh boolean);
create table ops.receipts (receipt_id varchar, source_id varchar, sequence bigint, is_new boolean);
create table ops.previous_units (test_id varchar);
create table ops.verdicts ({", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())});
create table ops.built_verdicts (source_id varchar, stream varchar, day date, verdict varchar,
  grade varchar);
create table marts.dim_criterion as select * from (values
  ('soc2', 'CC6.1', 'Access is restricted', 'mixed'), ('soc2', 'CC8.1', 'Changes', 'mixed'),
  ('gdpr', 'A5', 'Principles', 'manual')) t(framework, criterion_id, title, evidence_mode);
create table marts.dim_control_test as select * from (values
  ('CHG-02', 'Reviewed', true), ('IAM-01', 'Second factor', true), ('GOV-01', 'Policy', false))
  t(test_id, title, is_built);
create table marts.dim_control_test_leg as select * from (values
  ('CHG-02', 'approved', 'high', true, false), ('IAM-01', 'enrolled', 'high', true, false),
  ('GOV-01', 'signed', 'low', false, false)) t(test_id, leg_id, severity, is_built, has_failed);
create table seeds.leg_criterion as select * from (values
  ('CHG-02', 'approved', 'soc2', 'CC8.1'), ('IAM-01', 'enrolled', 'soc2', 'CC6.1'),
  ('GOV-01', 'signed', 'soc2', 'CC6.1')) t(test_id, leg_id, framework, criterion_id);
create table intermediate.int_people as select * from (values
  ('E-17', 'ada.lovelace@example.com', 'Ada Lovelace',
   ['github:ada-l', 'okta:ada.lovelace@example.com']))
  t(person_id, work_email, name, logins);
create table staging.stg_okta__account as select '00uADA' as account_id, 'ada-l' as login;
create table marts.fct_register_edits as select * from (values
  ('roster', 'E-17', 'E-17', 'name', 'Augusta Byron', 'Ada Lovelace'),
  ('roster', '900471108154', '900471108154', 'logins', 'okta:old-ada', 'okta:old-ada;github:x'),
  ('controls', 'HL-1', null, 'owner', '900815081508', 'E-17'))
  t(register, row_id, person_id, field, value_before, value_after),
  (select timestamp '2026-01-04 05:00' as first_received_at, timestamp '2026-01-06 05:00' as
   changed_at, []::varchar[] as record_keys);
create table control_tests.all_tests ({RESULT_COLUMNS});
create view marts.fct_test_results as from control_tests.all_tests;
create macro main.coverage(f, a, b) as table (
  select c.framework, c.criterion_id, 'INSUFFICIENT' as status, ['CHG-02.approved'] as mapped_tests,
    2::bigint as population, 1::bigint as passed, 1::bigint as exceptions, 0::bigint as accepted,
    0::bigint as pending, 0::bigint as not_tested, 0::bigint as not_applicable,
    0::bigint as out_of_scope, 0::bigint as leads, 1::bigint as days_complete,
    (cast(b as date) - cast(a as date))::bigint as days_total, ['signed by Ada Lovelace'] as reasons
  from marts.dim_criterion as c where c.framework = f);
create macro main.coverage_counts(f, a, b) as table (
  select 2 as in_scope, 2 as mapped, 0 as tested_complete, 0 as no_exceptions_noted);
"""


@dataclass
class WarehouseFile:
    """A home with one source's receipts, and a warehouse built of them by hand."""

    evidence: EvidenceHome
    receipts: list[Receipt] = field(default_factory=list)

    @classmethod
    def make(cls, root: Path, releases_kept: int = 30) -> WarehouseFile:
        home = EvidenceHome.make(root)
        (root / "muniment.yml").write_text(
            "organisation: Harbourline Health\nsandbox: true\n"
            f"releases_kept: {releases_kept}\nsources:\n"
            "  - {id: okta, kind: okta_system_log, connection: okta}\n",
            encoding="utf-8",
        )
        made = cls(EvidenceHome(root, load(root / "muniment.yml")))
        made.receipts.append(home.receive("okta", [events("a", 3)]))
        home.sign()
        return made

    @property
    def root(self) -> Path:
        return self.evidence.root

    @property
    def settings(self) -> Settings:
        return load(self.root / "muniment.yml")

    @property
    def path(self) -> Path:
        return self.settings.home.local_path(WAREHOUSE_PATH)

    @property
    def key(self) -> str:
        """A record key behind the results."""
        return f"{self.receipts[0].objects[0].sha256}:1#/0"

    def build(self, as_of: date = DAY + timedelta(days=1), run_id: str = "run-1") -> None:
        """Makes the file anew, as a full refresh does; frozen results are not in it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        with connect(self.path) as connection:
            connection.execute(TABLES)
            connection.execute(
                "insert into ops.run values (?, ?, ?, '0.1.0+gabc', true, true)",
                [as_of, DAY, run_id],
            )
            for receipt in self.receipts:
                connection.execute(
                    "insert into ops.receipts values (?, 'okta', ?, false)",
                    [receipt.receipt_id, receipt.sequence],
                )
            self._judge(connection)
            for row in self.results():
                marks = ", ".join("?" * len(row))
                connection.execute(f"insert into control_tests.all_tests values ({marks})", row)

    def results(self) -> list[tuple[Any, ...]]:
        """The rows of the one control test table: an exception and a pass about one person."""
        reason = (
            f"{SCRIPT} @ada-l, 00uADA and Ada Lovelace; ada.lovelace@example.com, x@stranger.org."
        )
        return [
            ("CHG-02", "approved", "org/app|7", json.dumps({"repository": "org/app", "number": 7}),
             "Harbourline Health", "github", "repo-app", datetime(2026, 1, 5, 9), DAY, "EXCEPTION",
             None, reason, "high", "E-17", "V-1", None, True, None, "{}", [self.key], DAY, DAY,
             DAY, DAY),
            ("IAM-01", "enrolled", "00uADA|2026-01-05",
             json.dumps({"account_id": "00uADA", "system": "okta", "date": "2026-01-05"}),
             "Harbourline Health", "okta", None, None, DAY, "PASS", None, "=1+1", "high", "E-17",
             None, None, True, None, "{}", [self.key], DAY, DAY, DAY, DAY),
        ]  # fmt: skip

    def query(self, sql: str, release: int | None = None) -> list[tuple[Any, ...]]:
        with releases.connect(self.settings, release) as connection:
            return connection.execute(sql).fetchall()

    def publish(self, now: datetime = NOW) -> releases.Release:
        return publishing.publish(self.settings, now)

    def publish_and_sign(self, now: datetime = NOW) -> releases.Release:
        run = pipeline.start_run(str(self.root / "muniment.yml"), now=now.isoformat())
        return pipeline.publish(run)

    def _judge(self, connection: Any) -> None:
        receipt = self.receipts[0].receipt_id
        for day, verdict, reason in (
            (DAY, "COMPLETE", ""),
            (DAY + timedelta(days=1), "GAP", "gone"),
        ):
            connection.execute(
                "insert into ops.verdicts by name select 'okta' as source_id, "
                "'okta_system_log' as kind, 'access_events.sign_in' as stream, ?::date as day, "
                "? as verdict, 'argued' as grade, 'cursor_exhausted' as basis, 3 as expected, "
                "3 as received, 0 as quarantined, ? as reason, [?] as receipt_ids, "
                "true as is_sandbox, map {'09': 3} as event_hours, true as is_healable",
                [day, verdict, reason, receipt],
            )
        connection.execute(
            "insert into ops.built_verdicts select source_id, stream, day, verdict, grade "
            "from ops.verdicts"
        )
