{#- Writes of Kubernetes' control plane in the terms of int_config_changes: one row a request. What
    only asks (reviews of access and tokens, evictions aside) is no change. -#}
{% macro config_changes__kubernetes_audit() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    audit_id as event_id, event_key, event_time,
    'infra_change' as stream,
    verb as event_type,
    {{ kubernetes_outcome() }} as outcome,
    coalesce(response_reason, decision_reason) as outcome_reason,
    6003 as class_uid,
    {{ kubernetes_activity() }} as activity_id,
    -- who
    coalesce(user_uid, username) as actor_id,
    if(starts_with(username, 'system:'), 'service', 'user') as actor_type,
    lower(username) as actor_login,
    client_ip, user_agent,
    -- what was changed
    concat_ws('/', resource, subresource) as resource_type,
    concat_ws('/', namespace, object_name) as resource,
    verb as action,
    audit_id as request_id,
    json_object('level', level, 'api_group', api_group, 'response_code', response_code) as unmapped
from {{ kubernetes_requests() }}
where
    verb in ('create', 'update', 'patch', 'delete', 'deletecollection')
    and resource is not null
    and resource not in (
        'subjectaccessreviews', 'selfsubjectaccessreviews', 'localsubjectaccessreviews',
        'selfsubjectrulesreviews', 'tokenreviews', 'leases', 'events'
    )
{%- endmacro %}
