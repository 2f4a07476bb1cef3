-- Administrator roles that Okta's groups hold and give to their members, as one snapshot shows them:
-- one row a role and stored list. Which groups were asked is what the request says; identical
-- answers to several requests are one object.
with source as (
    {{ requested_records('okta_groups', 'group_role', '{
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
        {{ asked_for('group_id') }} as group_ids,
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
