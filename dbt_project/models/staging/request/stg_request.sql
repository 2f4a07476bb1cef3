-- What each stored object was asked for: repository, number, account, file.
with source as (
  select records.*, receipts.sequence
  from {{ source('bronze', 'request') }} as records
  inner join {{ source('ops', 'receipts') }} as receipts using (receipt_id)
  where {{ staging_increment() }}
),

renamed as (
  select
    source_id,
    receipt_id,
    sequence,
    record_key,
    received_at,

    record ->> 'object_sha256' as object_sha256,
    record ->> 'shape' as shape,
    try_cast(record ->> 'page' as integer) as page,
    try_cast(record ->> 'status' as integer) as status,
    record ->> 'url' as url,
    record -> 'context' as context
  from source
)

select * from renamed
