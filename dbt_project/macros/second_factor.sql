{#- Whether a factor, authenticator or step of a sign-in, by any of the names that a source gives it
    (`question`, `Security Question`, `PASSWORD_AS_FACTOR`), is a second factor. A password and a
    question are things known, like the password before them: never. NULL where no name is given. -#}
{% macro is_second_factor(name) -%}
  not regexp_matches(lower({{ name }}), '(^|[^a-z])(password|question)([^a-z]|$)')
{%- endmacro %}
