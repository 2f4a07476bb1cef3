-- Okta's users as one snapshot shows them: one row an account and receipt (int_accounts takes the
-- newest receipt of a day). A user that two of the snapshot's queries answer is a duplicate.
with source as (
    {{ bronze_records('okta_users', 'account') }}
),

parsed as (
    select
        * exclude (record),
        from_json(record, '{
            "id": "VARCHAR",
            "status": "VARCHAR",
            "created": "VARCHAR",
            "activated": "VARCHAR",
            "statusChanged": "VARCHAR",
            "lastLogin": "VARCHAR",
            "profile": {"login": "VARCHAR", "email": "VARCHAR", "userType": "VARCHAR"},
            "credentials": {"provider": {"type": "VARCHAR"}}
        }') as account
    from source
),

renamed as (
    select
        -- where it came from
        source_id,
        receipt_id,
        sequence,
        record_key,
        received_at,
        cast(received_at as date) as event_day,
        -- the account
        account.id as account_id,
        coalesce(account.id, record_key) as account_key,
        lower(account.profile.login) as login,
        lower(account.profile.email) as email,
        account.profile."userType" as user_type,
        account.credentials.provider.type as provider_type,
        -- its state, and the times that it dates itself
        account.status,
        {{ earliest("account.created") }} as created_at,
        {{ earliest("account.activated") }} as activated_at,
        {{ earliest("account.\"statusChanged\"") }} as status_changed_at,
        {{ earliest("account.\"lastLogin\"") }} as last_login_at
    from parsed
),

deduplicated as (
    {{ dedupe('renamed', ['receipt_id', 'account_key']) }}
)

select * from deduplicated
