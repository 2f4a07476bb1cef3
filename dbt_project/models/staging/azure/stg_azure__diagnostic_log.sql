-- Entries of the logs that Azure's diagnostic settings export, one row an entry, whatever log it is
-- of. Providers spell the names of the fields in camel case or in lower case.
with source as (
    {{ bronze_records('azure_diagnostic_logs', 'entry') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        coalesce(cast(event_time as date), cast(received_at as date)) as event_day,
        event_time,
        -- which entry
        record ->> '$.properties.id' as event_id,
        hash(record) as content_hash,
        coalesce(record ->> '$.properties.id', record_key) as event_key,
        -- what happened
        {{ either_case('category') }} as category,
        {{ either_case('operationName') }} as operation,
        {{ either_case('resultType') }} as result_type,
        {{ either_case('resultSignature') }} as result_signature,
        {{ either_case('resultDescription') }} as result_description,
        coalesce({{ either_case('level') }}, record ->> '$.Level') as level,
        {{ either_case('correlationId') }} as correlation_id,
        -- who, where from
        record -> '$.identity' as identity,
        nullif({{ either_case('callerIpAddress') }}, '') as client_ip,
        -- to what
        {{ either_case('tenantId') }} as tenant_id,
        {{ either_case('resourceId') }} as resource_id,
        {{ either_case('location') }} as location,
        -- the rest, as the log has it: of sign-ins and audits, what Graph shows
        record -> '$.properties' as properties
    from source
)

-- What an entry was told twice is known by its contents alone: most have no id.
{{ dedupe('renamed', ['source_id', 'event_time', 'content_hash']) }}
