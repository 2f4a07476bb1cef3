{#- Accounts that Entra's report of registered methods lists; it leaves out disabled ones. -#}
{% macro factor_lists__entra_users() -%}
select source_id, receipt_id, sequence, record_key, received_at, event_day, account_id
from {{ ref('stg_entra__factor') }}
where not is_duplicate and account_id is not null
{%- endmacro %}
