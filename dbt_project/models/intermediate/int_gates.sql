{{ config(materialized='table') }}

-- Every configured source and stream with its unbroken spells of open days: what settle() asks.
-- A day on which a source is retired counts as open where another source of the same system (of
-- registers: any) carries the stream on: then that one is asked, and it is asked in any case. With
-- nobody to carry it on, the day stays shut.
with configured as (
  select
    streams.source_id,
    streams.kind,
    streams.stream,
    systems.system,
    sources.scanner_types,
    if(sources.mode = 'register', 'register', systems.system) as carried_by
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

retired_days as (
  select verdicts.source_id, verdicts.stream, verdicts.day, retired.carried_by, retired.scanner_types
  from {{ source('ops', 'verdicts') }} as verdicts
  inner join configured as retired using (source_id, stream)
  where verdicts.verdict = 'RETIRED'
),

carried_days as (
  select distinct retired.source_id, retired.stream, retired.day
  from retired_days as retired
  inner join configured as others
    on retired.stream = others.stream
    and retired.carried_by = others.carried_by
    and coalesce(list_has_all(others.scanner_types, retired.scanner_types), true)
  anti join retired_days as also_retired
    on others.source_id = also_retired.source_id
    and retired.stream = also_retired.stream
    and retired.day = also_retired.day
),

open_days as (
  select
    source_id,
    stream,
    day,
    day - cast(row_number() over (partition by source_id, stream order by day) as integer) as spell
  from (
    select source_id, stream, day
    from {{ source('ops', 'verdicts') }}
    where verdict in ('COMPLETE', 'EMPTY_CONFIRMED', 'LATE')
    union all
    select source_id, stream, day from carried_days
  )
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
