-- Who holds Entra's directory roles, as one snapshot shows it: one row a member and answer. For which
-- role or group it was asked is what the requests say; identical answers may belong to several.
with source as (
    {{ requested_records('entra_users', 'role_member') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the member
        record ->> '$.id' as member_id,
        coalesce(record ->> '$.id', record_key) as member_key,
        replace(record ->> '$."@odata.type"', '#microsoft.graph.', '') as member_type,
        -- of which roles, and by way of which group
        coalesce(requests, []) as requests,
        hash(record, requests) as content_hash
    from source
)

{{ dedupe('renamed', ['receipt_id', 'member_key', 'content_hash']) }}
