{#- Members and outside collaborators of a GitHub organisation in the terms of int_accounts: whoever is
    listed can get in, whoever is gone cannot. GitHub calls people and machine users alike. -#}
{% macro accounts__github_members() -%}
select
    source_id, receipt_id, sequence, min(record_key) as record_key, received_at, event_day,
    account_id, account_key, login,
    if(any_value(account_type) = 'Bot', 'service', null) as stated_kind,
    if(bool_or(list_contains(lists, 'members')), 'MEMBER', 'OUTSIDE_COLLABORATOR') as status,
    true as is_enabled,
    false as is_disabled,
    bool_or(list_contains(lists, 'owners')) as is_admin,
    false as is_federated_only
from {{ ref('stg_github__member') }}
where not is_duplicate
group by
    source_id, receipt_id, sequence, received_at, event_day, account_id, account_key, login
having bool_or(list_has_any(lists, ['members', 'outside_collaborators']))
{%- endmacro %}
