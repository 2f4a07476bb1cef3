-- PostgreSQL's logs, one row a record, statements left out by the collector. csvlog and jsonlog
-- number a session's lines; of text logs, equal records of one object are told apart by their order.
with source as (
    {{ bronze_records('pgaudit', 'record', '{
        "session_id": "VARCHAR",
        "session_line_num": "BIGINT",
        "session_started_at": "VARCHAR",
        "user_name": "VARCHAR",
        "database_name": "VARCHAR",
        "connection_from": "VARCHAR",
        "remote_host": "VARCHAR",
        "command_tag": "VARCHAR",
        "error_severity": "VARCHAR",
        "sql_state_code": "VARCHAR",
        "message": "VARCHAR",
        "application_name": "VARCHAR",
        "backend_type": "VARCHAR",
        "prefix": "VARCHAR",
        "audit": {
            "type": "VARCHAR", "statement_id": "BIGINT", "substatement_id": "BIGINT",
            "class": "VARCHAR", "command": "VARCHAR", "object_type": "VARCHAR",
            "object_name": "VARCHAR", "statement": "VARCHAR", "rows": "BIGINT",
            "is_unknown": "BOOLEAN"
        }
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        coalesce(
            parsed.session_id || '|' || parsed.session_line_num,
            hash(record) || '#' || row_number() over (
                partition by receipt_id, object_sha256, hash(record) order by record_no
            )
        ) as event_key,
        hash(record) as content_hash,
        -- what happened
        case
            when parsed.audit is not null then 'audit'
            when starts_with(parsed.message, 'connection authorized') then 'connected'
            when starts_with(parsed.message, 'connection authenticated') then 'authenticated'
            when starts_with(parsed.message, 'connection received') then 'received'
            when starts_with(parsed.message, 'disconnection') then 'disconnected'
            when regexp_matches(
                parsed.message, 'authentication failed|no pg_hba.conf entry|pg_hba.conf rejects'
            ) then 'refused'
            else 'other'
        end as record_type,
        parsed.audit.type as audit_type,
        parsed.audit.statement_id as statement_id,
        parsed.audit.substatement_id as substatement_id,
        parsed.audit.class as statement_class,
        parsed.audit.command as command,
        nullif(parsed.audit.object_type, '') as object_type,
        nullif(parsed.audit.object_name, '') as object_name,
        parsed.audit.rows as row_count,
        parsed.error_severity as severity,
        parsed.sql_state_code as sql_state,
        parsed.message as message,
        -- who did it
        coalesce(
            parsed.user_name, nullif(regexp_extract(parsed.message, 'for user "(.*?)"', 1), '')
        ) as actor_login,
        parsed.database_name as database_name,
        parsed.application_name as application_name,
        parsed.backend_type as backend_type,
        -- how
        parsed.session_id as session_id,
        parsed.session_line_num as session_line,
        {{ instant('parsed.session_started_at') }} as session_started_at,
        coalesce(
            parsed.remote_host,
            nullif(regexp_replace(parsed.connection_from, ':\d+$', ''), '[local]')
        ) as client_ip
    from source
)

{{ dedupe('renamed', ['source_id', 'event_key', 'event_time', 'content_hash']) }}
