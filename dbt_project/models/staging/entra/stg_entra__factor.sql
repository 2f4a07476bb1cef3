-- What Entra's report says that each user registered: one row a user and receipt. The report leaves
-- out disabled users; a user that it does not list is not read.
with source as (
    {{ bronze_records('entra_users', 'factor', '{
        "id": "VARCHAR",
        "isMfaRegistered": "BOOLEAN",
        "isMfaCapable": "BOOLEAN",
        "isPasswordlessCapable": "BOOLEAN",
        "methodsRegistered": ["VARCHAR"],
        "lastUpdatedDateTime": "VARCHAR"
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- whose, and what
        parsed.id as account_id,
        coalesce(parsed.id, record_key) as account_key,
        hash(record) as content_hash,
        parsed."isMfaRegistered" as is_mfa_registered,
        parsed."isMfaCapable" as is_mfa_capable,
        parsed."isPasswordlessCapable" as is_passwordless_capable,
        parsed."methodsRegistered" as methods,
        {{ instant("parsed.\"lastUpdatedDateTime\"") }} as reported_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'account_key', 'content_hash']) }}
