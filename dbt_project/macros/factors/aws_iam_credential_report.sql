{#- Second factors of IAM users: the report says that one is active, not which and how many. -#}
{% macro factors__aws_iam_credential_report() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    [account_id] as account_ids,
    account_id || '#mfa' as factor_id,
    'mfa_device' as factor_type,
    'AWS' as provider,
    'ACTIVE' as status
from {{ ref('stg_aws__account') }}
where not is_duplicate and is_mfa_active
{%- endmacro %}
