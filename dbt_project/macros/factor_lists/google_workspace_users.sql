{#- Accounts of which Google says whether they have enrolled in 2-step verification. -#}
{% macro factor_lists__google_workspace_users() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    account_id
from {{ ref('stg_google__account') }}
where not is_duplicate and is_enrolled_in_2sv is not null
{%- endmacro %}
