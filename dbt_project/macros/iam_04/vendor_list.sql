{#- Leg vendor_list: every vendor that had people here in a month, once the month has ended. -#}
{% macro iam_04_vendor_list() -%}
with run as (
    select as_of, period_start from {{ source('ops', 'run') }}
),

people as (
    select * from {{ ref('int_people') }}
),

months as (
    select
        people.vendor_id,
        any_value(people.entity) as entity,
        month_start,
        cast(month_start + interval 1 month as date) - 1 as effective_on,
        list_sort(list(distinct people.record_key)) as record_keys
    from people
    cross join run
    cross join lateral (
        select cast(unnest(generate_series(
            date_trunc('month', run.period_start), run.as_of, interval 1 month
        )) as date) as month_start
    ) as calendar
    where
        people.vendor_id is not null
        and people.start_earliest < month_start + interval 1 month
        and coalesce(people.end_latest >= month_start, true)
    group by people.vendor_id, month_start
)

select
    'vendor_list' as leg_id,
    concat_ws('|', months.vendor_id, strftime(months.month_start, '%Y-%m')) as unit_key,
    json_object('vendor_id', months.vendor_id, 'month', strftime(months.month_start, '%Y-%m'))
        as attributes,
    months.entity,
    cast(null as varchar) as system,
    cast(null as varchar) as asset_id,
    cast(months.effective_on as timestamp) as event_time,
    months.effective_on,
    'NOT_TESTED' as proposed,
    'not_connected' as reason_code,
    'No source holds the vendor''s own list of leavers' as reason,
    cast(null as varchar) as person_id,
    months.vendor_id,
    cast(null as varchar) as criteria_key,
    true as is_in_scope,
    cast(null as json) as parameters,
    months.record_keys,
    cast([
        {{ need('vendors.deliverable', 'months.month_start', 'months.effective_on') }},
        {{ need('roster', 'months.month_start', 'months.effective_on') }}
    ] as {{ needs_type() }}) as needs,
    months.month_start as hangs_from,
    date '9999-12-31' as hangs_to,
    months.month_start as counts_from,
    months.effective_on as counts_to
from months
cross join run
where
    months.effective_on <= run.as_of
    and {{ is_affected('IAM-04', 'months.effective_on') }}
{%- endmacro %}
