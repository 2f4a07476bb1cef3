-- Exceptions, those that matter most first: severity, then age. A diagnostic one belongs to a leg
-- that no stated control uses: shown, and never setting a criterion's status.
with ranked as (
  select
    results.*,
    run.as_of - results.effective_on as age_days,
    list_position(['critical', 'high', 'medium', 'low'], results.severity) as severity_rank
  from {{ ref('fct_test_results') }} as results
  cross join {{ source('ops', 'run') }} as run
  where results.outcome in ('EXCEPTION', 'EXCEPTION_ACCEPTED')
)

select
  row_number() over (
    order by
      ranked.outcome = 'EXCEPTION_ACCEPTED',
      ranked.severity_rank nulls last,
      ranked.effective_on,
      ranked.test_id,
      ranked.leg_id,
      ranked.unit_key
  ) as rank,
  ranked.test_id,
  ranked.leg_id,
  tests.title,
  ranked.unit_key,
  ranked.attributes,
  ranked.entity,
  ranked.system,
  ranked.asset_id,
  ranked.event_time,
  ranked.effective_on,
  ranked.age_days,
  ranked.outcome,
  ranked.reason_code,
  ranked.reason,
  ranked.severity,
  ranked.person_id,
  ranked.vendor_id,
  ranked.waiver_id,
  ranked.record_keys,
  not legs.is_stated as is_diagnostic
from ranked
inner join {{ ref('dim_control_test') }} as tests using (test_id)
inner join {{ ref('dim_control_test_leg') }} as legs using (test_id, leg_id)
