{#- Accounts of which GitHub said whether they have a second factor. -#}
{% macro factor_lists__github_members() -%}
select
    source_id, receipt_id, sequence, list_key as record_key, received_at, event_day, account_id
from ({{ github_second_factor_lists() }}) as members
where account_id is not null
{%- endmacro %}
