{{ config(materialized='table') }}

-- Movements of branches in the order in which they happened. Basis `activity` (the platform's feed,
-- with actor and time) comes first; a repository that no feed covers has basis `ref_tips`: one
-- movement a day on which the tip differs from the tip before, without actor, with the day as time.
with activity as (
  select
    source_id,
    repository,
    branch,
    'activity' as basis,
    ref_update_id,
    before_revision,
    after_revision,
    update_kind,
    actor_login,
    actor_type,
    updated_at as moved_at,
    event_day as moved_on,
    event_day as moved_after,
    receipt_id,
    record_key
  from {{ ref('stg_github__ref_update') }}
  where not is_duplicate
    and repository is not null
    and branch is not null
    and updated_at is not null
  -- two sources may report one movement
  qualify row_number() over (
    partition by repository, branch, coalesce(cast(ref_update_id as varchar), record_key)
    order by received_at, source_id, sequence, record_key
  ) = 1
),

tips as (
  select
    source_id,
    repository,
    branch,
    'ref_tips' as basis,
    cast(null as bigint) as ref_update_id,
    lag(tip_revision) over by_day as before_revision,
    tip_revision as after_revision,
    'tip' as update_kind,
    cast(null as varchar) as actor_login,
    cast(null as varchar) as actor_type,
    cast(event_day as timestamp) as moved_at,
    event_day as moved_on,
    lag(event_day) over by_day as moved_after,
    receipt_id,
    record_key
  from (
    select *
    from {{ ref('stg_git__ref_tip') }}
    where not is_duplicate and repository is not null and branch is not null
    qualify row_number() over (
      partition by repository, branch, event_day order by received_at desc, record_key
    ) = 1
  )
  where repository not in (select repository from activity)
  window by_day as (partition by repository, branch order by event_day)
),

movements as (
  select * from activity
  union all
  select * from tips
  where moved_after is not null and before_revision is distinct from after_revision
),

chained as (
  select
    *,
    row_number() over by_time as position,
    lag(after_revision) over by_time as previous_after_revision,
    lag(moved_on) over by_time as previous_moved_on,
    lag(record_key) over by_time as previous_record_key,
    lag(receipt_id) over by_time as previous_receipt_id
  from movements
  window by_time as (
    partition by repository, branch order by moved_at, ref_update_id, record_key
  )
)

select
  chained.source_id,
  systems.system,
  configured.entity,
  chained.repository,
  chained.branch,
  chained.position,
  chained.basis,

  chained.ref_update_id,
  chained.before_revision,
  chained.after_revision,
  chained.update_kind,
  chained.actor_login,
  chained.actor_type,
  coalesce(chained.actor_type = 'Bot' or chained.actor_login like '%[bot]', false) as is_bot,
  chained.moved_at,
  chained.moved_on,
  -- ref_tips: the day of the tip before; the movement lies between the two
  chained.moved_after,
  chained.previous_moved_on,
  chained.position > 1
  and coalesce(chained.before_revision, '') <> coalesce(chained.previous_after_revision, '')
    as is_chain_break,

  3004 as class_uid,
  3 as activity_id,
  300403 as type_uid,
  '1.8.0' as ocsf_version,
  chained.receipt_id,
  chained.previous_receipt_id,
  chained.record_key,
  chained.previous_record_key
from chained
left join {{ ref('int_source_systems') }} as systems on chained.source_id = systems.source_id
left join {{ source('ops', 'sources') }} as configured on chained.source_id = configured.source_id
