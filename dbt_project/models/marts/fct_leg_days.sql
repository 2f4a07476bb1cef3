-- Unit results counted by leg, mapping value and the days that they count for: small, so that any
-- period answers at once.
select
  test_id,
  leg_id,
  criteria_key,
  counts_from,
  counts_to,
  count(*) filter (where outcome != 'LEAD') as population,
  count(*) filter (where outcome = 'PASS') as passed,
  count(*) filter (where outcome = 'EXCEPTION') as exceptions,
  count(*) filter (where outcome = 'EXCEPTION_ACCEPTED') as accepted,
  count(*) filter (where outcome = 'PENDING') as pending,
  count(*) filter (where outcome = 'NOT_TESTED') as not_tested,
  count(*) filter (where outcome = 'NOT_TESTED' and reason_code = 'not_connected')
    as not_connected,
  count(*) filter (where outcome = 'NOT_APPLICABLE' and reason_code != 'out_of_scope')
    as not_applicable,
  count(*) filter (where outcome = 'NOT_APPLICABLE' and reason_code = 'out_of_scope')
    as out_of_scope,
  count(*) filter (where outcome = 'LEAD') as leads,
  list(distinct reason_code order by reason_code) filter (where outcome = 'NOT_TESTED')
    as not_tested_reasons
from {{ ref('fct_test_results') }}
group by test_id, leg_id, criteria_key, counts_from, counts_to
