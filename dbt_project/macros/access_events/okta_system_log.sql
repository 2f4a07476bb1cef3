{#- Okta's system log in the terms of int_access_events. -#}
{% macro access_events__okta_system_log() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    event_id, event_key, event_time, stream, event_type, outcome, outcome_reason,
    class_and_activity[1] as class_uid,
    class_and_activity[2] as activity_id,
    -- who, to whom
    actor_id, actor_type, actor_login, target_user_id,
    -- how; what is opened within a session is no sign-in of its own
    session_id,
    if(
        stream = 'sign_in',
        event_type = 'user.session.start' and coalesce(actor_type = 'User', true),
        null
    ) as is_interactive,
    credential_type, factor, authenticators, client_ip, country, user_agent,
    json_object(
        'root_session_id', root_session_id,
        'authentication_step', authentication_step,
        'transaction_id', transaction_id,
        'target_group', target_group,
        'target_application', target_application
    ) as unmapped
from (
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
    from {{ ref('stg_okta__event') }}
    where not is_duplicate
) as classified
{%- endmacro %}
