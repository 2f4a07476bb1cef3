{#- Okta's groups and administrator roles in the terms of int_roles: membership is a role that gives
    no rights in Okta itself; a group's administrator role is each member's. A custom role's own name
    is its label. -#}
{% macro roles__okta_groups() -%}
with groups as (
    select * from {{ ref('stg_okta__group') }} where not is_duplicate
),

members as (
    select distinct
        lists.source_id, lists.receipt_id, lists.sequence, lists.record_key, lists.received_at,
        lists.event_day, lists.account_id, lists.group_id, groups.group_name
    from (
        select *, unnest(group_ids) as group_id from {{ ref('stg_okta__group_member') }}
    ) as lists
    inner join {{ source('ops', 'sources') }} as configured
        on lists.source_id = configured.source_id and configured.kind = 'okta_groups'
    left join groups
        on lists.receipt_id = groups.receipt_id and lists.group_id = groups.group_id
),

by_group as (
    select
        members.source_id, members.receipt_id, members.sequence, roles.record_key,
        members.received_at, members.event_day, members.account_id,
        {{ okta_role_name('roles') }} as role,
        coalesce(members.group_name, members.group_id) as via
    from (
        select *, unnest(group_ids) as group_id from {{ ref('stg_okta__group_role') }}
    ) as roles
    inner join members
        on roles.receipt_id = members.receipt_id and roles.group_id = members.group_id
    where roles.status is distinct from 'INACTIVE'
),

of_accounts as (
    select
        *,
        {{ okta_role_name('roles') }} as role
    from (
        select *, unnest(account_ids) as account_id from {{ ref('stg_okta__user_role') }}
    ) as roles
    where status is distinct from 'INACTIVE'
)

select
    source_id, receipt_id, sequence, record_key, received_at, event_day, account_id,
    'MEMBER' as role,
    false as is_privileged,
    coalesce(group_name, group_id) as via
from members
union all by name
select *, true as is_privileged
from by_group
union all by name
select
    own.source_id, own.receipt_id, own.sequence, own.record_key, own.received_at, own.event_day,
    own.account_id, own.role,
    true as is_privileged,
    if(own.assignment_type = 'GROUP', 'a group that is not named', null) as via
from of_accounts as own
where
    own.assignment_type is distinct from 'GROUP'
    or not exists (
        select 1 from by_group
        where
            own.receipt_id = by_group.receipt_id
            and own.account_id = by_group.account_id
            and own.role = by_group.role
    )
{%- endmacro %}

{% macro okta_role_name(roles) -%}
if({{ roles }}.role_type = 'CUSTOM', coalesce({{ roles }}.label, 'CUSTOM'), {{ roles }}.role_type)
{%- endmacro %}
