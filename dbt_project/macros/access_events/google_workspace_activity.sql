{#- Google's activity reports in the terms of int_access_events. Google names the account that was
    acted upon by its address, not by its id. What an administrator, a token or Drive reports has
    happened; sign-ins say in their name whether they did. -#}
{% macro access_events__google_workspace_activity() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    activity_id as event_id, event_key, event_time, stream,
    application || '.' || event_name as event_type,
    case
        when event_status = 'SUCCEEDED' then 'SUCCESS'
        when event_status = 'FAILED' or ends_with(event_name, '_failure') then 'FAILURE'
        when event_status is not null then event_status
        when event_name = 'login_success' or application in ('admin', 'token', 'drive')
            or stream = 'disable'
            then 'SUCCESS'
    end as outcome,
    coalesce(failure_type, error_code) as outcome_reason,
    class_and_activity[1] as class_uid,
    class_and_activity[2] as activity_id,
    -- who, to whom
    actor_id,
    if(actor_type = 'USER', 'User', actor_type) as actor_type,
    actor_login,
    case
        when target_login is not null then 'User'
        when document_id is not null then 'Document'
        when client_id is not null or application_name is not null then 'Application'
        when group_email is not null then 'Group'
    end as target_type,
    coalesce(target_login, document_id, client_id, application_name, group_email) as target_id,
    -- how: what another identity provider asked for is not known here, nor is a trusted device. By
    -- SAML an application is opened within a session that has begun
    if(stream = 'sign_in', application = 'login' and coalesce(actor_type = 'USER', true), null)
        as is_interactive,
    case
        when len(second_factors) > 0 or is_second_factor then true
        when login_type = 'google_password' and challenge_methods = ['password'] then false
    end as is_mfa,
    case
        when login_type = 'google_password' then 'PASSWORD'
        else upper(login_type)
    end as credential_type,
    second_factors[1] as factor,
    list_filter(challenge_methods, method -> method <> 'none') as authenticators,
    client_ip, country,
    if(application = 'admin', true, null) as is_privileged,
    json_object(
        'customer_id', customer_id,
        'event_group', event_type,
        'group', group_email,
        'role', role_name,
        'scopes', scopes,
        'is_suspicious', is_suspicious,
        'parameters', parameters
    ) as unmapped
from (
    select
        *,
        list_filter(
            challenge_methods,
            method -> method in (
                'backup_code', 'google_authenticator', 'google_prompt', 'idv_any_phone',
                'idv_preregistered_phone', 'internal_two_factor', 'offline_otp', 'passkey',
                'security_key', 'security_key_otp'
            )
        ) as second_factors,
        case
            when application in ('login', 'saml') and event_name in ('login_success', 'login_failure')
                and coalesce(event_type, 'login') = 'login'
                then 'sign_in'
            when event_name in ('SUSPEND_USER', 'ARCHIVE_USER', 'DELETE_USER')
                or starts_with(event_name, 'account_disabled_')
                then 'disable'
            when event_name in (
                'ASSIGN_ROLE', 'GRANT_ADMIN_PRIVILEGE', 'GRANT_DELEGATED_ADMIN_PRIVILEGES',
                'ADD_GROUP_MEMBER', 'AUTHORIZE_API_CLIENT_ACCESS'
            ) or (application = 'token' and event_name = 'authorize')
                then 'grant'
            when event_name in (
                'UNASSIGN_ROLE', 'REVOKE_ADMIN_PRIVILEGE', 'REMOVE_GROUP_MEMBER',
                'REMOVE_API_CLIENT_ACCESS'
            ) or (application = 'token' and event_name = 'revoke')
                then 'revoke'
            when application = 'drive' and coalesce(event_type, 'access') = 'access'
                then 'resource_access'
        end as stream,
        case
            when stream = 'sign_in' then [3002, 1]
            when event_name = 'logout' then [3002, 2]
            when event_name = 'CREATE_USER' then [3001, 1]
            when event_name in ('UNSUSPEND_USER', 'UNARCHIVE_USER', 'UNDELETE_USER')
                then [3001, 2]
            when event_name = 'password_edit' then [3001, 3]
            when event_name = 'CHANGE_PASSWORD' then [3001, 4]
            when event_name = 'DELETE_USER' then [3001, 6]
            when stream = 'disable' then [3001, 5]
            when event_name = '2sv_enroll' then [3001, 10]
            when event_name in ('2sv_disable', 'TURN_OFF_2_STEP_VERIFICATION') then [3001, 11]
            when event_name = 'ADD_GROUP_MEMBER' then [3006, 3]
            when event_name = 'REMOVE_GROUP_MEMBER' then [3006, 4]
            when stream = 'grant' then [3005, 1]
            when stream = 'revoke' then [3005, 2]
            when application in ('login', 'saml') then [3002, 99]
            when application = 'drive' then [
                6006,
                case event_name
                    when 'upload' then 1 when 'download' then 2 when 'edit' then 3
                    when 'delete' then 4 when 'trash' then 4 when 'rename' then 5
                    when 'copy' then 6 when 'move' then 7 when 'untrash' then 8
                    when 'preview' then 9 when 'view' then 14
                    else 99
                end
            ]
            else [6003, 99]
        end as class_and_activity
    from {{ ref('stg_google__activity_event') }}
    where not is_duplicate
) as classified
{%- endmacro %}
