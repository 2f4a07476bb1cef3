-- Second factors as one snapshot shows them. Which accounts were asked is what the request says;
-- one answer may belong to several accounts. A list that was read and is empty has no row here:
-- int_factor_lists tells it from one that was not read.
with source as (
    {{ bronze_records('okta_users', 'factor') }}
),

asked as (
    select
        receipt_id,
        object_sha256,
        list_sort(list_distinct(list(context ->> '$.account_id'))) as account_ids
    from {{ ref('stg_request') }}
    where shape = 'factors'
    group by receipt_id, object_sha256
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        object_sha256,
        coalesce(asked.account_ids, []) as account_ids,
        -- the factor
        record ->> '$.id' as factor_id,
        record ->> '$.factorType' as factor_type,
        record ->> '$.provider' as provider,
        record ->> '$.status' as status,
        {{ instant("record ->> '$.created'") }} as created_at
    from source
    left join asked using (receipt_id, object_sha256)
)

select * from renamed
