{{ config(materialized='table') }}

-- Movements of branches in the order in which they happened. Basis `activity` (the platform's feed,
-- with actor and time) comes first; a repository that no feed covers has basis `ref_tips`: one
-- movement a day on which the tip differs from the tip before, without actor, with the day as time.
-- A movement that states no time counts for the end of the window that brought it, and may have
-- happened on any day of it.
with activity as (
  select
    updates.source_id,
    updates.repository,
    updates.branch,
    'activity' as basis,
    updates.ref_update_id,
    updates.before_revision,
    updates.after_revision,
    updates.update_kind,
    updates.actor_login,
    updates.actor_type,
    coalesce(updates.updated_at, cast(receipts.window_end as timestamp) - interval 1 microsecond)
      as moved_at,
    coalesce(updates.event_day, receipts.window_end - 1) as moved_on,
    coalesce(updates.event_day, receipts.window_start) as moved_after,
    -- a creation finds nothing, a deletion leaves nothing
    case
      when updates.updated_at is null then 'at'
      when updates.update_kind is null then 'kind'
      when updates.after_revision is null and updates.update_kind != 'branch_deletion' then 'after'
      when updates.before_revision is null and updates.update_kind != 'branch_creation'
        then 'before'
    end as unclear_field,
    updates.receipt_id,
    updates.record_key
  from {{ ref('stg_github__ref_update') }} as updates
  inner join {{ source('ops', 'receipts') }} as receipts on updates.receipt_id = receipts.receipt_id
  where not updates.is_duplicate
    and updates.repository is not null
    and updates.branch is not null
  -- two sources may report one movement, and a later reading may state what an earlier one left out
  qualify row_number() over (
    partition by
      updates.repository,
      updates.branch,
      coalesce(cast(updates.ref_update_id as varchar), updates.record_key)
    order by
      updates.updated_at is null,
      updates.update_kind is null,
      updates.received_at,
      updates.source_id,
      updates.sequence,
      updates.record_key
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
    cast(null as varchar) as unclear_field,
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
  {{ is_bot('chained.actor_type', 'chained.actor_login') }} as is_bot,
  chained.moved_at,
  chained.moved_on,
  -- ref_tips: the day of the tip before; the movement lies between the two
  chained.moved_after,
  chained.unclear_field,
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
