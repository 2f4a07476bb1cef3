-- Okta's groups as one snapshot shows them: one row a group and receipt. The built-in group of
-- everybody holds every account of the tenant.
{%- set fields = '{
    "id": "VARCHAR",
    "type": "VARCHAR",
    "profile": {"name": "VARCHAR", "description": "VARCHAR"},
    "created": "VARCHAR",
    "lastUpdated": "VARCHAR",
    "lastMembershipUpdated": "VARCHAR"
}' %}
with source as (
    {{ bronze_records('okta_policies', 'group', fields) }}
    union all
    {{ bronze_records('okta_groups', 'group', fields) }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the group
        parsed.id as group_id,
        coalesce(parsed.id, record_key) as group_key,
        hash(record) as content_hash,
        parsed.type as group_type,
        parsed.profile.name as group_name,
        coalesce(parsed.type = 'BUILT_IN' and parsed.profile.name = 'Everyone', false)
            as is_everyone,
        {{ instant("parsed.created") }} as created_at,
        {{ instant("parsed.\"lastUpdated\"") }} as last_updated_at,
        {{ instant("parsed.\"lastMembershipUpdated\"") }} as membership_updated_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'group_key', 'content_hash']) }}
