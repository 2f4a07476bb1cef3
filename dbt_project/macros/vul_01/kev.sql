{#- Leg kev: findings whose CVE is on the list of known exploited vulnerabilities, fixed by the
    list's due day. The catalogue dates its entries itself, so the first one that was read whole on
    or after the day of the fix (for an open finding: on or after the last ended day) tells what was
    on the list until then. Measured: VUL-01's findings with their runs. -#}
{% macro vul_01_kev(measured) -%}
select
    'kev' as leg_id,
    finding_key as unit_key,
    json_object(
        'asset_id', asset_id, 'scanner', scanner, 'rule_id', rule_id, 'location', location
    ) as attributes,
    entity,
    cast(null as varchar) as system,
    asset_id,
    coalesce(kev_due_to, first_seen) as event_time,
    first_day as effective_on,
    case
        when ruling in ('names_none', 'not_listed', 'not_yet_listed') then 'NOT_APPLICABLE'
        when ruling = 'in_time' then 'PASS'
        when ruling in ('late', 'overdue') then 'EXCEPTION'
        when ruling = 'open' then 'PENDING'
        else 'NOT_TESTED'
    end as proposed,
    case ruling
        when 'names_none' then 'not_required'
        when 'not_listed' then 'not_required'
        when 'not_yet_listed' then 'not_required'
        when 'late' then 'FIXED_LATE'
        when 'overdue' then 'OVERDUE'
        when 'unconfirmed' then 'source_gap'
        when 'null_field' then 'null_field'
        when 'bounded' then 'bounded'
    end as reason_code,
    case ruling
        when 'names_none' then 'Names no CVE, so no list of exploited vulnerabilities can hold it'
        when 'not_listed' then concat(cve, ' is not in the catalogue of ', catalogue_on)
        when 'not_yet_listed' then concat(
            cve, ' was added on ', listed_on_stated, ', after ',
            if(fixed_by < as_of_end, 'the run that no longer reports it', 'the last ended day')
        )
        when 'null_field' then case
            when asset_id is null then 'findings.finding.asset_id: the report names no asset'
            when first_seen is null or undated_reports > 0
                then 'findings.scan_run.completed_at: a run that reports it does not say when it ended'
            when due_on_stated is not null then concat('kev.due_on cannot be read: ', due_on_stated)
            when listed_from is null
                then concat('kev.listed_on cannot be read: ', coalesce(listed_on_stated, 'not given'))
            else 'VUL-01 kev_days: no limit was ever given'
        end
        when 'in_time' then concat(
            terms, 'a run of ', strftime(fixed_by, '%Y-%m-%d %H:%M:%S'), ' no longer reports it'
        )
        when 'late' then concat(
            terms, 'still reported on ', strftime(last_seen, '%Y-%m-%d %H:%M:%S')
        )
        when 'overdue' then concat(
            terms, 'still reported by the newest run that did not fail, of ',
            strftime(last_seen, '%Y-%m-%d %H:%M:%S')
        )
        when 'open' then concat(
            terms, 'last reported on ', strftime(last_seen, '%Y-%m-%d %H:%M:%S')
        )
        when 'bounded' then concat(
            terms, 'fixed between ', strftime(last_seen, '%Y-%m-%d %H:%M:%S'), ' and ',
            strftime(fixed_by, '%Y-%m-%d %H:%M:%S'),
            ': in time by one reading, late by the other'
        )
        else concat(
            terms, 'last reported on ', strftime(last_seen, '%Y-%m-%d %H:%M:%S'),
            '; no successful run of ', scanner, ' on the asset since then'
        )
    end as reason,
    cast(null as varchar) as person_id,
    cast(null as varchar) as vendor_id,
    cast(null as varchar) as criteria_key,
    is_in_scope,
    json_object('kev_days', kev_days) as parameters,
    list_distinct(list_filter(
        [first_record_key, last_record_key, fixed_key, kev_key], k -> k is not null
    )) as record_keys,
    cast(list_filter([
        {{ need(
            'findings.finding', 'least(coalesce(cast(run_before as date) + 1, first_day), first_day)',
            'first_day', scanner_type='finding_type'
        ) }},
        if(fixed_by is null or cve is null, null, {{ need(
            'findings.scan_run', 'cast(fixed_by as date)', 'cast(fixed_by as date)',
            scanner_type='finding_type'
        ) }}),
        if(cve is null, null, {{ need(
            'kev', 'if(is_catalogue_current, catalogue_on, asked_on)',
            'if(is_catalogue_current, catalogue_on, asked_on)'
        ) }})
    ], n -> n is not null) as {{ needs_type() }}) as needs,
    -- an entry of any earlier day can come in with a later catalogue
    if(cve is null, cast(coalesce(run_before, timestamp '1900-01-01') as date), date '1900-01-01')
        as hangs_from,
    if(
        fixed_by is null or (cve is not null and not is_catalogue_current),
        date '9999-12-31', greatest(cast(fixed_by as date), if(cve is null, null, catalogue_on))
    ) as hangs_to,
    first_day as counts_from,
    if(
        undated_reports > 0, date '9999-12-31',
        coalesce(cast(fixed_by as date), date '9999-12-31')
    ) as counts_to
from (
    select
        *,
        case
            when cve is null then 'names_none'
            when kev_key is null then 'not_listed'
            when asset_id is null or first_seen is null or undated_reports > 0 then 'null_field'
            when least(fixed_by, as_of_end) < listed_from then 'not_yet_listed'
            when kev_due_to is null then 'null_field'
            when fixed_by <= kev_due_from then 'in_time'
            when last_seen >= newest_run and as_of_end > kev_due_to then 'overdue'
            when last_seen > kev_due_to then 'late'
            when fixed_by is not null then 'bounded'
            when as_of_end <= kev_due_to then 'open'
            else 'unconfirmed'
        end as ruling,
        concat(
            cve, ', added on ', listed_on_stated, ', due ',
            coalesce(due_on_stated, concat('within ', kev_days, ' days')), ', first seen ',
            strftime(first_seen, '%Y-%m-%d'), ': '
        ) as terms
    from ({{ vul_01_kev_dated(measured) }})
)
{%- endmacro %}

{#- Each finding with its entry in the catalogue of `catalogue_on` (NULL: none was read whole; not
    current: only older ones were), and when that is due. Of several lists that hold it, the one that is due first. -#}
{% macro vul_01_kev_dated(measured) -%}
with whole_days as (
    select day
    from (
        select
            source_id,
            cast(unnest(generate_series(open_from, open_to, interval 1 day)) as date) as day
        from {{ ref('int_gates') }}
        where stream = 'kev' and open_from is not null
    )
    group by day
    having count(distinct source_id) = (
        select count(distinct source_id) from {{ ref('int_gates') }} where stream = 'kev'
    )
),

asked as (
    select
        *,
        cast(least(fixed_by, as_of_end - interval 1 microsecond) as date) as asked_on,
        try_cast(
            {{ parameter('VUL-01', 'kev_days', 'measured.asset_id', 'measured.first_day') }} ->> '$'
            as integer
        ) as kev_days
    from {{ measured }} as measured
),

-- an older catalogue cannot say what was added since, but an entry that it holds was seen
dated as (
    select
        asked.*,
        coalesce(later.day, earlier.day) as catalogue_on,
        later.day is not null as is_catalogue_current
    from asked
    asof left join whole_days as later on asked.asked_on <= later.day
    asof left join whole_days as earlier on asked.asked_on >= earlier.day
)

select
    dated.*,
    entries.record_key as kev_key,
    entries.listed_on_stated,
    entries.due_on_stated,
    entries.listed_from,
    if(
        entries.due_on_stated is null, entries.listed_from + to_days(dated.kev_days), entries.due_from
    ) as kev_due_from,
    if(
        entries.due_on_stated is null, entries.listed_to + to_days(dated.kev_days), entries.due_to
    ) as kev_due_to
from dated
left join {{ ref('int_kev') }} as entries
    on upper(dated.cve) = entries.cve
    and dated.catalogue_on between entries.valid_from and entries.valid_to
qualify row_number() over (
    partition by dated.finding_key order by kev_due_to, entries.source_id, entries.record_key
) = 1
{%- endmacro %}
