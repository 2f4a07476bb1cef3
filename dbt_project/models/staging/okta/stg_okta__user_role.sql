-- Administrator roles of Okta's accounts, as one snapshot shows them: one row a role and stored list.
-- The list of an account tells the roles that it has by a group too (assignment type GROUP). Whose
-- it is, is what the request says; identical answers to several requests are one object.
with source as (
    {{ requested_records('okta_groups', 'user_role', '{
        "id": "VARCHAR",
        "type": "VARCHAR",
        "label": "VARCHAR",
        "status": "VARCHAR",
        "assignmentType": "VARCHAR",
        "created": "VARCHAR"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- who holds it
        {{ asked_for('account_id') }} as account_ids,
        -- the role
        parsed.id as role_id,
        parsed.type as role_type,
        parsed.label,
        parsed.status,
        parsed."assignmentType" as assignment_type,
        {{ instant("parsed.created") }} as created_at
    from source
)

select * from renamed
