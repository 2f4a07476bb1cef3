{#- The population: one row an employment spell that has ended and in-scope system, with the limit
    by which access has to end, read both ways where the end is known only to a day. -#}
{% macro iam_04_leavers() -%}
with run as (
    select as_of, period_start from {{ source('ops', 'run') }}
),

people as (
    select * from {{ ref('int_people') }}
),

assets as (
    select * from {{ ref('int_assets') }}
),

-- One row an employment spell that has ended, on the day that is stated; an end that cannot be read
-- counts for the day on which we first received it.
spells as (
    select
        *,
        coalesce(cast({{ bare_day('end_stated') }} as date), cast(end_latest as date), first_received_on)
            as effective_on,
        lead(start_earliest) over (partition by person_id order by start_earliest) as returns_at,
        lead(start_latest) over (partition by person_id order by start_earliest) as returns_by
    from people
),

ended as (
    select
        spells.*,
        {{ parameter('IAM-04', 'bare_end_reads_as', 'null', 'spells.effective_on') }} ->> '$'
            as bare_end_reads_as
    from spells
    cross join run
    where
        spells.end_stated is not null
        and spells.effective_on between run.period_start and run.as_of
        and {{ is_affected('IAM-04', 'spells.effective_on') }}
),

-- A policy's hour is local too, where it names no zone.
dated as (
    select
        *,
        end_earliest < end_latest and bare_end_reads_as <> 'interval' as is_read_by_hour,
        concat(end_stated, 'T', bare_end_reads_as) as end_read,
        case
            when not is_read_by_hour then end_earliest
            else {{ earliest_hour('end_read') }}
        end as left_from,
        case
            when not is_read_by_hour then end_latest
            else {{ latest_hour('end_read') }}
        end as left_to
    from ended
),

-- Every in-scope system: registered, named in anybody's logins, or with collected accounts.
named_systems as (
    select distinct split_part(unnest(logins), ':', 1) as system from people
),

systems as (
    select asset_id as system from assets where type = 'system'
    union
    select system from named_systems where system <> ''
    union
    select source_systems.system
    from {{ ref('int_source_systems') }} as source_systems
    inner join {{ source('ops', 'source_streams') }} as streams using (source_id)
    where streams.stream = 'identities.account'
),

units as (
    select
        concat_ws('|', dated.person_id, systems.system, dated.spell_start) as unit_key,
        json_object(
            'person_id', dated.person_id, 'system', systems.system,
            'spell_start', dated.spell_start
        ) as attributes,
        dated.*,
        systems.system,
        assets.is_in_scope,
        case
            when dated.vendor_id is not null
                then {{ parameter(
                    'IAM-04', 'vendor_leaver_limit', 'systems.system', 'dated.effective_on'
                ) }}
            else {{ parameter('IAM-04', 'leaver_limit', 'systems.system', 'dated.effective_on') }}
        end as leaver_limit
    from dated
    cross join systems
    left join assets
        on systems.system = assets.asset_id
        and dated.effective_on between assets.valid_from and assets.valid_to
),

units_read as (
    select
        *,
        try_cast(leaver_limit ->> '$.hours' as double) as limit_hours,
        try_cast(leaver_limit ->> '$.business_days' as integer) as limit_business_days
    from units
),

limited as (
    select
        units.*,
        work_email is null
        and coalesce(trim(name), '') = ''
        and len(list_filter(logins, lambda login: starts_with(login, concat(system, ':')))) = 0
            as is_unknowable,
        case
            when limit_hours is not null then left_from + to_seconds(limit_hours * 3600)
            when limit_business_days is not null
                then {{ add_business_days('left_from', 'limit_business_days') }}
        end as limit_from,
        case
            when limit_hours is not null then left_to + to_seconds(limit_hours * 3600)
            when limit_business_days is not null
                then {{ add_business_days('left_to', 'limit_business_days') }}
        end as limit_to
    from units_read as units
)

select
    *,
    -- from the end until the limit, so that what is pending where one period ends is judged in the
    -- next; an end that cannot be read may lie on any day
    if(end_latest is null, coalesce(cast(start_earliest as date), effective_on), effective_on)
        as counts_from,
    if(end_latest is null, date '9999-12-31', greatest(effective_on, cast(limit_to as date)))
        as counts_to
from limited
{%- endmacro %}
