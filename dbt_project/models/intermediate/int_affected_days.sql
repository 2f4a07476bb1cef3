-- Days whose units are judged again, per control test: a stream that the test reads was touched on
-- the day itself or on a day that an earlier result of that day hangs on, or a unit is PENDING.
{{ config(materialized='table', schema='ops') }}

with test_streams as (
  select distinct test_id, stream from {{ ref('leg_field') }}
  union
  -- every test looks up waivers, stated parameters and its assets' scope
  select test_id, unnest(['waivers', 'controls', 'assets.asset']) as stream
  from {{ ref('control_test') }}
),

changed as (
  select distinct test_streams.test_id, days.day
  from {{ ref('int_changed_days') }} as days
  inner join test_streams using (stream)
),

previous as (
  select * from {{ source('ops', 'previous_units') }}
)

select test_id, day from changed
union
select previous.test_id, previous.effective_on as day
from previous
inner join changed
  on previous.test_id = changed.test_id
  and changed.day between previous.hangs_from and previous.hangs_to
union
select test_id, effective_on as day from previous where has_pending
