-- All legs: whether they are built, ran, and have every source that they need.
with streams as (
  select
    test_id,
    leg_id,
    list(stream order by stream) as streams,
    list(stream order by stream) filter (where not is_configured) as missing_streams
  from {{ ref('int_leg_streams') }}
  group by test_id, leg_id
)

select
  legs.test_id,
  legs.leg_id,
  legs.logic,
  legs.unit_key,
  legs.severity,
  legs.is_leads_only,
  legs.spine,
  tests.is_built,
  tests.has_failed,
  coalesce(streams.streams, []) as streams,
  coalesce(streams.missing_streams, []) as missing_streams,
  coalesce(len(streams.missing_streams), 0) = 0 as is_connected,
  exists (
    select 1 from {{ ref('int_stated_control_tests') }} as stated
    where
      stated.test_id = legs.test_id
      and (stated.leg_id is null or stated.leg_id = legs.leg_id)
  ) as is_stated
from {{ ref('control_test_leg') }} as legs
inner join {{ ref('dim_control_test') }} as tests using (test_id)
left join streams using (test_id, leg_id)
