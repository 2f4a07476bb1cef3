{#- The control test models that exist. muniment.transformation lists the folder and passes the names;
    without them nothing could tell "not built" from "forgotten", so a run refuses. -#}
{% macro control_test_models() -%}
  {%- set names = var('control_tests', none) -%}
  {%- if names is none and execute and flags.WHICH in ('run', 'build') -%}
    {{ exceptions.raise_compiler_error(
      "Build through muniment.transformation: it passes --vars {control_tests: [...]}.") }}
  {%- endif -%}
  {{ return(names or []) }}
{%- endmacro %}

{#- CHG-01 for chg_01. -#}
{% macro test_id_of(model) -%}
  {{ return(model | upper | replace('_', '-')) }}
{%- endmacro %}

{#- A SQL list of the ids of the built tests. -#}
{% macro built_test_ids() -%}
  cast([
  {%- for model in control_test_models() %}'{{ test_id_of(model) }}'{{ ', ' if not loop.last }}{% endfor -%}
  ] as varchar[])
{%- endmacro %}

{% macro result_columns() -%}
  {{ return([
    'test_id', 'leg_id', 'unit_key', 'attributes', 'entity', '"system"', 'asset_id', 'event_time',
    'effective_on', 'outcome', 'reason_code', 'reason', 'severity', 'person_id', 'vendor_id',
    'criteria_key', 'is_in_scope', 'waiver_id', 'control_parameters', 'record_keys',
    'hangs_from', 'hangs_to', 'counts_from', 'counts_to'
  ]) }}
{%- endmacro %}
