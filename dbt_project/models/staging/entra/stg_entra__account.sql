-- Entra's users, deleted ones too, as one snapshot shows them: one row an account and receipt
-- (int_accounts takes the newest receipt of a day). Deleting puts the account's id, without its
-- hyphens, before its login.
with source as (
    {{ bronze_records('entra_users', 'account', '{
        "id": "VARCHAR",
        "userPrincipalName": "VARCHAR",
        "mail": "VARCHAR",
        "accountEnabled": "BOOLEAN",
        "userType": "VARCHAR",
        "creationType": "VARCHAR",
        "externalUserState": "VARCHAR",
        "onPremisesSyncEnabled": "BOOLEAN",
        "createdDateTime": "VARCHAR",
        "deletedDateTime": "VARCHAR",
        "signInActivity": {"lastSignInDateTime": "VARCHAR"}
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
        lower(regexp_replace(
            parsed."userPrincipalName", concat('^', replace(coalesce(parsed.id, ''), '-', '')), ''
        )) as login,
        lower(nullif(parsed.mail, '')) as email,
        parsed."userType" as user_type,
        parsed."creationType" as creation_type,
        parsed."externalUserState" as invitation_state,
        parsed."onPremisesSyncEnabled" as is_synchronised,
        -- its state, and the times that it dates itself
        case
            when parsed."deletedDateTime" is not null then 'DELETED'
            when parsed."accountEnabled" then 'ENABLED'
            when not parsed."accountEnabled" then 'DISABLED'
        end as status,
        {{ instant("parsed.\"createdDateTime\"") }} as created_at,
        {{ instant("parsed.\"deletedDateTime\"") }} as deleted_at,
        -- never signed in is told as the year 1
        nullif(
            {{ instant("parsed.\"signInActivity\".\"lastSignInDateTime\"") }},
            timestamp '0001-01-01 00:00:00'
        ) as last_login_at
    from source
)

{{ dedupe('renamed', ['receipt_id', 'account_key', 'content_hash']) }}
