-- Results of osquery's scheduled queries, one row a line: rows that came and went, snapshots whole, and
-- batches of both, as they stand.
with source as (
    {{ bronze_records('osquery_results', 'result', '{
        "name": "VARCHAR",
        "hostIdentifier": "VARCHAR",
        "action": "VARCHAR",
        "epoch": "BIGINT",
        "counter": "BIGINT",
        "columns": "JSON",
        "snapshot": "JSON",
        "diffResults": "JSON",
        "decorations": "JSON"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(coalesce(event_time, received_at) as date) as event_day,
        event_time,
        -- the result
        coalesce(nullif(parsed."hostIdentifier", ''), parsed.decorations ->> '$.host_uuid') as host,
        parsed.name as query_name,
        case
            when parsed.action is not null then lower(parsed.action)
            when parsed."diffResults" is not null then 'batch'
        end as action,
        parsed.epoch,
        parsed.counter,
        hash(record) as content_hash,
        coalesce(parsed.columns, parsed.snapshot, parsed."diffResults") as content
    from source
)

{{ dedupe('renamed', ['source_id', 'host', 'query_name', 'event_time', 'content_hash']) }}
