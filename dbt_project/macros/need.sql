{#- One need of a judged unit: the days of a stream on which its outcome hangs.

    stream: plain string; the other arguments are SQL expressions. `system` and `scanner_type`
    narrow the sources that are asked; null asks every source that feeds the stream. -#}
{% macro need(stream, first_day, last_day, system='null', scanner_type='null') -%}
  {
    'stream': '{{ stream }}',
    'system': cast({{ system }} as varchar),
    'scanner_type': cast({{ scanner_type }} as varchar),
    'first_day': cast({{ first_day }} as date),
    'last_day': cast({{ last_day }} as date)
  }
{%- endmacro %}

{#- A leg or unit that reads nothing but the ledger. -#}
{% macro no_needs() -%}
  cast([] as {{ needs_type() }})
{%- endmacro %}

{% macro needs_type() -%}
  struct(stream varchar, "system" varchar, scanner_type varchar, first_day date, last_day date)[]
{%- endmacro %}
