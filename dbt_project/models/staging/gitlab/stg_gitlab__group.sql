-- GitLab's groups as one snapshot shows them: one row a group and receipt; one that is named in the
-- options and listed below another is told twice.
with source as (
    {{ bronze_records('gitlab_members', 'group', '{
        "id": "BIGINT",
        "full_path": "VARCHAR",
        "parent_id": "BIGINT",
        "visibility": "VARCHAR",
        "require_two_factor_authentication": "BOOLEAN",
        "two_factor_grace_period": "INTEGER",
        "membership_lock": "BOOLEAN",
        "created_at": "VARCHAR"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the group
        cast(parsed.id as varchar) as group_id,
        coalesce(cast(parsed.id as varchar), record_key) as group_key,
        hash(record) as content_hash,
        parsed.full_path as group_path,
        cast(parsed.parent_id as varchar) as parent_id,
        parsed.visibility,
        parsed.require_two_factor_authentication as is_second_factor_required,
        parsed.two_factor_grace_period as grace_h,
        parsed.membership_lock as is_membership_locked,
        {{ instant("parsed.created_at") }} as created_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'group_key', 'content_hash']) }}
