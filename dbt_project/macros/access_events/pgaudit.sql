{#- PostgreSQL's logs in the terms of int_access_events: pgAudit's records, and who came and went.
    Connections belong to no stream: the control library takes sign-ins from elsewhere. -#}
{% macro access_events__pgaudit() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    event_key as event_id, event_key, event_time,
    if(record_type = 'audit', 'resource_access', null) as stream,
    if(record_type = 'audit', command, 'postgresql.' || record_type) as event_type,
    case record_type
        when 'refused' then 'FAILURE'
        when 'connected' then 'SUCCESS'
        when 'authenticated' then 'SUCCESS'
    end as outcome,
    sql_state as outcome_reason,
    if(record_type = 'audit', 6005, 3002) as class_uid,
    case
        when record_type = 'disconnected' then 2
        when record_type <> 'audit' then 1
        when statement_class = 'READ' then 1
        when command = 'INSERT' then 4
        when command = 'UPDATE' then 2
        when command = 'DELETE' then 6
        else 99
    end as activity_id,
    -- who, to what
    actor_login as actor_id, lower(actor_login) as actor_login,
    coalesce(object_type, 'DATABASE') as target_type,
    coalesce(object_name, database_name) as target_id,
    -- how
    session_id, client_ip, application_name as user_agent,
    coalesce(statement_class in ('ROLE', 'DDL'), false) as is_privileged,
    json_object(
        'database', database_name, 'class', statement_class, 'audit_type', audit_type,
        'statement_id', statement_id, 'substatement_id', substatement_id, 'rows', row_count
    ) as unmapped
from {{ ref('stg_postgres__record') }}
where not is_duplicate and record_type not in ('other', 'received')
{%- endmacro %}
