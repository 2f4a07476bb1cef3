{#- What hosts say of their operating systems (osquery's table os_version, whatever the query is
    called) in the terms of int_inventory: the last word of each host and day. -#}
{% macro inventory__osquery_results() -%}
select
    source_id, receipt_id, cast(0 as bigint) as sequence, record_key, received_at, event_day,
    host as native_id,
    'device' as asset_type,
    host as name,
    'osquery' as provider,
    said.name as os_name,
    said.version as os_version,
    event_time as last_seen_at
from (
    select
        *,
        from_json(
            if(json_type(content) = 'ARRAY', content -> '$[0]', content),
            '{"name": "VARCHAR", "version": "VARCHAR", "platform": "VARCHAR", "major": "VARCHAR"}'
        ) as said
    from {{ ref('stg_osquery__result') }}
    where not is_duplicate and action in ('added', 'snapshot') and host is not null
)
where said.name is not null and said.platform is not null and said.major is not null
qualify row_number() over (
    partition by source_id, host, event_day order by event_time desc nulls last, record_key desc
) = 1
{%- endmacro %}
