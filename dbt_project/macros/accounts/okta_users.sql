{#- Okta's users in the terms of int_accounts. An account that was never activated is neither enabled
    nor disabled; a status that we do not know is NULL in both. -#}
{% macro accounts__okta_users() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    account_id, account_key, login, email, status,
    case
        when regexp_matches(lower(user_type), 'service|system|machine|bot|integration') then 'service'
        when nullif(user_type, '') is not null then 'human'
    end as stated_kind,
    case
        when status in ('ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY', 'LOCKED_OUT') then true
        when status in ('STAGED', 'PROVISIONED', 'SUSPENDED', 'DEPROVISIONED') then false
    end as is_enabled,
    case
        when status in ('SUSPENDED', 'DEPROVISIONED') then true
        when status in (
            'ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY', 'LOCKED_OUT', 'STAGED', 'PROVISIONED'
        ) then false
    end as is_disabled,
    coalesce(provider_type in ('FEDERATION', 'SOCIAL'), false) as is_federated_only,
    created_at, status_changed_at, last_login_at
from {{ ref('stg_okta__account') }}
where not is_duplicate
{%- endmacro %}
