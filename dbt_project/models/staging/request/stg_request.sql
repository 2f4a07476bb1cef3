-- What each stored object was asked for: repository, number, account, file.
with source as (
  {{ bronze_records('request') }}
),

renamed as (
  select
    {{ provenance() }},

    record ->> 'object_sha256' as object_sha256,
    record ->> 'shape' as shape,
    try_cast(record ->> 'page' as integer) as page,
    try_cast(record ->> 'status' as integer) as status,
    record ->> 'url' as url,
    record -> 'context' as context
  from source
)

select * from renamed
