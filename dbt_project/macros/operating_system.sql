{#- An operating system that is written in one text ("Ubuntu 22.04.4 LTS"), cut into its name and its
    version: the words before the first number, and that number. NULL where there is no number. -#}
{% macro os_name(text) -%}
  nullif(trim(regexp_extract({{ text }}, '^([^0-9]+?)\s+v?\d', 1)), '')
{%- endmacro %}

{% macro os_version(text) -%}
  nullif(regexp_extract({{ text }}, '^[^0-9]+?\s+v?(\d[\w.]*)', 1), '')
{%- endmacro %}

{#- The product of endoflife.date that an operating system's name means; NULL where none is known.
    Windows' releases are named by edition there, which no inventory states in one number: its
    servers alone are told. -#}
{% macro eol_product(name) -%}
  case
    when lower({{ name }}) like 'ubuntu%' then 'ubuntu'
    when lower({{ name }}) like 'debian%' then 'debian'
    when lower({{ name }}) in ('macos', 'mac os x', 'os x', 'darwin') then 'macos'
    when lower({{ name }}) like 'red hat enterprise linux%' or lower({{ name }}) = 'rhel' then 'rhel'
    when lower({{ name }}) like 'amazon linux%' or lower({{ name }}) = 'amzn' then 'amazon-linux'
    when lower({{ name }}) like '%windows server%' then 'windows-server'
    when lower({{ name }}) like 'alpine%' then 'alpine-linux'
    when lower({{ name }}) like 'rocky%' then 'rocky-linux'
    when lower({{ name }}) like 'almalinux%' then 'almalinux'
  end
{%- endmacro %}
