{#- Leg rewrite: on each day no protected branch was forced, deleted or replaced. -#}
{% macro chg_05_rewrite(movements, arrivals, descents) -%}
-- a movement that leaves nothing of what it found: none of what it brought descends from it
with detached as (
  select movements.repository, movements.branch, movements.position
  from {{ movements }} as movements
  inner join {{ arrivals }} as arrivals using (repository, branch, position)
  left join {{ descents }} as descents
    on arrivals.repository = descents.repository
    and arrivals.commit_sha = descents.commit_sha
    and movements.before_revision = descents.parent
  where movements.before_revision is not null and arrivals.is_reported
  group by all
  having bool_and(arrivals.is_known) and count(descents.parent) = 0
),

calendar as (
  select cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as day
  from {{ ref('int_judged_days') }}
),

branch_days as (
  select
    branches.repository,
    branches.branch,
    calendar.day,
    min(branches.source_id) as source_id,
    min(branches.system) as system,
    min(branches.entity) as entity
  from {{ ref('int_repositories') }} as branches
  inner join calendar
    on calendar.day between branches.valid_from and branches.valid_to
    and calendar.day >= coalesce(branches.created_on, branches.valid_from)
  where {{ is_affected('CHG-05', 'calendar.day') }}
  group by all
),

moved_days as (
  select
    movements.repository,
    movements.branch,
    movements.moved_on as day,
    bool_or(movements.basis = 'ref_tips') as is_by_tips,
    count(*) as movement_count,
    list(movements.record_key order by movements.position) as record_keys,
    list({
      'kind': if(
        movements.update_kind in ('force_push', 'branch_deletion'), movements.update_kind,
        'not_descendant'
      ),
      'before': movements.before_revision, 'after': movements.after_revision,
      'moved_at': movements.moved_at, 'person_id': movements.person_id,
      'vendor_id': movements.vendor_id
    } order by movements.position) filter (
      where movements.update_kind in ('force_push', 'branch_deletion')
        or detached.position is not null
    ) as rewrites
  from {{ movements }} as movements
  left join detached using (repository, branch, position)
  where movements.unclear_field is distinct from 'at'
  group by all
),

-- the days on which a movement happened, or may have, of which the feed left something out
unclear_days as (
  select
    repository,
    branch,
    day,
    min(unclear_field) as unclear_field,
    list(record_key order by position) as record_keys
  from (
    select
      *,
      cast(unnest(generate_series(moved_after, moved_on, interval 1 day)) as date) as day
    from {{ ref('int_ref_updates') }}
    where unclear_field is not null
  )
  group by all
),

broken_days as (
  select repository, branch, day, count(*) as break_count
  from {{ ref('int_ref_updates_broken_days') }}
  group by all
),

-- the days for which somebody read what moved the branch: a listing of repositories that leaves one
-- out proves nothing about it
readings as (
  select distinct
    receipts.window_start,
    receipts.window_end,
    lower(asked.context ->> '$.repository') as repository,
    asked.context ->> '$.branch' as branch
  from {{ ref('stg_request') }} as asked
  inner join {{ source('ops', 'receipts') }} as receipts using (receipt_id)
  where receipts.kind = 'github_pulls' and asked.shape = 'activity'
),

read_days as (
  select distinct
    repository,
    branch,
    cast(unnest(generate_series(
      cast(window_start as date), cast(window_end as date) - 1, interval 1 day
    )) as date) as day
  from readings
),

rewrite_ruled as (
  select
    branch_days.*,
    assets.asset_id,
    assets.is_in_scope,
    assets.record_key as asset_record_key,
    unclear.unclear_field,
    moved.rewrites[1] as first_rewrite,
    coalesce(len(moved.rewrites), 0) as rewrite_count,
    coalesce(moved.movement_count, 0) as movement_count,
    case
      when len(moved.rewrites) > 0 then 'rewrite'
      when unclear.day is not null then 'unclear'
      when broken.day is not null then 'chain_break'
      when tips.repository is not null then 'tips'
      when reads.day is null then 'unread'
      else 'pass'
    end as ruling,
    if(ruling = 'unclear', unclear.record_keys, moved.record_keys) as record_keys
  from branch_days
  left join moved_days as moved using (repository, branch, day)
  left join unclear_days as unclear using (repository, branch, day)
  left join broken_days as broken using (repository, branch, day)
  left join (
    select distinct repository from {{ ref('int_ref_updates') }} where basis = 'ref_tips'
  ) as tips using (repository)
  left join read_days as reads
    on lower(branch_days.repository) = reads.repository
    and branch_days.branch = reads.branch
    and branch_days.day = reads.day
  left join {{ ref('int_repository_assets') }} as assets
    on lower(branch_days.repository) = assets.repository
    and branch_days.day between assets.valid_from and assets.valid_to
)

select
  'rewrite' as leg_id,
  concat_ws('||', repository, branch, day) as unit_key,
  json_object('repository', repository, 'branch', branch, 'date', cast(day as varchar))
    as attributes,
  entity,
  system,
  asset_id,
  coalesce(first_rewrite.moved_at, cast(day as timestamp)) as event_time,
  day as effective_on,
  case ruling when 'rewrite' then 'EXCEPTION' when 'pass' then 'PASS' else 'NOT_TESTED' end
    as proposed,
  case ruling
    when 'rewrite' then first_rewrite.kind
    when 'chain_break' then 'source_gap'
    when 'unread' then 'source_gap'
    when 'unclear' then 'null_field'
    when 'tips' then 'bounded'
  end as reason_code,
  concat(branch, ' of ', repository, ': ', case ruling
    when 'rewrite' then concat(
      rewrite_count, ' of ', movement_count, ' movements did not keep what was there; the first (',
      first_rewrite.kind, ') went from revision ',
      coalesce(left(first_rewrite.before, 7), 'none'), ' to ',
      coalesce(left(first_rewrite.after, 7), 'none')
    )
    when 'chain_break'
      then 'the chain of before and after revisions is broken here: a movement is missing'
    when 'tips'
      then 'seen by one tip a day: a rewrite undone between two tips would leave no trace'
    when 'unclear' then concat(
      'change_events.ref_update.', unclear_field, ': a movement that may be of this day does not ',
      'state it'
    )
    when 'unread' then 'nobody read its activity of that day: the listing of repositories left it out'
    else concat(movement_count, ' movements that day, none forced, no deletion')
  end) as reason,
  first_rewrite.person_id as person_id,
  first_rewrite.vendor_id as vendor_id,
  cast(null as varchar) as criteria_key,
  is_in_scope,
  cast(null as json) as parameters,
  list_filter(
    list_append(record_keys, asset_record_key), lambda record_key: record_key is not null
  ) as record_keys,
  [
    {{ need('change_events.ref_update', 'day', 'day', system='system') }},
    {{ need('assets.asset', 'day', 'day') }}
  ] as needs,
  day as hangs_from,
  day as hangs_to
from rewrite_ruled
{%- endmacro %}
