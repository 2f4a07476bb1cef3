-- The days whose units are judged: from the ledger's first day to the last ended day.
select
  coalesce(
    (select min(day) from {{ source('ops', 'verdicts') }}), any_value(run.period_start)
  ) as first_day,
  any_value(run.as_of) as last_day
from {{ source('ops', 'run') }} as run
