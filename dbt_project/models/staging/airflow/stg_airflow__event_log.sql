-- Airflow's event log, one row an entry: deeds of people and tools, and states of tasks.
with source as (
    {{ bronze_records('airflow_event_log', 'event_log', '{
        "event_log_id": "BIGINT",
        "event": "VARCHAR",
        "owner": "VARCHAR",
        "dag_id": "VARCHAR",
        "task_id": "VARCHAR",
        "run_id": "VARCHAR",
        "map_index": "BIGINT",
        "try_number": "BIGINT",
        "logical_date": "VARCHAR",
        "extra": "VARCHAR"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        -- what happened
        parsed.event_log_id as event_id,
        coalesce(cast(parsed.event_log_id as varchar), record_key) as event_key,
        hash(record) as content_hash,
        parsed.event as event_type,
        -- the API and the command line log what they are asked to do; all else is a task's state
        coalesce(regexp_matches(
            parsed.event,
            '^(cli_)?(trigger|post|patch|put|delete|create|clear|pause|unpause|cancel|bulk|set|'
            || 'add|edit|import|materialize|update|confirm|reparse|backfill|dags?_|connections_|'
            || 'variables_|pools_|users_|roles_)'
        ), false) as is_deed,
        regexp_matches(
            coalesce(parsed.event, ''), '(variable|connection|pool|user|role|permission)'
        )
        or regexp_matches(
            coalesce(parsed.event, ''), '^(patch_dags?|delete_dag|(cli_)?dags_(un)?pause|(un)?pause)$'
        ) as is_setting,
        -- who did it
        lower(parsed.owner) as actor_login,
        -- to what
        parsed.dag_id as dag_id,
        parsed.task_id as task_id,
        parsed.run_id as run_id,
        parsed.map_index as map_index,
        parsed.try_number as try_number,
        {{ instant('parsed.logical_date') }} as logical_at,
        parsed.extra as extra
    from source
)

{{ dedupe('renamed', ['source_id', 'event_key', 'content_hash']) }}
