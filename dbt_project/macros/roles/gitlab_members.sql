{#- GitLab's access levels in the terms of int_roles. Owners and maintainers may change who may do
    what; a membership that is still awaited gives nothing. -#}
{% macro roles__gitlab_members() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day, account_id,
    {{ gitlab_level_name('access_level') }} as role,
    access_level >= 40 as is_privileged,
    via
from (
    select *, unnest(groups) as via from {{ ref('stg_gitlab__group_member') }}
    union all by name
    select *, unnest(projects) as via from {{ ref('stg_gitlab__project_member') }}
) as held
where membership_state is distinct from 'awaiting'
{%- endmacro %}

{#- GitLab's own word for the number of an access level; a number that it has not had so far as it is. -#}
{% macro gitlab_level_name(level) -%}
case {{ level }}
    when 0 then 'NO_ACCESS'
    when 5 then 'MINIMAL_ACCESS'
    when 10 then 'GUEST'
    when 15 then 'PLANNER'
    when 20 then 'REPORTER'
    when 25 then 'SECURITY_MANAGER'
    when 30 then 'DEVELOPER'
    when 40 then 'MAINTAINER'
    when 50 then 'OWNER'
    when 60 then 'ADMIN'
    else cast({{ level }} as varchar)
end
{%- endmacro %}
