-- The tests that each stated control names: `ID` or `ID.leg`, each optionally (parameter=value).
with named as (
  select
    control_id,
    in_force_from,
    in_force_to,
    scope,
    record_key,
    unnest(tests) as named_test
  from {{ ref('int_stated_controls') }}
),

parsed as (
  select
    *,
    regexp_extract(
      named_test,
      '^([A-Z]+-\d+)(?:\.([a-z_]+))?\s*(?:\(\s*([a-z_]+)\s*=\s*(.*?)\s*\))?$',
      ['test_id', 'leg_id', 'parameter', 'stated_value']
    ) as part
  from named
)

select
  control_id,
  named_test,
  nullif(part.test_id, '') as test_id,
  nullif(part.leg_id, '') as leg_id,
  nullif(part.parameter, '') as parameter,
  if(
    part.parameter = '', null,
    coalesce(try_cast(part.stated_value as json), to_json(part.stated_value))
  ) as value,
  scope,
  in_force_from,
  in_force_to,
  record_key
from parsed
