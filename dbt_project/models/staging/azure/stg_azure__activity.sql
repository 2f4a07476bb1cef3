-- Azure's activity log, one row an entry: one operation has several (started, accepted, succeeded)
-- under one correlation id. Texts come with a localised twin; the untranslated one is read.
with source as (
    {{ bronze_records('azure_activity', 'activity', '{
        "eventDataId": "VARCHAR",
        "caller": "VARCHAR",
        "category": {"value": "VARCHAR"},
        "operationName": {"value": "VARCHAR"},
        "status": {"value": "VARCHAR"},
        "subStatus": {"value": "VARCHAR"},
        "level": "VARCHAR",
        "resourceId": "VARCHAR",
        "resourceType": {"value": "VARCHAR"},
        "resourceGroupName": "VARCHAR",
        "subscriptionId": "VARCHAR",
        "correlationId": "VARCHAR",
        "operationId": "VARCHAR",
        "submissionTimestamp": "VARCHAR",
        "authorization": {"action": "VARCHAR", "role": "VARCHAR", "scope": "VARCHAR"},
        "httpRequest": {
            "clientIpAddress": "VARCHAR", "method": "VARCHAR", "clientRequestId": "VARCHAR"
        },
        "properties": {"requestbody": "VARCHAR", "responseBody": "VARCHAR"}
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        -- what happened
        parsed."eventDataId" as event_id,
        hash(record) as content_hash,
        -- an entry that does not say which or when it was cannot be known for a repetition
        if(
            parsed."eventDataId" is null or event_time is null, record_key, parsed."eventDataId"
        ) as event_key,
        parsed."operationName".value as operation,
        parsed.category.value as category,
        parsed.status.value as status,
        nullif(parsed."subStatus".value, '') as sub_status,
        parsed.level,
        parsed."correlationId" as correlation_id,
        parsed."operationId" as operation_id,
        {{ instant("parsed.\"submissionTimestamp\"") }} as submitted_at,
        -- who did it
        nullif(parsed.caller, '') as caller,
        coalesce(
            nullif(
                record ->> '$.claims."http://schemas.microsoft.com/identity/claims/objectidentifier"', ''
            ),
            nullif(parsed.caller, '')
        ) as actor_id,
        record ->> '$.claims.idtyp' as token_type,
        parsed.authorization.role as acting_role,
        nullif(parsed."httpRequest"."clientIpAddress", '') as client_ip,
        -- to what
        parsed."resourceId" as resource_id,
        parsed."resourceType".value as resource_type,
        parsed."resourceGroupName" as resource_group,
        parsed."subscriptionId" as subscription_id,
        parsed.authorization.scope as scope,
        -- what it became, where the provider says it
        nullif(parsed.properties.requestbody, '') as request_body,
        nullif(parsed.properties."responseBody", '') as response_body
    from source
)

-- Two different entries under one id are not duplicates of each other, nor is one that the source
-- tells again in another way.
{{ dedupe('renamed', ['source_id', 'event_key', 'operation', 'status', 'event_time', 'content_hash']) }}
