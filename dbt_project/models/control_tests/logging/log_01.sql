{{ control_test_config('LOG-01') }}

-- Baseline of leg volume: the same hour of the same weekday in the eight weeks before, where at
-- least three of them are known (project default; the library names no length).
{%- set baseline_days = 56 %}
{%- set baseline_least = 3 %}
{%- set proofs = "('hash_chain', 'sequence', 'cursor_exhausted', 'total_count')" %}

with run as (
  select * from {{ source('ops', 'run') }}
),

source_days as (
  select
    source_id,
    day,
    any_value(entity) as entity,
    bool_and(verdict in ('COMPLETE', 'EMPTY_CONFIRMED', 'LATE')) as is_open,
    bool_and(verdict = 'RETIRED') as is_retired,
    bool_and(coalesce(basis in {{ proofs }}, false)) as is_proven,
    bool_or(coalesce(basis in ('hash_chain', 'sequence') and received < expected, false))
      as is_broken,
    bool_and(is_stated_later) as is_stated_later,
    max(first_open_at) as open_at,
    string_agg(distinct verdict, ', ' order by verdict) as verdicts,
    string_agg(distinct reason, '; ' order by reason) as reasons,
    list(event_hours) as event_hours
  from {{ source('ops', 'verdicts') }}
  where
    day <= (select as_of from run)
    and (
      {{ is_affected('LOG-01', 'day') }}
      {%- if is_incremental() %}
      or exists (
        select 1 from {{ ref('int_affected_days') }} as affected
        where
          affected.test_id = 'LOG-01'
          and day between affected.day - {{ baseline_days }} and affected.day
      )
      {%- endif %}
    )
  group by source_id, day
),

days as (
  select distinct day from source_days where {{ is_affected('LOG-01', 'day') }}
),

tenants as (
  select source_id, max_by(tenant, sequence) as tenant
  from {{ source('ops', 'receipts') }}
  where tenant is not null
  group by source_id
),

-- log sources of the inventory, with the configured source that reads them, if any
inventory as (
  select
    assets.asset_id as log_source_id,
    assets.asset_id,
    assets.entity,
    assets.is_in_scope,
    assets.record_key,
    assets.valid_from,
    assets.valid_to,
    min(sources.source_id) as source_id
  from {{ ref('int_assets') }} as assets
  left join tenants on assets.native_id = tenants.tenant
  left join {{ source('ops', 'sources') }} as sources
    on sources.mode = 'event'
    and sources.source_id in (assets.native_id, tenants.source_id)
  where assets.type = 'log_source'
  group by all
),

log_sources as (
  select * from inventory
  union all
  select
    sources.source_id,
    null,
    sources.entity,
    true,
    null,
    date '1900-01-01',
    date '9999-12-31',
    sources.source_id
  from {{ source('ops', 'sources') }} as sources
  where
    sources.is_required
    and sources.mode = 'event'
    and sources.source_id not in (
      select inventory.source_id from inventory where inventory.source_id is not null
    )
),

hours as (
  select
    source_days.source_id,
    source_days.day,
    clock.hour,
    source_days.is_open,
    cast(list_sum(list_transform(
      source_days.event_hours,
      lambda counted: coalesce(counted[lpad(cast(clock.hour as varchar), 2, '0')], 0)
    )) as bigint) as records
  from source_days
  cross join (select unnest(range(24)) as hour) as clock
),

log_source_hours as (
  select
    log_sources.*,
    days.day,
    clock.hour,
    strftime(days.day, '%Y-%m-%d') || 'T' || lpad(cast(clock.hour as varchar), 2, '0') as hour_text
  from log_sources
  inner join days on days.day between log_sources.valid_from and log_sources.valid_to
  cross join (select unnest(range(24)) as hour) as clock
),

provider as (
  select
    'provider' as leg_id,
    units.log_source_id || '|' || units.hour_text as unit_key,
    json_object('log_source_id', units.log_source_id, 'hour', units.hour_text) as attributes,
    units.entity,
    systems.system,
    units.asset_id,
    cast(units.day as timestamp) + to_hours(units.hour) as event_time,
    units.day as effective_on,
    case
      when units.source_id is null then 'NOT_TESTED'
      when source_days.is_broken and hours.records = 0 then 'EXCEPTION'
      when source_days.source_id is null or not source_days.is_open then 'NOT_TESTED'
      when hours.records > 0 or source_days.is_proven then 'PASS'
      else 'NOT_TESTED'
    end as proposed,
    case
      when units.source_id is null then 'not_connected'
      when source_days.is_broken and hours.records = 0 then 'PROVIDER_BREAK'
      when source_days.source_id is null or not source_days.is_open then 'source_gap'
      when hours.records = 0 and not source_days.is_proven then 'null_field'
    end as reason_code,
    case
      when units.source_id is null then 'No configured source reads this log source'
      when source_days.is_broken and hours.records = 0
        then 'The provider''s own sequence or digest shows records that are missing: '
          || coalesce(source_days.reasons, 'no detail')
      when source_days.source_id is null or not source_days.is_open
        then units.source_id || ': not collected on ' || units.day
          || coalesce(' (' || source_days.reasons || ')', '')
      when hours.records > 0 then hours.records || ' records in the hour'
      when source_days.is_proven
        then 'No record in the hour, and the source proves that none is missing; whether it must '
          || 'write in every hour (heartbeat) is stated nowhere, and not tested'
      else 'extraction_manifest.basis: no record in the hour and no proof (null_field: proof)'
    end as reason,
    cast(null as varchar) as person_id,
    cast(null as varchar) as vendor_id,
    cast(null as varchar) as criteria_key,
    units.is_in_scope,
    cast('{}' as json) as parameters,
    if(units.record_key is null, cast([] as varchar[]), [units.record_key]) as record_keys,
    if(
      units.asset_id is null,
      {{ no_needs() }},
      [{{ need('assets.asset', 'units.day', 'units.day') }}]
    ) as needs,
    units.day as hangs_from,
    units.day as hangs_to
  from log_source_hours as units
  left join source_days
    on units.source_id = source_days.source_id and units.day = source_days.day
  left join hours
    on units.source_id = hours.source_id
    and units.day = hours.day
    and units.hour = hours.hour
  left join {{ ref('int_source_systems') }} as systems on units.source_id = systems.source_id
),

