{#- Entra's sign-ins and audits as Azure exports them, in the terms of int_access_events. Their
    properties are what Graph shows of them (see entra_signins and entra_audit). -#}
{% macro access_events__azure_diagnostic_logs() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    event_id, event_key, event_time, stream,
    class_and_activity[1] as class_uid,
    class_and_activity[2] as activity_id,
    case
        when not is_sign_in then activity
        else coalesce(seen."signInEventTypes"[1], regexp_replace(category, 'SignInLogs$', ''), 'signIn')
    end as event_type,
    case
        when not is_sign_in then
            case upper(seen.result) when 'FAILED' then 'FAILURE' else upper(seen.result) end
        when seen.status."errorCode" = 0 then 'SUCCESS'
        when seen.status."errorCode" is not null then 'FAILURE'
    end as outcome,
    nullif(coalesce(seen.status."failureReason", seen."resultReason"), '') as outcome_reason,
    -- who, to whom or what
    coalesce(
        nullif(seen."userId", ''), nullif(seen."servicePrincipalId", ''),
        nullif(seen."initiatedBy".user.id, ''),
        nullif(seen."initiatedBy".app."servicePrincipalId", '')
    ) as actor_id,
    case
        when coalesce(nullif(seen."userId", ''), seen."initiatedBy".user.id) is not null then 'User'
        when nullif(seen."servicePrincipalId", '') is not null then 'ServicePrincipal'
        when seen."initiatedBy".app is not null then 'Application'
    end as actor_type,
    lower(nullif(
        coalesce(seen."userPrincipalName", seen."initiatedBy".user."userPrincipalName"), ''
    )) as actor_login,
    target_user.id as target_user_id,
    case
        when is_sign_in then 'Application'
        when target_role.id is not null then 'Role'
        else seen."targetResources"[1].type
    end as target_type,
    case
        when is_sign_in then seen."appId"
        else coalesce(target_role."displayName", seen."targetResources"[1].id)
    end as target_id,
    -- how
    coalesce(seen."correlationId", correlation_id) as session_id,
    seen."isInteractive" as is_interactive,
    case
        when seen.status."errorCode" is distinct from 0 then null
        when seen."authenticationRequirement" = 'multiFactorAuthentication' then true
    end as is_mfa,
    coalesce(seen."ipAddress", seen."initiatedBy".user."ipAddress", client_ip) as client_ip,
    seen.location."countryOrRegion" as country,
    seen."userAgent" as user_agent,
    json_object('category', category, 'operation', operation, 'properties', properties) as unmapped
from (
    select
        *,
        activity is null as is_sign_in,
        lower(activity) as said,
        coalesce(
            seen."initiatedBy".app."displayName" = 'MS-PIM'
            and seen."loggedByService" = 'Core Directory', false
        ) as is_by_pim,
        list_filter(seen."targetResources", t -> t.type = 'User')[1] as target_user,
        list_filter(seen."targetResources", t -> t.type = 'Role')[1] as target_role,
        if(is_sign_in, 'sign_in', {{ entra_audit_stream() }}) as stream,
        if(is_sign_in, [3002, 1], {{ entra_audit_class() }}) as class_and_activity
    from (
        select
            *,
            properties ->> '$.activityDisplayName' as activity,
            from_json(properties, '{
                "userId": "VARCHAR", "userPrincipalName": "VARCHAR",
                "servicePrincipalId": "VARCHAR", "appId": "VARCHAR", "ipAddress": "VARCHAR",
                "userAgent": "VARCHAR", "isInteractive": "BOOLEAN", "correlationId": "VARCHAR",
                "authenticationRequirement": "VARCHAR", "signInEventTypes": ["VARCHAR"],
                "status": {"errorCode": "BIGINT", "failureReason": "VARCHAR"},
                "location": {"countryOrRegion": "VARCHAR"},
                "result": "VARCHAR", "resultReason": "VARCHAR", "loggedByService": "VARCHAR",
                "initiatedBy": {
                    "user": {"id": "VARCHAR", "userPrincipalName": "VARCHAR", "ipAddress": "VARCHAR"},
                    "app": {"servicePrincipalId": "VARCHAR", "displayName": "VARCHAR"}
                },
                "targetResources": [{"id": "VARCHAR", "type": "VARCHAR", "displayName": "VARCHAR"}]
            }') as seen
        from {{ ref('stg_azure__diagnostic_log') }}
        where not is_duplicate and {{ is_entra_entry() }}
    ) as entries
) as classified
{%- endmacro %}

{#- Whether an exported entry is one of Entra's: a sign-in or an audit; never NULL. -#}
{% macro is_entra_entry() -%}
  coalesce(
    regexp_matches(category, 'SignInLogs$') or lower(operation) = 'sign-in activity'
    or (properties ->> '$.activityDisplayName') is not null,
    false
  )
{%- endmacro %}
