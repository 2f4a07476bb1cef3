{#- Whether a unit of this day is judged again in this build; a first build judges every day. -#}
{% macro is_affected(test_id, day_expr) -%}
  {%- if is_incremental() -%}
    {{ day_expr }} in (
      select day from {{ ref('int_affected_days') }} where test_id = '{{ test_id }}'
    )
  {%- else -%}
    true
  {%- endif -%}
{%- endmacro %}

{#- How every control test is kept: the affected days are deleted, then judged again. -#}
{% macro control_test_config(test_id) -%}
  {{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    meta={'test_id': test_id},
    pre_hook="{% if is_incremental() %}delete from {{ this }} where effective_on in ("
      ~ "select day from {{ ref('int_affected_days') }} where test_id = '" ~ test_id ~ "')"
      ~ "{% endif %}"
  ) }}
  {#- known to the graph even where the first build does not ask for it -#}
  {%- if not execute -%}{%- do ref('int_affected_days') -%}{%- endif -%}
{%- endmacro %}

{#- Whether a staged row came with a receipt that no build has seen, and is not a later sighting of
    one that an earlier receipt brought: what is read again touches no day. -#}
{% macro is_new_row(entry) -%}
  (
    receipt_id in (select receipt_id from new_receipts)
    {%- if entry.get('has_duplicates', true) %} and not is_duplicate{% endif %}
  )
{%- endmacro %}
