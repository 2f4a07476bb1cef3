{#- GitLab's members in the terms of int_accounts: one row an account and snapshot, from whichever list
    came first. The robots that GitLab makes for access tokens are known by their names. -#}
{% macro accounts__gitlab_members() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    account_id, account_key, login, email,
    if(
        regexp_full_match(login, '(group|project)_\d+_bot(_.*)?|ghost|support-bot|alert-bot'),
        'service', null
    ) as stated_kind,
    upper(state) as status,
    case
        when state = 'active' then not coalesce(is_locked, false)
        when state in ({{ gitlab_shut_states() }}) then false
    end as is_enabled,
    case
        when state = 'active' then false
        when state in ({{ gitlab_shut_states() }}) then true
    end as is_disabled,
    -- not seen is not known: only owners are shown the link
    if(bool_or(is_sso_managed) over (partition by receipt_id, account_key), true, null)
        as is_sso_managed
from (
    select * from {{ ref('stg_gitlab__group_member') }}
    union all by name
    select * from {{ ref('stg_gitlab__project_member') }}
) as members
qualify row_number() over (partition by receipt_id, account_key order by record_key) = 1
{%- endmacro %}

{% macro gitlab_shut_states() -%}
'blocked', 'banned', 'deactivated', 'ldap_blocked', 'blocked_pending_approval'
{%- endmacro %}
