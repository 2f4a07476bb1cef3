{#- What each account is in a GitHub organisation, in the terms of int_roles. -#}
{% macro roles__github_members() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day, account_id,
    case list when 'owners' then 'owner' when 'members' then 'member' else 'outside_collaborator' end
        as role,
    list = 'owners' as is_privileged
from (
    select *, unnest(lists) as list
    from {{ ref('stg_github__member') }}
    where not is_duplicate
) as listed
where list in ('owners', 'members', 'outside_collaborators')
{%- endmacro %}
