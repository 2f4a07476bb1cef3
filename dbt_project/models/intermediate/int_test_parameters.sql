{{ config(materialized='table') }}

-- Every value that a parameter can have: the library's default and what stated controls override.
-- The highest precedence wins: a narrower scope before a wider one, the later statement before
-- the earlier.
with stated as (
  select
    test_id,
    leg_id,
    parameter as name,
    value,
    scope,
    in_force_from,
    in_force_to,
    control_id,
    record_key
  from {{ ref('int_stated_control_tests') }}
  where test_id is not null and parameter is not null
),

ranked as (
  select
    *,
    row_number() over (
      partition by test_id, name
      order by
        if(len(scope) = 0, 0, 1), len(scope) desc, in_force_from, control_id desc, record_key
    ) as precedence
  from stated
)

select
  test_id,
  cast(null as varchar) as leg_id,
  name,
  cast(null as varchar) as asset_id,
  cast(default_value as json) as value,
  0 as precedence,
  date '1900-01-01' as in_force_from,
  date '9999-12-31' as in_force_to,
  'default: ' || source as stated_by,
  cast(null as varchar) as record_key
from {{ ref('test_parameter') }}
where default_value != 'null'
union all
select
  test_id,
  leg_id,
  name,
  unnest(if(len(scope) = 0, [null], scope)) as asset_id,
  value,
  cast(precedence as integer) as precedence,
  in_force_from,
  in_force_to,
  'control ' || control_id as stated_by,
  record_key
from ranked
