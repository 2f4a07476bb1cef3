{#- Whether an account of GitHub is known to be a bot's: by its type, or by the ending that GitHub
    gives to the names of applications. -#}
{% macro is_bot(account_type, login) -%}
  coalesce({{ account_type }} = 'Bot' or {{ login }} like '%[bot]', false)
{%- endmacro %}
