{#- A stated time as an interval: an instant with zone is exact, a bare date is the whole (UTC) day,
    its last microsecond included. Anything else, an instant without zone too, is NULL. -#}
{% macro earliest(text) -%}
  case
    when regexp_full_match({{ text }}, '\d{4}-\d{2}-\d{2}') then try_cast({{ text }} as timestamp)
    -- by way of timestamptz, since a cast to timestamp alone drops the offset; DuckDB wants seconds
    when regexp_full_match({{ text }}, '\d{4}-\d{2}-\d{2}[T ].*(Z|[+-]\d{2}(:?\d{2})?)')
      then try_cast(
        regexp_replace({{ text }}, '([T ]\d{2}:\d{2})(Z|[+-])', '\1:00\2') as timestamptz
      ) at time zone 'UTC'
  end
{%- endmacro %}

{% macro latest(text) -%}
  case
    when regexp_full_match({{ text }}, '\d{4}-\d{2}-\d{2}')
      then try_cast({{ text }} as timestamp) + interval 1 day - interval 1 microsecond
    else {{ earliest(text) }}
  end
{%- endmacro %}

{#- Both ends as one struct {earliest, latest}. -#}
{% macro bounds(text) -%}
  {'earliest': {{ earliest(text) }}, 'latest': {{ latest(text) }}}
{%- endmacro %}

{#- The instant `days` business days after `moment`, at the same time of day; the calendar is
    int_business_days. Counting starts on the next business day. -#}
{% macro add_business_days(moment, days) -%}
  (
    select min(business_day) from (
      select day as business_day, number as business_number from {{ ref('int_business_days') }}
    ) where business_number = (
      select max(number) from {{ ref('int_business_days') }} where day <= cast({{ moment }} as date)
    ) + cast({{ days }} as integer)
  ) + ({{ moment }} - date_trunc('day', {{ moment }}))
{%- endmacro %}
