{#- One row a person: the vendor of the newest spell. -#}
{% macro vendor_of_person() -%}
  select person_id, arg_max(vendor_id, start_latest) as vendor_id
  from {{ ref('int_people') }}
  group by person_id
{%- endmacro %}
