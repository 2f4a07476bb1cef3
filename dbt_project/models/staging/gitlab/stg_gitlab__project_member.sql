-- Members of GitLab projects, inherited and invited ones among them, as one snapshot shows them: one row
-- a member and stored list. Whose list it was is what the requests say; an account is in many lists.
with source as (
    {{ requested_records('gitlab_members', 'project_member', gitlab_member_fields()) }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- whose list it was
        {{ asked_for('project_id') }} as project_ids,
        {{ asked_for('project') }} as projects,
        {{ gitlab_member() }}
    from source
)

select * from renamed
