-- Okta's policies as one snapshot shows them: one row a policy and receipt. Their rules say what
-- they ask for (stg_okta__policy_rule).
with source as (
    {{ bronze_records('okta_policies', 'policy', '{
        "id": "VARCHAR",
        "type": "VARCHAR",
        "name": "VARCHAR",
        "priority": "INTEGER",
        "status": "VARCHAR",
        "system": "BOOLEAN",
        "conditions": "JSON",
        "created": "VARCHAR",
        "lastUpdated": "VARCHAR"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the policy
        parsed.id as policy_id,
        coalesce(parsed.id, record_key) as policy_key,
        hash(record) as content_hash,
        parsed.type as policy_type,
        parsed.name as policy_name,
        parsed.priority,
        parsed.status,
        parsed.system as is_system,
        parsed.conditions,
        {{ instant("parsed.created") }} as created_at,
        {{ instant("parsed.\"lastUpdated\"") }} as last_updated_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'policy_key', 'content_hash']) }}
