{#- Kubernetes' audit log in the terms of int_access_events: one row a request, told by its last
    stage. Requests for no object (health, discovery) belong to no stream. -#}
{% macro access_events__kubernetes_audit() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    audit_id as event_id, event_key, event_time,
    if(resource is null, null, 'resource_access') as stream,
    verb as event_type,
    {{ kubernetes_outcome() }} as outcome,
    coalesce(response_reason, decision_reason) as outcome_reason,
    6003 as class_uid,
    {{ kubernetes_activity() }} as activity_id,
    -- who, to what
    coalesce(user_uid, username) as actor_id,
    if(starts_with(username, 'system:'), 'service', 'user') as actor_type,
    lower(username) as actor_login,
    concat_ws('/', resource, subresource) as target_type,
    coalesce(concat_ws('/', namespace, object_name), request_uri) as target_id,
    -- how
    client_ip, user_agent,
    list_contains(user_groups, 'system:masters')
    or coalesce(resource = 'secrets', false)
    or coalesce(subresource in ('exec', 'attach', 'portforward', 'token'), false)
    or impersonated_username is not null as is_privileged,
    json_object(
        'level', level, 'stage', stage, 'api_group', api_group, 'decision', decision,
        'impersonated_username', impersonated_username, 'response_code', response_code
    ) as unmapped
from {{ kubernetes_requests() }}
{%- endmacro %}

{#- Requests by their last stage. -#}
{% macro kubernetes_requests() -%}
(
    select *
    from (
        select
            *,
            row_number() over (
                partition by source_id, event_key
                order by
                    list_position(
                        ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'], stage
                    ) desc nulls last,
                    sequence, record_key
            ) as place
        from {{ ref('stg_kubernetes__audit_event') }}
        where not is_duplicate
    ) as stages
    where place = 1
) as requests
{%- endmacro %}

{% macro kubernetes_outcome() -%}
    case
        when decision = 'forbid' or response_code >= 400 or stage = 'Panic' then 'FAILURE'
        when response_code < 400 then 'SUCCESS'
    end
{%- endmacro %}

{#- OCSF, API Activity: Create, Read, Update, Delete, Other. -#}
{% macro kubernetes_activity() -%}
    case
        when verb = 'create' then 1
        when verb in ('get', 'list', 'watch', 'head') then 2
        when verb in ('update', 'patch') then 3
        when verb in ('delete', 'deletecollection') then 4
        else 99
    end
{%- endmacro %}
