"""Withdrawn exceptions: an earlier release found and froze them, and this one no longer finds them.

Configuration, an edited register, other code or late data may take an exception away; none takes
away that it was found. Every release lists them with what it says of the unit instead.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from muniment import database, releases
from muniment.storage import Store

TABLE = "marts.fct_withdrawn_exceptions"
FILE = "withdrawn.parquet"
_UNIT = "test_id, leg_id, unit_key"

#: an exception that became an accepted one is withdrawn too; one whose reason changed is not. What
#: was first found after `as_of` is not yet known to a release of an earlier day.
_CREATE = f"""
create table {TABLE} as
with said as (
  select {_UNIT}, list(outcome) as outcomes, arg_max(outcome, effective_on) as outcome,
         arg_max(reason_code, effective_on) as reason_code, arg_max(reason, effective_on) as reason
  from marts.fct_test_results
  semi join ops.frozen_results using ({_UNIT})
  group by all
)
select {_UNIT}, frozen.attributes, frozen.effective_on,
       coalesce(frozen.counts_from, frozen.effective_on) as counts_from,
       coalesce(frozen.counts_to, frozen.effective_on) as counts_to,
       frozen.outcome, frozen.reason_code, frozen.reason, frozen.severity, frozen.person_id,
       frozen.vendor_id, frozen.record_keys,
       min(first_found_on) over (partition by {_UNIT}) as first_found_on,
       min(first_release) over (partition by {_UNIT}) as first_release,
       null::integer as last_release,
       coalesce(said.outcome, if(legs.has_failed, 'NOT_TESTED', null)) as now_outcome,
       coalesce(said.reason_code, if(legs.has_failed, 'test_failed_to_run', null))
         as now_reason_code,
       coalesce(said.reason, if(legs.has_failed, 'The test failed to run in this build.',
         'No longer a unit of this test.')) as now_reason
from ops.frozen_results as frozen
left join said using ({_UNIT})
left join marts.dim_control_test_leg as legs using (test_id, leg_id)
where frozen.outcome in ('EXCEPTION', 'EXCEPTION_ACCEPTED')
  and first_found_on <= (select as_of from ops.run)
  and not coalesce(list_has_any(said.outcomes, ['EXCEPTION', frozen.outcome]), false)
qualify row_number() over (partition by {_UNIT} order by frozen.first_release desc) = 1
"""
_UNKNOWN = f"select count(*) from {TABLE} where last_release is null"


def record(copy: Path, home: Store, number: int) -> None:
    """Writes the table into the copy that becomes release `number`.

    `last_release` is the newest earlier release that had the exception; NULL where none of those
    whose results are still there did.
    """
    earlier = [known for known in releases.sealed_numbers(home) if known < number]
    with database.connect(copy) as connection:
        connection.execute(_CREATE)
        for known in reversed(earlier):
            if connection.execute(_UNKNOWN).fetchone() == (0,):
                return
            _learn(connection, home, known)


def _learn(connection: duckdb.DuckDBPyConnection, home: Store, number: int) -> None:
    """Fills in what one earlier release knows: by its results, and by its own list."""
    for name, last in (("results.parquet", str(number)), (FILE, "known.last_release")):
        path = f"{releases.folder(number)}/results/{name}"
        if home.exists(path):
            connection.execute(
                f"update {TABLE} as gone set last_release = {last} from read_parquet(?) as known "
                "where gone.last_release is null and known.test_id = gone.test_id "
                "and known.leg_id = gone.leg_id and known.unit_key = gone.unit_key "
                "and known.outcome in ('EXCEPTION', gone.outcome)",
                [home.uri(path)],
            )


def write(copy: Path, folder: Path) -> Path:
    """The table as Parquet, which later releases read and pruning leaves."""
    out = folder / FILE
    with database.connect(copy, is_read_only=True) as connection:
        connection.execute(
            f"copy (from {TABLE} order by all) to '{out}' (format parquet, compression zstd)"
        )
    return out
