-- Every unit result of every built control test. A test whose model failed in this build has no
-- rows: its earlier ones are not reused.
{{ config(materialized='view') }}
{%- set found = [] %}
{%- for model in control_test_models() %}
  {%- set relation = ref(model) %}
  {%- if not execute or adapter.get_relation(
    database=relation.database, schema=relation.schema, identifier=relation.identifier
  ) is not none %}
    {%- do found.append(relation) %}
  {%- endif %}
{%- endfor %}

{% for relation in found -%}
select {{ result_columns() | join(', ') }} from {{ relation }}
{% if not loop.last %}union all
{% endif %}
{%- else -%}
select
  null::varchar as test_id, null::varchar as leg_id, null::varchar as unit_key,
  null::json as attributes, null::varchar as entity, null::varchar as "system",
  null::varchar as asset_id, null::timestamp as event_time, null::date as effective_on,
  null::varchar as outcome, null::varchar as reason_code, null::varchar as reason,
  null::varchar as severity, null::varchar as person_id, null::varchar as vendor_id,
  null::varchar as criteria_key, null::boolean as is_in_scope, null::varchar as waiver_id,
  null::json as control_parameters, null::varchar[] as record_keys,
  null::date as hangs_from, null::date as hangs_to,
  null::date as counts_from, null::date as counts_to
where false
{%- endfor %}
