{#- Entra's sign-ins in the terms of int_access_events. Whether a second factor was shown is said by
    the status ("MFA requirement satisfied …"), or by beta's authenticationRequirement. That one
    factor was required does not say that one was shown: only a single password is. -#}
{% macro access_events__entra_signins() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    event_id, event_key, event_time,
    'sign_in' as stream,
    3002 as class_uid,
    1 as activity_id,
    coalesce(sign_in_type, if(is_interactive, 'interactiveUser', null), 'signIn') as event_type,
    case when error_code = 0 then 'SUCCESS' when error_code is not null then 'FAILURE' end as outcome,
    nullif(failure_reason, 'Other.') as outcome_reason,
    -- who, to what
    coalesce(user_id, service_principal_id) as actor_id,
    case
        when user_id is not null then 'User'
        when service_principal_id is not null then 'ServicePrincipal'
    end as actor_type,
    user_login as actor_login,
    'Application' as target_type,
    application_id as target_id,
    -- how
    coalesce(session_id, correlation_id) as session_id,
    is_interactive,
    case
        when error_code is distinct from 0 then null
        when regexp_matches(lower(status_details), '^mfa (completed|requirement satisfied)') then true
        when authentication_requirement = 'multiFactorAuthentication' then true
        when
            authentication_requirement = 'singleFactorAuthentication'
            and len(methods_shown) = 1 and methods_shown[1] = 'Password'
            then false
    end as is_mfa,
    methods_shown as authenticators,
    client_ip, country, user_agent,
    json_object(
        'application', application,
        'resource', resource,
        'service_principal', service_principal_name,
        'client_application', client_application,
        'authentication_requirement', authentication_requirement,
        'status_details', status_details,
        'error_code', error_code,
        'conditional_access_status', conditional_access_status,
        'risk_level', risk_level,
        'correlation_id', correlation_id
    ) as unmapped
from {{ ref('stg_entra__sign_in') }}
where not is_duplicate
{%- endmacro %}
