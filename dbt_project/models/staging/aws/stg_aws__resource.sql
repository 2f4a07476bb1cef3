-- AWS Config's items, one row a resource and snapshot of its region. The day is that of the snapshot
-- by its file's name; when AWS last recorded a change of the resource is `captured_at`. AWS's own
-- examples spell some names in another way; both are read.
with source as (
    {{ requested_records('aws_config_inventory', 'item', '{
        "resourceType": "VARCHAR",
        "resourceId": "VARCHAR",
        "resourceName": "VARCHAR",
        "awsAccountId": "VARCHAR",
        "accountId": "VARCHAR",
        "awsRegion": "VARCHAR",
        "availabilityZone": "VARCHAR",
        "configurationItemStatus": "VARCHAR",
        "configurationItemCaptureTime": "VARCHAR",
        "resourceCreationTime": "VARCHAR",
        "tags": "JSON"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(
            cast({{ instant("request ->> '$.taken_at'") }} as date), cast(received_at as date)
        ) as event_day,
        {{ instant("request ->> '$.taken_at'") }} as taken_at,
        hash(record) as content_hash,
        -- the resource
        nullif(parsed."resourceType", '') as resource_type,
        nullif(parsed."resourceId", '') as resource_id,
        nullif(parsed."resourceName", '') as resource_name,
        nullif(coalesce(record ->> '$.ARN', record ->> '$.arn'), '') as arn,
        coalesce(
            nullif(parsed."awsAccountId", ''), nullif(parsed."accountId", ''),
            request ->> '$.account_id'
        ) as account_id,
        coalesce(nullif(parsed."awsRegion", ''), request ->> '$.region') as region,
        nullif(parsed."availabilityZone", '') as availability_zone,
        if(json_type(parsed.tags) = 'OBJECT', parsed.tags, null) as tags,
        -- what became of it
        nullif(parsed."configurationItemStatus", '') as item_status,
        coalesce(item_status in ('ResourceDeleted', 'ResourceDeletedNotRecorded'), false)
            as is_deleted,
        {{ instant('parsed."configurationItemCaptureTime"') }} as captured_at,
        {{ instant('parsed."resourceCreationTime"') }} as created_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'content_hash']) }}
