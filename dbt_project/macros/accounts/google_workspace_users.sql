{#- Google Workspace's users in the terms of int_accounts. -#}
{% macro accounts__google_workspace_users() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    account_id, account_key, login, login as email, status,
    status = 'ACTIVE' as is_enabled,
    status in ('SUSPENDED', 'ARCHIVED', 'DELETED') as is_disabled,
    is_super_admin or is_delegated_admin as is_admin,
    created_at, deleted_at as status_changed_at, last_login_at
from {{ ref('stg_google__account') }}
where not is_duplicate
{%- endmacro %}
