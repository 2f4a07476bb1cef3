{#- Entra's users in the terms of int_accounts. Entra does not say whether an account is a person's. A
    guest who was invited signs in at home; whether a member's domain is federated is not stated. -#}
{% macro accounts__entra_users() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    account_id, account_key, login, email, status,
    status = 'ENABLED' as is_enabled,
    status in ('DISABLED', 'DELETED') as is_disabled,
    coalesce(user_type = 'Guest' and creation_type = 'Invitation', false) as is_federated_only,
    created_at,
    deleted_at as status_changed_at,
    last_login_at
from {{ ref('stg_entra__account') }}
where not is_duplicate
{%- endmacro %}
