-- Members of Okta's groups as one snapshot shows them: one row a member and stored list. Which
-- groups were asked is what the request says; one answer may belong to several groups. An account
-- in two groups stands in two lists: no row is a repetition of another.
{%- set fields = '{
    "id": "VARCHAR",
    "status": "VARCHAR",
    "profile": {"login": "VARCHAR"}
}' %}
with source as (
    {{ requested_records('okta_policies', 'group_member', fields) }}
    union all
    {{ requested_records('okta_groups', 'group_member', fields) }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        object_sha256,
        {{ asked_for('group_id') }} as group_ids,
        -- the member
        parsed.id as account_id,
        lower(parsed.profile.login) as login,
        parsed.status
    from source
)

select * from renamed
