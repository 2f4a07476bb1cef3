-- Entra's directory roles, as one snapshot shows them: one row a role and receipt.
with source as (
    {{ bronze_records('entra_users', 'role', '{
        "id": "VARCHAR", "displayName": "VARCHAR", "roleTemplateId": "VARCHAR"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the role
        parsed.id as role_id,
        coalesce(parsed.id, record_key) as role_key,
        hash(record) as content_hash,
        parsed."displayName" as role,
        parsed."roleTemplateId" as role_template_id
    from source
)

{{ dedupe('renamed', ['receipt_id', 'role_key', 'content_hash']) }}
