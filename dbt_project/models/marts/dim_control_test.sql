-- All control tests of the library; is_built says whether a model for the test exists.
select
  tests.test_id,
  tests.title,
  tests.domain,
  tests.question,
  tests.suggested_control,
  tests.population,
  tests.unit_key,
  tests.exception_definition,
  tests.cadence,
  tests.sample_rule,
  tests.sample_note,
  tests.insufficient_evidence,
  tests.is_spine,
  list_contains({{ built_test_ids() }}, tests.test_id) as is_built,
  failed.test_id is not null as has_failed,
  failed.message as failure
from {{ ref('control_test') }} as tests
left join {{ source('ops', 'failed_tests') }} as failed using (test_id)
