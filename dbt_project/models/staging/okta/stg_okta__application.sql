-- Okta's applications as one snapshot shows them: one row an application and receipt. Okta's own
-- (its dashboard, its admin console) are among them, known by their name.
{%- set fields = '{
    "id": "VARCHAR",
    "name": "VARCHAR",
    "label": "VARCHAR",
    "status": "VARCHAR",
    "signOnMode": "VARCHAR",
    "created": "VARCHAR",
    "lastUpdated": "VARCHAR",
    "_links": {"accessPolicy": {"href": "VARCHAR"}}
}' %}
with source as (
    {{ bronze_records('okta_policies', 'application', fields) }}
    union all
    {{ bronze_records('okta_apps', 'application', fields) }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the application
        parsed.id as application_id,
        coalesce(parsed.id, record_key) as application_key,
        hash(record) as content_hash,
        parsed.name as application_name,
        parsed.label,
        parsed.status,
        parsed."signOnMode" as sign_on_mode,
        nullif(
            regexp_extract(parsed._links."accessPolicy".href, '/policies/([^/?]+)', 1), ''
        ) as access_policy_id,
        {{ instant("parsed.created") }} as created_at,
        {{ instant("parsed.\"lastUpdated\"") }} as last_updated_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'application_key', 'content_hash']) }}
