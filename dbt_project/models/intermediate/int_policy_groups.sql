-- Groups that sign-in rules name, with their members, as each day's newest snapshot shows them: one
-- row a group, day and member. A group that was read and is empty, and the group of everybody, have
-- one row without account; a group whose list was not read has none.
with groups_read as (
    select
        requests.source_id,
        requests.receipt_id,
        requests.sequence,
        cast(requests.received_at as date) as day,
        requests.context ->> '$.group_id' as group_id,
        false as is_everyone,
        cast(null as varchar) as account_id
    from {{ ref('stg_request') }} as requests
    inner join {{ source('ops', 'sources') }} as configured
        on requests.source_id = configured.source_id and configured.kind = 'okta_policies'
    where requests.shape = 'group_members' and requests.status = 200
    union all by name
    select
        groups.source_id, groups.receipt_id, groups.sequence, groups.event_day as day,
        groups.group_id, groups.is_everyone, cast(null as varchar) as account_id
    from {{ ref('stg_okta__group') }} as groups
    inner join {{ source('ops', 'sources') }} as configured
        on groups.source_id = configured.source_id and configured.kind = 'okta_policies'
    where groups.is_everyone
    union all by name
    select
        members.source_id, members.receipt_id, members.sequence, members.event_day as day,
        unnest(members.group_ids) as group_id, false as is_everyone, members.account_id
    from {{ ref('stg_okta__group_member') }} as members
    inner join {{ source('ops', 'sources') }} as configured
        on members.source_id = configured.source_id and configured.kind = 'okta_policies'
),

newest as (
    select
        *,
        max(sequence) over (partition by source_id, day) as newest_sequence
    from groups_read
)

select distinct
    newest.source_id,
    newest.receipt_id,
    newest.day,
    systems.system,
    newest.group_id,
    newest.is_everyone,
    newest.account_id
from newest
left join {{ ref('int_source_systems') }} as systems on newest.source_id = systems.source_id
where newest.sequence = newest.newest_sequence
