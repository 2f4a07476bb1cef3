-- Accounts that are assigned to Okta's applications, themselves or by a group (scope GROUP), as one
-- snapshot shows it: one row an assignment and stored list. Which application was asked is what the
-- request says.
with source as (
    {{ requested_records('okta_apps', 'application_user', '{
        "id": "VARCHAR",
        "scope": "VARCHAR",
        "status": "VARCHAR",
        "statusChanged": "VARCHAR",
        "created": "VARCHAR",
        "credentials": {"userName": "VARCHAR"}
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- what was assigned, and to whom
        {{ asked_for('application_id') }} as application_ids,
        parsed.id as account_id,
        lower(parsed.credentials."userName") as user_name,
        -- how
        parsed.scope,
        parsed.status,
        {{ instant("parsed.created") }} as created_at,
        {{ instant("parsed.\"statusChanged\"") }} as status_changed_at
    from source
)

select * from renamed
