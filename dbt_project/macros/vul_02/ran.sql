{#- Leg ran: at the end of each day the newest successful run is no older than the limit. -#}
{% macro vul_02_ran(units) -%}
with runs as (
    select *, coalesce(started_at, completed_at) as began_at
    from {{ ref('int_scan_runs') }}
    where asset_id is not null
),

-- Which sources can hold runs of a type, and their unbroken spells of open days.
gates as (
    select source_id, unnest(scanner_types) as scanner_type, open_from, open_to
    from {{ ref('int_gates') }}
    where stream = 'findings.scan_run'
),

sources as (
    select scanner_type, count(distinct source_id) as sources from gates group by scanner_type
),

unit_days as (
    select
        units.unit_key,
        units.asset_id,
        units.scanner_type,
        units.max_age,
        cast(unnest(generate_series(units.judged_from, units.judged_to, interval 1 day)) as date)
            as day
    from {{ units }} as units
    where units.max_age is not null and units.scanner_type is not null
),

-- The newest successful run that each day's end looks back on, no older than the limit.
seen_days as (
    select
        unit_days.unit_key,
        unit_days.day,
        any_value(unit_days.scanner_type) as scanner_type,
        any_value(cast(
            cast(unit_days.day + 1 as timestamp) - to_days(unit_days.max_age) as date
        )) as looks_back_to,
        max(runs.completed_at) filter (
            where runs.is_successful and runs.completed_at < unit_days.day + 1
                and runs.completed_at >= unit_days.day + 1 - to_days(unit_days.max_age)
                and list_contains(runs.scan_types, unit_days.scanner_type)
        ) as newest_run,
        arg_max(runs.record_key, (runs.completed_at, runs.record_key)) filter (
            where runs.is_successful and runs.completed_at < unit_days.day + 1
                and runs.completed_at >= unit_days.day + 1 - to_days(unit_days.max_age)
                and list_contains(runs.scan_types, unit_days.scanner_type)
        ) as run_key,
        -- a run of which one of these is not stated may have been such a run
        count(runs.record_key) filter (
            where runs.is_successful is null or runs.completed_at is null or runs.scan_types is null
        ) as unstated_runs,
        min(runs.record_key) filter (
            where runs.is_successful is null or runs.completed_at is null or runs.scan_types is null
        ) as unstated_key
    from unit_days
    left join runs
        on unit_days.asset_id = runs.asset_id
        and runs.event_day between unit_days.day - unit_days.max_age and unit_days.day
        and runs.is_successful is distinct from false
        and coalesce(list_contains(runs.scan_types, unit_days.scanner_type), true)
    group by unit_days.unit_key, unit_days.day
),

-- Days on which every source of the type was collected, all the days back included.
watched_days as (
    select seen_days.unit_key, seen_days.day
    from seen_days
    inner join gates
        on seen_days.scanner_type = gates.scanner_type
        and gates.open_from <= seen_days.looks_back_to
        and gates.open_to >= seen_days.day
    inner join sources on seen_days.scanner_type = sources.scanner_type
    where seen_days.newest_run is null
    group by seen_days.unit_key, seen_days.day
    having count(distinct gates.source_id) = any_value(sources.sources)
),

day_rulings as (
    select
        seen_days.*,
        case
            when seen_days.newest_run is not null then 'scanned'
            when seen_days.unstated_runs > 0 then 'unstated'
            when watched_days.day is not null then 'stale'
            else 'unwatched'
        end as ruling
    from seen_days
    left join watched_days
        on seen_days.unit_key = watched_days.unit_key and seen_days.day = watched_days.day
),

unit_rulings as (
    select
        unit_key,
        count(*) as days,
        count(*) filter (where ruling = 'stale') as stale_days,
        min(day) filter (where ruling = 'stale') as first_stale,
        min(day) filter (where ruling = 'unwatched') as first_unwatched,
        min(looks_back_to) filter (where ruling = 'unwatched') as unwatched_from,
        min(day) filter (where ruling = 'unstated') as first_unstated,
        list_sort(list(distinct cast(newest_run as date)) filter (where newest_run is not null))
            as run_days,
        max(newest_run) as newest_run,
        list_sort(list_distinct(list_concat(
            list(run_key) filter (where run_key is not null),
            list(unstated_key) filter (where ruling = 'unstated')
        ))) as run_keys
    from day_rulings
    group by unit_key
),

ran_ruled as (
    select
        units.*,
        unit_rulings.* exclude (unit_key),
        case
            when units.scanner_type is null then 'no_type'
            when units.max_age is null then 'no_limit'
            when unit_rulings.stale_days > 0 then 'EXCEPTION'
            when units.is_running then 'PENDING'
            when unit_rulings.first_unwatched is not null then 'source_gap'
            when unit_rulings.first_unstated is not null then 'null_field'
            else 'PASS'
        end as ruling
    from {{ units }} as units
    left join unit_rulings using (unit_key)
)

select
    'ran' as leg_id,
    unit_key, attributes, entity,
    cast(null as varchar) as system,
    asset_id,
    cast(interval_start as timestamp) as event_time,
    interval_start as effective_on,
    if(ruling in ('PASS', 'EXCEPTION', 'PENDING'), ruling, 'NOT_TESTED') as proposed,
    case ruling
        when 'EXCEPTION' then 'SCAN_MISSING'
        when 'no_type' then 'null_field' when 'no_limit' then 'null_field'
        when 'source_gap' then 'source_gap' when 'null_field' then 'null_field'
    end as reason_code,
    case ruling
        when 'no_type' then 'assets.asset.scanners: no scanner type is named for it'
        when 'no_limit' then concat('VUL-02 max_age_days: no limit for assets of class ', asset_class)
        when 'EXCEPTION' then concat(
            'No successful ', scanner_type, ' run in the ', max_age, ' days before the end of ',
            first_stale, if(stale_days > 1, concat(' and ', stale_days - 1, ' more day(s)'), '')
        )
        when 'PENDING' then concat('The interval runs until ', interval_end - 1)
        when 'source_gap' then concat(
            'No successful run is known for ', first_unwatched,
            ', and not every day since ', unwatched_from, ' was collected'
        )
        when 'null_field' then concat(
            'findings.scan_run: for ', first_unstated,
            ' only a run that does not state its success, end or type'
        )
        else concat(
            'On each of ', days, ' day(s) a successful run no older than ', max_age,
            ' days; the newest ', strftime(newest_run, '%Y-%m-%d %H:%M:%S')
        )
    end as reason,
    cast(null as varchar) as person_id,
    cast(null as varchar) as vendor_id,
    scanner_type as criteria_key,
    is_in_scope,
    json_object('max_age_days', max_age_days) as parameters,
    list_concat([asset_key], coalesce(run_keys, [])) as record_keys,
    cast(list_append(
        case
            when ruling = 'no_type' then []
            when ruling = 'source_gap' then [{{ need(
                'findings.scan_run', 'unwatched_from', 'first_unwatched',
                scanner_type='scanner_type'
            ) }}]
            when len(run_days) > 0 then list_transform(run_days, run_day -> {{ need(
                'findings.scan_run', 'run_day', 'run_day', scanner_type='scanner_type'
            ) }})
            else [{{ need(
                'findings.scan_run', 'judged_from', 'judged_to', scanner_type='scanner_type'
            ) }}]
        end,
        {{ need('assets.asset', 'judged_from', 'judged_from') }}
    ) as {{ needs_type() }}) as needs,
    interval_start - coalesce(max_age, 1) as hangs_from,
    interval_end - 1 as hangs_to,
    interval_start as counts_from,
    interval_end - 1 as counts_to
from ran_ruled
{%- endmacro %}
