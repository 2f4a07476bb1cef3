-- Leg x day: is every source of every stream that the leg reads complete on that day? One that is
-- retired is not asked; a stream of which every source is retired is shut.
with run as (
  select * from {{ source('ops', 'run') }}
),

days as (
  select distinct day from {{ source('ops', 'verdicts') }}
  where day <= (select as_of from run)
),

source_days as (
  select
    streams.stream,
    days.day,
    streams.source_id,
    verdicts.grade,
    coalesce(verdicts.verdict in ('COMPLETE', 'EMPTY_CONFIRMED', 'LATE'), false) as is_open,
    coalesce(verdicts.verdict = 'RETIRED', false) as is_retired,
    bool_and(coalesce(verdicts.verdict = 'RETIRED', false)) over (
      partition by streams.stream, days.day
    ) as is_abandoned
  from {{ source('ops', 'source_streams') }} as streams
  cross join days
  left join {{ source('ops', 'verdicts') }} as verdicts
    on streams.source_id = verdicts.source_id
    and streams.stream = verdicts.stream
    and days.day = verdicts.day
),

stream_days as (
  select
    stream,
    day,
    bool_and(is_open) as is_open,
    bool_or(grade = 'asserted') as is_asserted,
    min(source_id || ': ' || stream) filter (where not is_open) as shut_by
  from source_days
  where not is_retired or is_abandoned
  group by stream, day
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
