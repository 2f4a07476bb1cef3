-- What people and services did, in OCSF's terms: one row an event, whatever system logged it, and
-- one more for each other way in which the source told it. Who acted is resolved to a person by the
-- roster's logins, then by work email.
{#- kind of log: its staging model, in the columns of stg_okta__event; what one lacks is NULL -#}
{%- set logs = {'okta_system_log': 'stg_okta__event'} %}

with events as (
    {%- for model in logs.values() %}
    select * from {{ ref(model) }} where not is_duplicate
    {%- if not loop.last %} union all by name{% endif %}
    {%- endfor %}
),

first_reads as (
    select source_id, day, min(sequence) as first_sequence
    from (
        select
            source_id,
            sequence,
            cast(unnest(generate_series(
                cast(window_start as date), cast(window_end as date) - 1, interval 1 day
            )) as date) as day
        from {{ source('ops', 'receipts') }}
        where kind in ('{{ logs | join("', '") }}')
    ) as windows
    group by source_id, day
),

classified as (
    select
        *,
        case
            when event_type = 'user.session.start' or starts_with(event_type, 'user.authentication.')
                then 'sign_in'
            when event_type in (
                'group.user_membership.add', 'application.user_membership.add',
                'user.account.privilege.grant', 'group.privilege.grant'
            ) then 'grant'
            when event_type in (
                'group.user_membership.remove', 'application.user_membership.remove',
                'user.account.privilege.revoke', 'group.privilege.revoke'
            ) then 'revoke'
            when event_type in (
                'user.lifecycle.suspend', 'user.lifecycle.deactivate',
                'user.lifecycle.delete.initiated', 'user.lifecycle.delete.completed'
            ) then 'disable'
        end as stream,
        case
            when stream = 'sign_in' then [3002, 1]
            when event_type = 'user.session.end' then [3002, 2]
            when event_type = 'user.lifecycle.create' then [3001, 1]
            when event_type in (
                'user.lifecycle.activate', 'user.lifecycle.reactivate', 'user.lifecycle.unsuspend'
            ) then [3001, 2]
            when event_type in ('user.lifecycle.suspend', 'user.lifecycle.deactivate')
                then [3001, 5]
            when starts_with(event_type, 'user.lifecycle.delete') then [3001, 6]
            when event_type = 'user.account.lock' then [3001, 9]
            when event_type = 'user.mfa.factor.activate' then [3001, 10]
            when event_type = 'user.mfa.factor.deactivate' then [3001, 11]
            when event_type = 'group.user_membership.add' then [3006, 3]
            when event_type = 'group.user_membership.remove' then [3006, 4]
            when stream = 'grant' then [3005, 1]
            when stream = 'revoke' then [3005, 2]
            else [6003, 99]
        end as class_and_activity
    from events
)

select
    -- which event
    classified.source_id,
    systems.system,
    configured.entity,
    classified.receipt_id,
    classified.record_key,
    classified.event_id,
    classified.event_key,
    classified.event_time,
    classified.event_day,
    classified.received_at,
    coalesce(classified.sequence > first_reads.first_sequence, false) as is_late,
    -- what happened
    '1.8.0' as ocsf_version,
    class_and_activity[1] as class_uid,
    class_and_activity[2] as activity_id,
    class_and_activity[1] * 100 + class_and_activity[2] as type_uid,
    classified.stream,
    classified.event_type,
    classified.outcome,
    -- who
    classified.actor_id,
    classified.actor_type,
    classified.actor_login,
    if(by_login.login is null, by_email.person_id, by_login.person_id) as person_id,
    classified.target_user_id,
    -- how
    classified.session_id,
    classified.credential_type,
    classified.factor,
    classified.authenticators,
    classified.client_ip,
    classified.country,
    json_object(
        'outcome_reason', classified.outcome_reason,
        'root_session_id', classified.root_session_id,
        'authentication_step', classified.authentication_step,
        'transaction_id', classified.transaction_id,
        'target_group', classified.target_group,
        'target_application', classified.target_application,
        'user_agent', classified.user_agent
    ) as unmapped
from classified
left join {{ source('ops', 'sources') }} as configured on classified.source_id = configured.source_id
left join {{ ref('int_source_systems') }} as systems on classified.source_id = systems.source_id
left join first_reads
    on classified.source_id = first_reads.source_id and classified.event_day = first_reads.day
left join {{ ref('int_person_logins') }} as by_login
    on by_login.system = systems.system and classified.actor_login = by_login.login
left join {{ ref('int_person_logins') }} as by_email
    on by_email.system = '*' and classified.actor_login = by_email.login
