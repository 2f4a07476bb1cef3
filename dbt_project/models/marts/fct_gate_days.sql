-- Leg x day: is every source of every stream that the leg reads complete on that day?
with run as (
  select * from {{ source('ops', 'run') }}
),

days as (
  select distinct day from {{ source('ops', 'verdicts') }}
  where day <= (select as_of from run)
),

stream_days as (
  select
    streams.stream,
    days.day,
    bool_and(coalesce(verdicts.verdict in ('COMPLETE', 'EMPTY_CONFIRMED', 'LATE'), false))
      as is_open,
    bool_or(verdicts.grade = 'asserted') as is_asserted,
    min(streams.source_id || ': ' || streams.stream) filter (
      where coalesce(verdicts.verdict not in ('COMPLETE', 'EMPTY_CONFIRMED', 'LATE'), true)
    ) as shut_by
  from {{ source('ops', 'source_streams') }} as streams
  cross join days
  left join {{ source('ops', 'verdicts') }} as verdicts
    on streams.source_id = verdicts.source_id
    and streams.stream = verdicts.stream
    and days.day = verdicts.day
  group by streams.stream, days.day
)

select
  legs.test_id,
  legs.leg_id,
  days.day,
  coalesce(
    bool_and(coalesce(stream_days.is_open, false)) filter (where needed.stream is not null), true
  ) as is_open,
  coalesce(bool_or(stream_days.is_asserted), false) as is_asserted,
  coalesce(
    min(stream_days.shut_by),
    min('no source of ' || needed.stream) filter (where not needed.is_configured)
  ) as shut_by
from {{ ref('control_test_leg') }} as legs
cross join days
left join {{ ref('int_leg_streams') }} as needed using (test_id, leg_id)
left join stream_days on needed.stream = stream_days.stream and days.day = stream_days.day
group by legs.test_id, legs.leg_id, days.day
