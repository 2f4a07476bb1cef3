{#- Airflow's event log in the terms of int_access_events: what somebody asked Airflow to do. States
    of tasks belong to no stream, and are left to staging. -#}
{% macro access_events__airflow_event_log() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    cast(event_id as varchar) as event_id, event_key, event_time,
    'resource_access' as stream,
    event_type,
    6003 as class_uid,
    {{ airflow_activity() }} as activity_id,
    -- who, to what
    actor_login as actor_id, actor_login,
    if(dag_id is null, 'airflow', 'dag') as target_type,
    concat_ws('/', dag_id, run_id, task_id) as target_id,
    is_setting as is_privileged,
    json_object('map_index', map_index, 'try_number', try_number, 'logical_at', logical_at)
        as unmapped
from {{ ref('stg_airflow__event_log') }}
where not is_duplicate and is_deed
{%- endmacro %}

{#- OCSF, API Activity: Create, Update, Delete, Other. -#}
{% macro airflow_activity() -%}
    case
        when regexp_matches(event_type, '(delete)') then 4
        when regexp_matches(event_type, '(patch|put|edit|update|pause|clear|set)') then 3
        when regexp_matches(event_type, '(post|create|add|import|trigger|materialize)') then 1
        else 99
    end
{%- endmacro %}
