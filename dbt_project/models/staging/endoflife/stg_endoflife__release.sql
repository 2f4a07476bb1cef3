-- Releases of products as endoflife.date lists them, in any of its three forms: one row a release and
-- receipt; one that stayed as it was is a duplicate. What ends is a date, or only a yes or no.
with source as (
    {{ requested_records('endoflife', 'release') }}
),

read as (
    select
        *,
        coalesce(record ->> '$.name', record ->> '$.releaseCycle', record ->> '$.cycle') as cycle,
        coalesce(record ->> '$.eolFrom', record ->> '$.eol') as eol_text,
        coalesce(record ->> '$.isEol', record ->> '$.eol') as eol_flag,
        coalesce(record ->> '$.eoesFrom', record ->> '$.eoes') as extended_text
    from source
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the release
        request ->> '$.product' as product,
        cycle,
        hash(record) as content_hash,
        nullif(coalesce(record ->> '$.latest.name', record ->> '$.latest'), '') as latest_version,
        cast({{ bare_day("record ->> '$.releaseDate'") }} as date) as released_on,
        -- when support ends; a yes or no without a date stays one
        cast({{ bare_day('eol_text') }} as date) as eol_on,
        case lower(eol_flag) when 'true' then true when 'false' then false end as is_eol_stated,
        cast({{ bare_day('extended_text') }} as date) as extended_eol_on
    from read
)

{{ dedupe('renamed', ['source_id', 'product', 'cycle', 'content_hash']) }}
