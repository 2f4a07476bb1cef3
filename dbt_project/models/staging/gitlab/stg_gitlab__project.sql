-- GitLab's projects as one snapshot shows them: one row a project and receipt.
with source as (
    {{ bronze_records('gitlab_members', 'project', '{
        "id": "BIGINT",
        "path_with_namespace": "VARCHAR",
        "default_branch": "VARCHAR",
        "visibility": "VARCHAR",
        "archived": "BOOLEAN",
        "created_at": "VARCHAR",
        "last_activity_at": "VARCHAR"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the project
        cast(parsed.id as varchar) as project_id,
        coalesce(cast(parsed.id as varchar), record_key) as project_key,
        hash(record) as content_hash,
        parsed.path_with_namespace as project,
        parsed.default_branch,
        parsed.visibility,
        parsed.archived as is_archived,
        {{ instant("parsed.created_at") }} as created_at,
        {{ instant("parsed.last_activity_at") }} as last_activity_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'project_key', 'content_hash']) }}
