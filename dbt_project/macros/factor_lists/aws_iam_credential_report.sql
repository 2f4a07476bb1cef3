{#- IAM users of whom the report says whether a second factor is active. -#}
{% macro factor_lists__aws_iam_credential_report() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day, account_id
from {{ ref('stg_aws__account') }}
where not is_duplicate and is_mfa_active is not null
{%- endmacro %}
