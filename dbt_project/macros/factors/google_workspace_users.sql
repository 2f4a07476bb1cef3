{#- Google says that somebody has enrolled in 2-step verification, not with which factors: one factor
    of an account that has. -#}
{% macro factors__google_workspace_users() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    [account_id] as account_ids,
    concat(account_id, '/2sv') as factor_id,
    '2-step verification' as factor_type,
    'GOOGLE' as provider,
    'ACTIVE' as status
from {{ ref('stg_google__account') }}
where not is_duplicate and is_enrolled_in_2sv
{%- endmacro %}
