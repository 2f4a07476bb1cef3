{#- A stated time as an interval. An instant with zone is exact. A bare date is the whole local day of
    a place that nobody states: from its first minute in the easternmost zone (UTC+14) to its last
    microsecond in the westernmost (UTC-12). Anything else, an instant without zone too, is NULL. -#}
{% macro earliest(text) -%}
  coalesce({{ instant(text) }}, {{ bare_day(text) }} - interval 14 hour)
{%- endmacro %}

{% macro latest(text) -%}
  coalesce(
    {{ instant(text) }}, {{ bare_day(text) }} + interval 36 hour - interval 1 microsecond
  )
{%- endmacro %}

{#- An exact time; NULL where a day, or no zone, is stated. -#}
{% macro instant(text) -%}
  case
    -- by way of timestamptz, since a cast to timestamp alone drops the offset; DuckDB wants seconds
    when regexp_full_match({{ text }}, '\d{4}-\d{2}-\d{2}[T ].*(Z|[+-]\d{2}(:?\d{2})?)')
      then try_cast(
        regexp_replace({{ text }}, '([T ]\d{2}:\d{2})(Z|[+-])', '\1:00\2') as timestamptz
      ) at time zone 'UTC'
  end
{%- endmacro %}

{#- The first instant (UTC) of a date that stands alone, else NULL. -#}
{% macro bare_day(text) -%}
  if(regexp_full_match({{ text }}, '\d{4}-\d{2}-\d{2}'), try_cast({{ text }} as timestamp), null)
{%- endmacro %}

{#- An instant that may lack its zone, as an interval: it is local, in a place nobody states. -#}
{% macro earliest_hour(text) -%}
  coalesce({{ instant(text) }}, try_cast({{ text }} as timestamp) - interval 14 hour)
{%- endmacro %}

{% macro latest_hour(text) -%}
  coalesce({{ instant(text) }}, try_cast({{ text }} as timestamp) + interval 12 hour)
{%- endmacro %}

{#- The day that a register states where days are asked for, not instants: a bare date is that day,
    an instant its UTC day. -#}
{% macro stated_day(text) -%}
  cast(coalesce({{ bare_day(text) }}, {{ instant(text) }}) as date)
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
