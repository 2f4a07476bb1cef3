{#- Members of GitLab's projects in the terms of int_repository_access: one row a project and account.
    Whether a Developer may merge is the protected branch's setting, and whether a Guest may read
    the project's: both are unknown here. -#}
{% macro repository_access__gitlab_members() -%}
select
    held.source_id, held.receipt_id, held.sequence, held.record_key, held.received_at,
    held.event_day,
    held.project as repository,
    held.account_id, held.login,
    case
        when held.access_level >= 50 then 'admin'
        when held.access_level >= 40 then 'maintain'
        when held.access_level >= 30 then 'write'
        when held.access_level >= 20 then 'read'
        when held.access_level >= 15 then 'triage'
    end as permission,
    held.access_level >= 30 as can_review,
    case when held.access_level >= 40 then true when held.access_level < 30 then false end
        as can_merge,
    held.access_level >= 40 as can_administer
from (
    select *, unnest(projects) as project from {{ ref('stg_gitlab__project_member') }}
) as held
where held.membership_state is distinct from 'awaiting'
qualify row_number() over (
    partition by held.receipt_id, held.project, held.account_key
    order by held.access_level desc nulls last, held.record_key
) = 1
{%- endmacro %}
