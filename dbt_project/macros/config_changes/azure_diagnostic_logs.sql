{#- Azure's activity log as it is exported, in the terms of int_config_changes: as azure_activity has
    it, but for spelling (`resultType` Success, `resultSignature` Succeeded.Created). -#}
{% macro config_changes__azure_diagnostic_logs() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    event_id, event_key, event_time, stream,
    if(stream = 'config_change', 3004, 6003) as class_uid,
    case
        when action = 'create' then 1
        when action = 'read' then 2
        when action = 'update' then 3
        when action = 'delete' then 4
        else 99
    end as activity_id,
    operation as event_type,
    case lower(result_type)
        when 'success' then 'SUCCESS' when 'succeeded' then 'SUCCESS'
        when 'failure' then 'FAILURE' when 'failed' then 'FAILURE'
        when 'start' then 'STARTED' when 'accept' then 'ACCEPTED'
        else upper(result_type)
    end as outcome,
    coalesce(sub_status, result_description) as outcome_reason,
    -- who
    coalesce(object_id, caller) as actor_id,
    case when contains(caller, '@') then 'User' when object_id is not null then 'ServicePrincipal' end
        as actor_type,
    if(contains(caller, '@'), lower(caller), null) as actor_login,
    client_ip,
    -- what was changed
    nullif(lower(regexp_extract(resource_id, '(?i)/subscriptions/([^/]+)', 1)), '') as account,
    location as region,
    provider_type as resource_type,
    lower(resource_id) as resource,
    action,
    if(stream = 'config_change', split_part(provider_type, '/', -1), null) as setting,
    properties ->> '$.requestbody' as new_value,
    correlation_id as request_id,
    json_object('category', category, 'level', level, 'properties', properties) as unmapped
from (
    select
        *,
        nullif(split_part(result_signature, '.', 2), '') as sub_status,
        identity ->> '$.claims."http://schemas.microsoft.com/identity/claims/objectidentifier"'
            as object_id,
        coalesce(
            identity ->> '$.claims."http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"',
            identity ->> '$.claims."http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"',
            identity ->> '$.claims.appid'
        ) as caller,
        {{ azure_operation() }}
    from {{ ref('stg_azure__diagnostic_log') }}
    where not is_duplicate and not {{ is_entra_entry() }}
) as classified
{%- endmacro %}
