{#- Everything that the record's object was asked for under one name, sorted: identical answers to two
    requests (the collaborators of two repositories) are one object. For `requested_records`. -#}
{% macro asked_for(name) -%}
  list_sort(list_distinct(list_filter(
    list_transform(requests, lambda asked: asked ->> '$.{{ name }}'),
    lambda value: value is not null
  )))
{%- endmacro %}
