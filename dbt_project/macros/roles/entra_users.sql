{#- Who holds Entra's directory roles, in the terms of int_roles: users and applications; a group's
    members stand in its place. -#}
{% macro roles__entra_users() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    member_id as account_id,
    context ->> '$.role_name' as role,
    {{ entra_is_privileged("context ->> '$.role_template_id'", is_built_in=true) }} as is_privileged,
    context ->> '$.group_id' as via
from (
    select *, unnest(requests) as context
    from {{ ref('stg_entra__role_member') }}
    where not is_duplicate and member_type is distinct from 'group'
) as held
{%- endmacro %}
