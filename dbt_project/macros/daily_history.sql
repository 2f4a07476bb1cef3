{#- Daily snapshots as versions: one row for each unbroken run of days on which a key looked the same.
    A day on which it was not seen, or its source not looked at, ends the version: nothing is bridged.

    relation: one row a source_id, key and day, with record_key; keys, columns: names of its columns.
    stream: the ledger stream, or list of them, that says which days a source was looked at in full;
    without it, the days of the relation (a day on which a source held nothing then counts as not
    looked at).

    Gives source_id, keys, columns, valid_from and valid_to (days, inclusive), record_key and
    last_record_key (of the first and the last day), and how the version begins and ends, which
    only two adjacent days that were looked at in full can tell:
    began_by: `appeared` (not there the day before), `changed`, NULL where the day before says nothing;
    ended_by: `vanished` (not there the day after), `changed`, NULL. -#}
{% macro daily_history(relation, keys, columns, stream=none) -%}
with looked_at as (
  {%- if stream %}
  select source_id, day
  from {{ source('ops', 'verdicts') }}
  where stream in ('{{ ([stream] if stream is string else stream) | join("', '") }}')
  group by source_id, day
  having bool_and(verdict in ('COMPLETE', 'EMPTY_CONFIRMED', 'LATE'))
  {%- else %}
  select distinct source_id, day from {{ relation }}
  {%- endif %}
),

observed as (
  select
    source_id, {{ keys | join(', ') }}, {{ columns | join(', ') }},
    day,
    record_key,
    { {%- for column in columns %}'{{ column }}': {{ column }}{{ ', ' if not loop.last }}{% endfor -%} }
      as content
  from {{ relation }}
),

beside as (
  select
    *,
    lag(day) over each_key as day_before,
    coalesce(day_before = day - 1 and lag(content) over each_key = content, false) as is_as_before,
    lead(day) over each_key as day_after,
    coalesce(day_after = day + 1 and lead(content) over each_key = content, false) as is_as_after
  from observed
  window each_key as (partition by source_id, {{ keys | join(', ') }} order by day)
),

versions as (
  select
    * exclude (content, is_as_before, is_as_after, record_key, day, day_after),
    day as valid_from,
    if(is_as_after, lead(day) over each_key, day) as valid_to,
    if(is_as_after, lead(day_after) over each_key, day_after) as day_after,
    record_key,
    if(is_as_after, lead(record_key) over each_key, record_key) as last_record_key,
    is_as_before
  from beside
  where not (is_as_before and is_as_after)
  window each_key as (partition by source_id, {{ keys | join(', ') }} order by day)
)

select
  versions.* exclude (day_before, day_after, is_as_before),
  case
    when first_days.day is null or days_before.day is null then null
    when day_before = valid_from - 1 then 'changed'
    else 'appeared'
  end as began_by,
  case
    when last_days.day is null or days_after.day is null then null
    when day_after = valid_to + 1 then 'changed'
    else 'vanished'
  end as ended_by
from versions
left join looked_at as first_days
  on versions.source_id = first_days.source_id and versions.valid_from = first_days.day
left join looked_at as days_before
  on versions.source_id = days_before.source_id and versions.valid_from - 1 = days_before.day
left join looked_at as last_days
  on versions.source_id = last_days.source_id and versions.valid_to = last_days.day
left join looked_at as days_after
  on versions.source_id = days_after.source_id and versions.valid_to + 1 = days_after.day
where not versions.is_as_before
{%- endmacro %}