-- every source that must be read: those marked required and those behind an inventoried log source
watched_days as (
  select
    source_days.*,
    cast(source_days.day as timestamp) + interval 1 day as ended_at,
    try_cast(
      {{ parameter('LOG-01', 'max_lag_h', 'null', 'source_days.day', 'collector') }} ->> '$'
      as integer
    ) as max_lag_h
  from source_days
  inner join days using (day)
  where source_days.source_id in (
    select source_id from {{ source('ops', 'sources') }} where is_required
    union all
    select source_id from log_sources
  )
),

timed as (
  select
    watched_days.*,
    ended_at + to_hours(max_lag_h) as due_at,
    cast(run.as_of as timestamp) + interval 1 day as as_of_at
  from watched_days
  cross join run
),

collector as (
  select
    'collector' as leg_id,
    source_id || '|' || day as unit_key,
    json_object('source_id', source_id, 'day', strftime(day, '%Y-%m-%d')) as attributes,
    entity,
    'muniment-self' as system,
    cast(null as varchar) as asset_id,
    ended_at as event_time,
    day as effective_on,
    case
      when is_retired or (is_open and is_stated_later) then 'NOT_APPLICABLE'
      when is_open and open_at <= due_at then 'PASS'
      when max_lag_h is null or (is_open and open_at is null) then 'NOT_TESTED'
      when not is_open and due_at > as_of_at then 'PENDING'
      else 'EXCEPTION'
    end as proposed,
    case
      when is_retired then 'retired'
      when is_open and is_stated_later then 'not_required'
      when is_open and open_at <= due_at then null
      when max_lag_h is null or (is_open and open_at is null) then 'null_field'
      when not is_open and due_at > as_of_at then null
      when is_open then 'COLLECTED_LATE'
      else 'NOT_COLLECTED'
    end as reason_code,
    case
      when is_retired then reasons
      when is_open and is_stated_later
        then 'A register speaks for this day, which lies before its first receipt'
      when max_lag_h is null then 'LOG-01.max_lag_h was never given'
      when is_open and open_at is null
        then 'extraction_manifest.received_at: nobody knows when the day became complete'
      when is_open
        then 'Became ' || verdicts || ' at ' || open_at || ', due ' || due_at
      else verdicts || ', due ' || due_at || coalesce(': ' || reasons, '')
    end as reason,
    cast(null as varchar) as person_id,
    cast(null as varchar) as vendor_id,
    cast(null as varchar) as criteria_key,
    true as is_in_scope,
    json_object('max_lag_h', max_lag_h) as parameters,
    cast([] as varchar[]) as record_keys,
    {{ no_needs() }} as needs,
    -- the day's leads (leg volume) hang on the days of their baseline
    day - {{ baseline_days }} as hangs_from,
    day as hangs_to
  from timed
),

baselines as (
  select
    hours.source_id,
    hours.day,
    hours.hour,
    hours.records,
    median(earlier.records) as usual,
    count(earlier.records) as known
  from hours
  inner join watched_days using (source_id, day)
  inner join {{ source('ops', 'sources') }} as sources
    on hours.source_id = sources.source_id and sources.mode = 'event'
  inner join hours as earlier
    on hours.source_id = earlier.source_id
    and hours.hour = earlier.hour
    and earlier.is_open
    and earlier.day between hours.day - {{ baseline_days }} and hours.day - 7
    and (hours.day - earlier.day) % 7 = 0
  where hours.is_open
  group by all
),

compared as (
  select
    baselines.*,
    strftime(day, '%Y-%m-%d') || 'T' || lpad(cast(hour as varchar), 2, '0') as hour_text,
    try_cast(
      {{ parameter('LOG-01', 'low_volume_pct', 'null', 'baselines.day', 'volume') }} ->> '$'
      as double
    ) as low_volume_pct
  from baselines
  where known >= {{ baseline_least }}
),

volume as (
  select
    'volume' as leg_id,
    compared.source_id || '|' || hour_text as unit_key,
    json_object('source_id', compared.source_id, 'hour', hour_text) as attributes,
    sources.entity,
    'muniment-self' as system,
    cast(null as varchar) as asset_id,
    cast(compared.day as timestamp) + to_hours(compared.hour) as event_time,
    compared.day as effective_on,
    'LEAD' as proposed,
    'LOW_VOLUME' as reason_code,
    records || ' records; the same hour of the same weekday usually has ' || usual as reason,
    cast(null as varchar) as person_id,
    cast(null as varchar) as vendor_id,
    cast(null as varchar) as criteria_key,
    true as is_in_scope,
    json_object('low_volume_pct', low_volume_pct) as parameters,
    cast([] as varchar[]) as record_keys,
    {{ no_needs() }} as needs,
    compared.day - {{ baseline_days }} as hangs_from,
    compared.day as hangs_to
  from compared
  inner join {{ source('ops', 'sources') }} as sources using (source_id)
  where records * 100 < usual * low_volume_pct
)

{{ settle('LOG-01', ['provider', 'collector', 'volume'], scope_unread=['collector', 'volume']) }}
