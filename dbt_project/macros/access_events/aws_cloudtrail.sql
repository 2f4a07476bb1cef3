{#- CloudTrail in the terms of int_access_events. A role's session has no end event: `unmapped` has
    the duration that was asked for. A change is here too, as a use of what it changes. -#}
{% macro access_events__aws_cloudtrail() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    event_id, event_key, event_time,
    access_stream as stream,
    class_and_activity[1] as class_uid,
    class_and_activity[2] as activity_id,
    service || ':' || event_name as event_type,
    outcome,
    error_code as outcome_reason,
    -- who, to whom or what
    actor_id, actor_type, actor_login,
    case
        when target_user is not null then 'user'
        when target_role is not null then 'role'
        when target_group is not null then 'group'
        else resource_type
    end as target_type,
    coalesce(target_user, target_role, target_group, resource) as target_id,
    -- how
    session_id,
    if(event_name = 'ConsoleLogin', true, null) as is_interactive,
    is_mfa, client_ip, user_agent,
    if(actor_type = 'Root', true, null) as is_privileged,
    json_object(
        'account', account,
        'region', region,
        'actor_account', actor_account,
        'session_issuer', session_issuer,
        'invoked_by', invoked_by,
        'duration_s', duration_s,
        'policy', target_policy,
        'request_id', request_id,
        'shared_event_id', shared_event_id
    ) as unmapped
from ({{ aws_events() }}) as events
{%- endmacro %}
