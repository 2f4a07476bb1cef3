-- Days per ledger stream that something has touched since the last successful build: windows of
-- new receipts, event days of newly staged rows, changed verdicts, corrected registers.
{{ config(materialized='table', schema='ops') }}

with new_receipts as (
  select * from {{ source('ops', 'receipts') }} where is_new
),

bounds as (
  select
    least(
      (select min(day) from {{ source('ops', 'verdicts') }}),
      (select min(effective_on) from {{ source('ops', 'previous_units') }}),
      any_value(run.period_start)
    ) as first_day,
    greatest((select max(day) from {{ source('ops', 'verdicts') }}), any_value(run.as_of)) as last_day
  from {{ source('ops', 'run') }} as run
),

windows as (
  select
    streams.stream,
    receipts.window_start as first_day,
    receipts.window_end - 1 as last_day
  from new_receipts as receipts
  inner join {{ source('ops', 'source_streams') }} as streams using (source_id)
  where receipts.kind != 'register'
),

verdicts as (
  select
    stream,
    day
  from {{ source('ops', 'verdicts') }} as verdicts
  full join {{ source('ops', 'built_verdicts') }} as built using (source_id, stream, day)
  where
    verdicts.verdict is distinct from built.verdict
    or verdicts.grade is distinct from built.grade
),

findings as (
  select
    finding_key,
    min(event_day) as first_day,
    min(event_day) filter (where receipt_id not in (select receipt_id from new_receipts))
      as first_day_before
  from {{ ref('int_finding_reports') }}
  group by finding_key
  having bool_or(receipt_id in (select receipt_id from new_receipts))
),

-- days that no build has judged yet, though a snapshot or a file of theirs may have been staged;
-- snapshots reach a day further than the last day that was judged
newly_ended as (
  select
    feeds.stream,
    cast(unnest(generate_series(built.last_day, bounds.last_day, interval 1 day)) as date) as day
  from (select max(day) - 1 as last_day from {{ source('ops', 'built_verdicts') }}) as built
  cross join bounds
  cross join (select distinct stream from {{ source('ops', 'kind_streams') }}) as feeds
  where built.last_day <= bounds.last_day
),

registers as (
  select
    'roster' as stream,
    cast(coalesce({{ earliest('start_at') }}, timestamp '1900-01-01') as date) as first_day,
    cast(coalesce({{ latest('end_at') }}, timestamp '9999-12-31') as date) as last_day
  from ({{ register_history('stg_register__roster') }})
  where {{ is_new_version() }}
  union all
  -- whose an account is counts for all days, and so does a link that came or went
  select 'roster', date '1900-01-01', date '9999-12-31'
  from {{ ref('int_person_logins') }}
  where list_has_any(linked_by, (select list(receipt_id) from new_receipts))
  union all
  select 'roster', date '1900-01-01', date '9999-12-31'
  from ({{ register_history('stg_register__link') }})
  where {{ is_new_version() }}
  union all
  select 'assets.asset', valid_from, valid_to
  from {{ ref('int_assets') }}
  where first_receipt_id in (select receipt_id from new_receipts)
  union all
  select 'assets.asset', cast(received_to as date), date '9999-12-31'
  from ({{ register_history('stg_register__asset') }})
  where last_receipt_id in (select receipt_id from new_receipts)
  union all
  select 'controls', in_force_from, in_force_to
  from {{ ref('int_stated_controls') }}
  where first_receipt_id in (select receipt_id from new_receipts)
  union all
  select 'controls', cast(received_to as date), date '9999-12-31'
  from ({{ register_history('stg_register__control') }})
  where last_receipt_id in (select receipt_id from new_receipts)
  union all
  select
    'waivers',
    cast(received_from as date),
    cast(coalesce({{ latest('expires_at') }}, timestamp '9999-12-31') as date)
  from ({{ register_history('stg_register__waiver') }})
  where {{ is_new_version() }}
),

ranges as (
  select * from windows
  union all
  select * from registers
),

bounded as (
  select distinct
    ranges.stream,
    greatest(ranges.first_day, bounds.first_day) as first_day,
    least(ranges.last_day, bounds.last_day) as last_day
  from ranges
  cross join bounds
),

days as (
  select
    stream,
    cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as day
  from bounded
  where first_day <= last_day
  union all
  select stream, day from verdicts
  union all
  select stream, day from newly_ended
  union all
  -- a break in the chain of a branch shows only when a later movement arrives
  select 'change_events.ref_update' as stream, day
  from {{ ref('int_ref_updates_broken_days') }}
  where receipt_id in (select receipt_id from new_receipts)
  union all
  -- a movement that states no time stands for every day of its window, until a reading states one
  select
    'change_events.ref_update' as stream,
    cast(
      unnest(generate_series(receipts.window_start, receipts.window_end - 1, interval 1 day)) as date
    ) as day
  from {{ ref('stg_github__ref_update') }} as undated
  inner join {{ source('ops', 'receipts') }} as receipts using (receipt_id)
  where
    undated.updated_at is null
    and undated.ref_update_id in (
      select stated.ref_update_id
      from {{ ref('stg_github__ref_update') }} as stated
      where stated.receipt_id in (select receipt_id from new_receipts)
    )
  union all
  -- a finding is judged on the day on which it was first seen, and was before this build
  select 'findings.finding' as stream, unnest([first_day, first_day_before]) as day
  from findings
  {%- for entry in staged_days() %}
  {%- for days in entry.days %}
  union all
  select unnest({{ entry.feeds }}) as stream, cast({{ days }} as date) as day
  from {{ ref(entry.model) }}
  where
    {% if entry.key -%}
    {{ entry.key }} in (
      select {{ entry.key }} from {{ ref(entry.model) }} where {{ is_new_row(entry) }}
    )
    {%- else -%}
    {{ is_new_row(entry) }}
    {%- endif %}
  {%- endfor %}
  {%- endfor %}
)

select distinct stream, day from days where day is not null
union
select distinct 'extraction_manifest' as stream, day from days where day is not null
