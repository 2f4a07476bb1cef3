-- Rules of Okta's policies as one snapshot shows them: one row a rule and receipt. Whose rules a
-- list was is what the request says.
with source as (
    {{ requested_records('okta_policies', 'policy_rule', '{
        "id": "VARCHAR",
        "type": "VARCHAR",
        "name": "VARCHAR",
        "priority": "INTEGER",
        "status": "VARCHAR",
        "system": "BOOLEAN",
        "conditions": "JSON",
        "actions": "JSON",
        "created": "VARCHAR",
        "lastUpdated": "VARCHAR"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the rule
        request ->> '$.policy_id' as policy_id,
        parsed.id as rule_id,
        coalesce(parsed.id, record_key) as rule_key,
        hash(record) as content_hash,
        parsed.type as rule_type,
        parsed.name as rule_name,
        parsed.priority,
        parsed.status,
        parsed.system as is_system,
        parsed.conditions,
        parsed.actions,
        {{ instant("parsed.created") }} as created_at,
        {{ instant("parsed.\"lastUpdated\"") }} as last_updated_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'policy_id', 'rule_key', 'content_hash']) }}
