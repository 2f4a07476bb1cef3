{#- The value (JSON; NULL where none was ever given) that a parameter of a control test has for an
    asset on a day: the library's default, overridden by a stated control in force on that day; of
    several the one with the narrowest scope wins. `->> '$'` gives its text.

    asset_expr, day_expr: SQL over the surrounding query; asset_expr may be null.
    leg_id: where given, an override stated for another leg alone is left aside. -#}
{% macro parameter(test_id, name, asset_expr, day_expr, leg_id=none) -%}
  (
    select arg_max(parameter_value, parameter_precedence)
    from (
      select
        value as parameter_value,
        precedence as parameter_precedence,
        asset_id as parameter_asset,
        in_force_from as parameter_from,
        in_force_to as parameter_to
      from {{ ref('int_test_parameters') }}
      where test_id = '{{ test_id }}' and name = '{{ name }}'
      {%- if leg_id %} and coalesce(leg_id, '{{ leg_id }}') = '{{ leg_id }}'{% endif %}
    )
    where
      (parameter_asset is null or parameter_asset = {{ asset_expr }})
      and {{ day_expr }} between parameter_from and parameter_to
  )
{%- endmacro %}
