{#- The ways in which a register may name a target that a scan report names: as it stands, without
    scheme and `.git`, without the host, and an image without digest and tag. Lower case. -#}
{% macro target_names(target) -%}
  list_distinct(list_transform(
    [
      {{ target }},
      regexp_replace({{ target }}, '^[a-z+]+://|\.git/?$|/$', '', 'g'),
      regexp_replace({{ target }}, '^([a-z+]+://|git@)[^/:]+[/:]|\.git/?$|/$', '', 'g'),
      regexp_replace({{ target }}, '@sha256:.*$', ''),
      regexp_replace({{ target }}, '(@sha256:.*|:[^/:]*)$', '')
    ],
    name -> lower(name)
  ))
{%- endmacro %}
