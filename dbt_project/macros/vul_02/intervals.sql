{#- The population: one row an asset, scanner type that applies to it, and interval of the grid
    (max_age_days days, counted from a Monday; a limit that changes begins a new one). An asset that
    has to be scanned and names no scanner is one row an interval, without type. -#}
{% macro vul_02_intervals() -%}
with run as (
    select as_of, period_start from {{ source('ops', 'run') }}
),

assets as (
    select * from {{ ref('int_assets') }}
),

required_days as (
    select
        assets.asset_id,
        unnest(case
            when len(assets.scanner_types) > 0 then assets.scanner_types
            when assets.type in ('repository', 'image', 'host', 'cloud_account', 'service') then [null]
        end) as scanner_type,
        case assets.type when 'service' then 'service_dast' else assets.type end as asset_class,
        days.day,
        {{ parameter('VUL-02', 'max_age_days', 'assets.asset_id', 'days.day') }} as max_age_days
    from assets
    cross join run
    cross join lateral (
        select cast(unnest(generate_series(run.period_start, run.as_of, interval 1 day)) as date) as day
    ) as days
    where days.day between assets.valid_from and assets.valid_to
),

aged_days as (
    select
        *,
        try_cast(json_extract_string(max_age_days, '$.' || asset_class) as integer) as max_age
    from required_days
),

-- Without a limit there is no grid: each day is an interval of its own.
grid as (
    select
        asset_id,
        scanner_type,
        asset_class,
        max_age,
        max_age_days,
        cast(
            date '1970-01-05'
            + cast(floor((day - date '1970-01-05') / coalesce(max_age, 1)) as integer)
            * coalesce(max_age, 1)
            as date
        ) as interval_start,
        min(day) as judged_from,
        max(day) as judged_to
    from aged_days
    group by asset_id, scanner_type, asset_class, max_age, max_age_days, interval_start
)

select
    concat_ws('|', grid.asset_id, grid.scanner_type, grid.interval_start) as unit_key,
    json_object(
        'asset_id', grid.asset_id, 'scanner_type', grid.scanner_type,
        'interval_start', strftime(grid.interval_start, '%Y-%m-%d')
    ) as attributes,
    grid.*,
    grid.interval_start + coalesce(grid.max_age, 1) as interval_end,
    grid.interval_start + coalesce(grid.max_age, 1) - 1 > run.as_of as is_running,
    assets.entity,
    assets.type,
    assets.native_id,
    assets.is_in_scope,
    assets.record_key as asset_key
from grid
cross join run
inner join assets
    on grid.asset_id = assets.asset_id
    and grid.judged_from between assets.valid_from and assets.valid_to
where {{ is_affected('VUL-02', 'grid.interval_start') }}
{%- endmacro %}
