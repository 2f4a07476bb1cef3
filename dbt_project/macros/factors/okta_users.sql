{#- Okta's enrolled factors in the terms of int_factors. -#}
{% macro factors__okta_users() -%}
select
    source_id, receipt_id, sequence, record_key, received_at, event_day,
    account_ids, factor_id, factor_type, provider, status, created_at
from {{ ref('stg_okta__factor') }}
{%- endmacro %}
