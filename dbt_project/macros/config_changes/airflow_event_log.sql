{#- Airflow's event log in the terms of int_config_changes: variables, connections, pools, accounts,
    and pausing. The request stands in the record, masked by Airflow. -#}
{% macro config_changes__airflow_event_log() -%}
select
    -- where it came from
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    -- what happened
    cast(event_id as varchar) as event_id, event_key, event_time,
    'config_change' as stream,
    event_type,
    6003 as class_uid,
    {{ airflow_activity() }} as activity_id,
    -- who
    actor_login as actor_id, actor_login,
    -- what was changed
    if(dag_id is null, 'airflow', 'dag') as resource_type,
    dag_id as resource,
    event_type as action,
    json_object('run_id', run_id, 'task_id', task_id) as unmapped
from {{ ref('stg_airflow__event_log') }}
where not is_duplicate and is_deed and is_setting
{%- endmacro %}
