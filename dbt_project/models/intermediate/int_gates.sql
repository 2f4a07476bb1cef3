{{ config(materialized='table') }}

-- Every configured source and stream with its unbroken spells of open days: what settle() asks.
with configured as (
  select
    streams.source_id,
    streams.kind,
    streams.stream,
    systems.system,
    sources.scanner_types
  from {{ source('ops', 'source_streams') }} as streams
  inner join {{ source('ops', 'sources') }} as sources using (source_id)
  left join {{ ref('int_source_systems') }} as systems using (source_id)
),

known as (
  select
    verdicts.source_id,
    verdicts.stream,
    max(verdicts.day) as newest_day
  from {{ source('ops', 'verdicts') }} as verdicts
  group by verdicts.source_id, verdicts.stream
),

open_days as (
  select
    source_id,
    stream,
    day,
    day - cast(row_number() over (partition by source_id, stream order by day) as integer) as spell
  from {{ source('ops', 'verdicts') }}
  where verdict in ('COMPLETE', 'EMPTY_CONFIRMED', 'LATE')
),

spells as (
  select
    source_id,
    stream,
    min(day) as open_from,
    max(day) as open_to
  from open_days
  group by source_id, stream, spell
)

select
  configured.source_id,
  configured.kind,
  configured.stream,
  configured.system,
  configured.scanner_types,
  greatest(run.as_of, known.newest_day) as newest_day,
  spells.open_from,
  spells.open_to
from configured
cross join {{ source('ops', 'run') }} as run
left join known using (source_id, stream)
left join spells using (source_id, stream)
