{{ config(materialized='table') }}

-- The operating systems of the inventory beside the end of their support: one row a thing and day.
-- eol_state: supported, ended, last_day (support ends on that very day: in no stated zone), or
-- unknown: a product or version that the list does not hold is never taken for supported.
--
-- A release counts as it was last listed before or on the day; its first listing speaks for the days
-- before too, since the list dates what it says.
with systems as (
    select
        inventory.*,
        {{ eol_product('os_name') }} as product
    from {{ ref('int_inventory') }} as inventory
    where os_name is not null or os_version is not null
),

versions as (
    select
        *,
        row_number() over each_release = 1 as is_first,
        lead(event_day) over each_release as next_day
    from {{ ref('stg_endoflife__release') }}
    where not is_duplicate and product is not null and cycle is not null
    window each_release as (
        partition by source_id, product, cycle order by event_day, sequence, record_key
    )
),

releases as (
    select
        *,
        if(is_first, date '1900-01-01', event_day) as valid_from,
        coalesce(next_day - 1, date '9999-12-31') as valid_to
    from versions
),

joined as (
    select
        systems.*,
        releases.cycle,
        releases.eol_on,
        releases.is_eol_stated,
        releases.extended_eol_on,
        releases.event_day as listed_day,
        releases.record_key as release_key
    from systems
    left join releases
        on systems.product = releases.product
        and (
            systems.os_version = releases.cycle
            or starts_with(systems.os_version, releases.cycle || '.')
        )
        and systems.day between releases.valid_from and releases.valid_to
    qualify row_number() over (
        partition by systems.source_id, systems.day, systems.record_key
        order by length(releases.cycle) desc nulls last, releases.source_id, releases.record_key
    ) = 1
)

select
    source_id,
    day,
    native_id,
    asset_type,
    name,
    os_name,
    os_version,
    product,
    cycle,
    eol_on,
    extended_eol_on,
    case
        when eol_on > day then 'supported'
        when eol_on = day then 'last_day'
        when eol_on < day then 'ended'
        -- a yes without a date was not always true; a no was
        when is_eol_stated and day >= listed_day then 'ended'
        when not is_eol_stated then 'supported'
        else 'unknown'
    end as eol_state,
    list_filter([record_key, release_key], key -> key is not null) as record_keys
from joined
