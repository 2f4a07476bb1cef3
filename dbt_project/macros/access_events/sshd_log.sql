{#- OpenSSH's log in the terms of int_access_events: what is about somebody's sign-in. Whether a second
    factor was shown is not logged (is_mfa is NULL); a line that stands for several says how many. -#}
{% macro access_events__sshd_log() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    event_key as event_id, event_key, event_time,
    if(action in ('session_opened', 'session_closed', 'disconnected'), null, 'sign_in') as stream,
    'sshd.' || action as event_type,
    case
        when action = 'accepted' then 'SUCCESS'
        when action in ('session_opened', 'session_closed', 'disconnected') then null
        else 'FAILURE'
    end as outcome,
    if(action = 'accepted', null, action) as outcome_reason,
    3002 as class_uid,
    case
        when action in ('session_closed', 'disconnected') then 2
        when action = 'session_opened' then 99
        else 1
    end as activity_id,
    -- who, to what
    actor_login as actor_id, actor_login, 'host' as target_type, host as target_id,
    -- how
    host || ':' || process_id as session_id,
    method as credential_type, client_ip,
    json_object('occurrences', occurrences, 'time_basis', time_basis) as unmapped
from {{ ref('stg_sshd__message') }}
where not is_duplicate and action is not null
{%- endmacro %}
