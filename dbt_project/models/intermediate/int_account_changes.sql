-- When accounts were disabled and when they were seen enabled: the observations from which the end
-- of somebody's access is known, each exact or an interval.
--
-- kind 'off': disabled somewhere in [off_from, off_to] (equal where exact: an event, or the time at
-- which the account itself says its status changed). kind 'on': seen enabled at `off_from`. kind
-- 'gone': no longer in the listing, which proves no disabling: the listing may have been narrowed.
with snapshots as (
    select
        *,
        max(observed_at) filter (where not is_disabled) over (
            partition by source_id, account_id order by observed_at
            rows between unbounded preceding and 1 preceding
        ) as last_on_at
    from {{ ref('int_accounts') }}
    where account_id is not null
),

snapshot_days as (
    select
        source_id,
        observed_at,
        lead(observed_at) over (partition by source_id order by observed_at) as next_observed_at
    from (select distinct source_id, observed_at from snapshots)
),

-- events about whether somebody can sign in; what the source tells in two ways shows no disabling
told as (
    select
        *,
        count(*) over (partition by source_id, event_key, event_type, event_time) > 1 as is_disputed
    from {{ ref('int_access_events') }}
    where
        event_time is not null
        and (stream = 'disable' or (class_uid = 3001 and activity_id = 2))
),

last_seen as (
    select
        source_id, system, account_id,
        max(observed_at) as observed_at,
        arg_max(record_key, observed_at) as record_key
    from snapshots
    group by source_id, system, account_id
)

-- an enabled account, as a snapshot shows it
select source_id, system, account_id, 'on' as kind, observed_at as off_from, observed_at as off_to,
    record_key
from snapshots
where not is_disabled

union all

-- a disabled account that dates its own status, or lies between two snapshots
select source_id, system, account_id, 'off' as kind,
    coalesce(status_changed_at, last_on_at, created_at) as off_from,
    coalesce(status_changed_at, observed_at) as off_to,
    record_key
from snapshots
where is_disabled

union all

-- an account that is gone from the listing
select last_seen.source_id, last_seen.system, last_seen.account_id, 'gone' as kind,
    last_seen.observed_at as off_from, snapshot_days.next_observed_at as off_to,
    last_seen.record_key
from last_seen
inner join snapshot_days
    on last_seen.source_id = snapshot_days.source_id
    and last_seen.observed_at = snapshot_days.observed_at
where snapshot_days.next_observed_at is not null

union all

-- events are exact
select source_id, system, target_user_id as account_id,
    if(stream = 'disable', 'off', 'on') as kind,
    event_time as off_from, event_time as off_to, record_key
from told
where
    outcome = 'SUCCESS'
    and target_user_id is not null
    and not (stream is not distinct from 'disable' and is_disputed)
