{#- IAM users in the terms of int_accounts. A user is enabled who has a password or an active key; root
    always is. Who has neither can come in no more, but was not disabled for good. -#}
{% macro accounts__aws_iam_credential_report() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    account_id, account_key,
    if(is_root, 'root', login) as login,
    if(contains(login, '@'), login, null) as email,
    if(can_enter, 'ACTIVE', 'NO_CREDENTIAL') as status,
    can_enter as is_enabled,
    not can_enter as is_disabled,
    if(is_root, true, null) as is_admin,
    false as is_federated_only,
    has_password as has_local_password,
    created_at,
    password_last_used_at as last_login_at
from (
    select
        *,
        is_root
        or has_password is distinct from false
        or list_bool_or(list_transform(keys, k -> coalesce(k.is_active, false))) as can_enter
    from {{ ref('stg_aws__account') }}
    where not is_duplicate
) as users
{%- endmacro %}
