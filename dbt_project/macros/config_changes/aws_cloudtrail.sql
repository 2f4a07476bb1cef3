{#- CloudTrail's writes in the terms of int_config_changes. What a setting was before is not told. -#}
{% macro config_changes__aws_cloudtrail() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    event_id, event_key, event_time,
    change_stream as stream,
    class_and_activity[1] as class_uid,
    class_and_activity[2] as activity_id,
    service || ':' || event_name as event_type,
    outcome,
    error_code as outcome_reason,
    -- who, how
    actor_id, actor_type, actor_login, session_id, client_ip, user_agent,
    -- to what
    account, region,
    coalesce(resource_type, service) as resource_type,
    coalesce(resource, target_user, target_role, target_group) as resource,
    event_name as action,
    request_id,
    json_object(
        'session_issuer', session_issuer,
        'invoked_by', invoked_by,
        'policy', target_policy,
        'shared_event_id', shared_event_id
    ) as unmapped
from ({{ aws_events() }}) as events
where change_stream is not null
{%- endmacro %}
