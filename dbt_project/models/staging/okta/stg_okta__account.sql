-- Okta's users as one snapshot shows them: one row an account and receipt (int_accounts takes the
-- newest receipt of a day). A user that two of the snapshot's queries answer alike is a duplicate.
with source as (
    {{ bronze_records('okta_users', 'account', '{
        "id": "VARCHAR",
        "status": "VARCHAR",
        "created": "VARCHAR",
        "activated": "VARCHAR",
        "statusChanged": "VARCHAR",
        "lastLogin": "VARCHAR",
        "profile": {"login": "VARCHAR", "email": "VARCHAR", "userType": "VARCHAR"},
        "credentials": {"provider": {"type": "VARCHAR"}}
    }') }}
),

renamed as (
    select
        -- where it came from
        {{ provenance() }},
        cast(received_at as date) as event_day,
        -- the account
        parsed.id as account_id,
        coalesce(parsed.id, record_key) as account_key,
        hash(record) as content_hash,
        lower(parsed.profile.login) as login,
        lower(parsed.profile.email) as email,
        parsed.profile."userType" as user_type,
        parsed.credentials.provider.type as provider_type,
        -- its state, and the times that it dates itself
        parsed.status,
        {{ instant("parsed.created") }} as created_at,
        {{ instant("parsed.activated") }} as activated_at,
        {{ instant("parsed.\"statusChanged\"") }} as status_changed_at,
        {{ instant("parsed.\"lastLogin\"") }} as last_login_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'account_key', 'content_hash']) }}
