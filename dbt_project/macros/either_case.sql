{#- A field of a record whose name some writers spell in lower case. -#}
{% macro either_case(name) -%}
  coalesce(record ->> '$.{{ name }}', record ->> '$.{{ name | lower }}')
{%- endmacro %}
