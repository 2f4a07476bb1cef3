-- Groups that are assigned to Okta's applications, as one snapshot shows it: one row an assignment
-- and stored list. Which application was asked is what the request says.
with source as (
    {{ requested_records('okta_apps', 'application_group', '{
        "id": "VARCHAR",
        "priority": "INTEGER",
        "lastUpdated": "VARCHAR"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- what was assigned, and to whom
        {{ asked_for('application_id') }} as application_ids,
        parsed.id as group_id,
        -- how
        parsed.priority,
        {{ instant("parsed.\"lastUpdated\"") }} as last_updated_at
    from source
)

select * from renamed
